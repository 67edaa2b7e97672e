"""A row written by its primary key in one statement, so that two processes that write it at once both succeed.

SQLite lets one write at a time; on PostgreSQL "look, then insert" would let both look first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def put(connection: Connection, table: Table, **row: Any) -> None:
    """Insert the row, or change the other columns of the one that has its key."""
    key = [column.name for column in table.primary_key]
    statement = _insert(connection, table).values(row)
    changed = {name: statement.excluded[name] for name in row if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


def put_new(connection: Connection, table: Table, **row: Any) -> None:
    """Insert the row; one that has its key stays as it is."""
    connection.execute(_insert(connection, table).values(row).on_conflict_do_nothing())


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
