"""A table's print: equal for the same rows in any order, in any store; computed where the rows are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ipaas_dagster.hub.store import HubConnection


class Print(NamedTuple):
    """How many rows, and two sums over the first and the second half of each row's digest."""

    rows: int
    digest: str


def print_of(connection: HubConnection, table: str, columns: Mapping[str, str]) -> Print:
    """`columns`: of which type they are. Texts count exactly, JSON by its text, times by the microsecond, doubles by
    their bits; null, empty and the borders between values are told apart."""
    sql = connection.sql
    texts = [_text(connection, f't."{name}"', kind) for name, kind in columns.items()]
    row = " || ".join(f"coalesce(length({text}) || ':' || {text}, '-')" for text in texts)
    halves = (sql.number("substr(digest, 1, 15)"), sql.number("substr(digest, 17, 15)"))
    sums = ", ".join(f"coalesce(sum({half}), 0)::VARCHAR" for half in halves)
    query = f"SELECT count(*), {sums} FROM (SELECT md5({row}) AS digest FROM {table} t) d"
    ((rows, first, second),) = connection.execute(query).fetchall()
    return Print(int(rows), f"{first}.{second}")


def _text(connection: HubConnection, column: str, kind: str) -> str:
    known = kind.upper()
    if known.startswith("TIMESTAMP"):
        return f"{connection.sql.micros(column)}::VARCHAR"
    if known.startswith("DOUBLE"):
        return connection.sql.bits(column)
    return f"{column}::VARCHAR"
