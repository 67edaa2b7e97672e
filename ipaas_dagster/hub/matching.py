"""Rows that have a match in another table, or have none: conditions that every store runs as a join of its own."""

from __future__ import annotations


def some(table: str, row: str, *columns: str) -> str:
    """SQL: a row of `table` agrees with `row` in these columns; by `line` unless told otherwise."""
    equal = " AND ".join(f"m.{column} = {row}.{column}" for column in columns or ("line",))
    return f"EXISTS (SELECT 1 FROM {table} m WHERE {equal})"


def no(table: str, row: str, *columns: str) -> str:
    """SQL: no row of `table` agrees with `row` in these columns; by `line` unless told otherwise."""
    return f"NOT {some(table, row, *columns)}"
