"""Staged tables on their way from the private database into temporary tables of another store's connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipaas_dagster import contracts
from ipaas_dagster.hub.database import FileConnection
from ipaas_dagster.hub.dialect import STAGED_RECORD, DuckDB
from ipaas_dagster.hub.scratch import spill_of
from ipaas_dagster.hub.store import HubConnection

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FREE_TEXT = ("staged_rejects", "staged_warnings")
"""Here text may quote what a record holds, U+0000 too, which no text of PostgreSQL can: it is written as JSON does."""


def send_staged(scratch: DuckDBPyConnection, connection: HubConnection) -> None:
    """Make every table `staged_...` of `scratch` in `connection`, through a file: memory is that of its buffers.

    Lists go as JSON, and rows of versioned collections with their record JSON.
    """
    folder, reader = spill_of(scratch), FileConnection(scratch)
    for table, columns in _staged(scratch).items():
        values = {name: _value(table, name, kind) for name, kind in columns.items()}
        kinds = {name: "JSON" if kind.endswith("[]") else kind for name, kind in columns.items()}
        collection = _versioned(table)
        if collection is not None:
            values[STAGED_RECORD], kinds[STAGED_RECORD] = DuckDB().staged_record(collection), "JSON"
        declared = ", ".join(
            f'"{name}" {kind.replace("DOUBLE", "FLOAT8").replace("VARCHAR", connection.sql.text)}'
            for name, kind in kinds.items()
        )
        file = folder / f"{table}.csv"
        reader.unload(f"SELECT {', '.join(values.values())} FROM {table} s", file)
        connection.execute(f"CREATE TEMP TABLE {table} ({declared})")
        connection.load(table, list(kinds.items()), file)
        file.unlink()


def _staged(scratch: DuckDBPyConnection) -> dict[str, dict[str, str]]:
    rows = scratch.execute("""
        SELECT table_name, column_name, data_type FROM duckdb_columns()
        WHERE database_name = 'memory' AND starts_with(table_name, 'staged_') ORDER BY table_name, column_index""")
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows.fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _value(table: str, name: str, kind: str) -> str:
    column = f's."{name}"'
    if kind.endswith("[]"):
        return f"to_json({column})"
    return f"replace({column}, chr(0), '\\u0000')" if table in _FREE_TEXT and kind == "VARCHAR" else column


def _versioned(table: str) -> contracts.Collection | None:
    names = {f"staged_{collection.name}": collection for collection in contracts.COLLECTIONS}
    found = names.get(table)
    return found if found is not None and found.versioned else None
