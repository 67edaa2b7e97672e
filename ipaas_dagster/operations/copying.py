"""An operations store moved to another one, SQLite to PostgreSQL or back: all rows, compared before they are kept.

Everything is read in one transaction of the source (SQLite lets nobody write there meanwhile), and written in one of
the target: it holds all of it, verified, or nothing. PostgreSQL's texts cannot hold a NUL character, which a system's
answer may have put into a reason; there it becomes U+FFFD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, Table, func, insert, select, text

from ipaas_dagster.errors import Stopped, UsageError
from ipaas_dagster.operations.store import Operations
from ipaas_dagster.operations.tables import leases, metadata, schema_version

CHUNK = 2_000
NOT_COPIED = (schema_version, leases)
"""Each store has its own."""

_encode = msgspec.json.Encoder(order="sorted").encode


def copy_store(source: Operations, target: Operations) -> dict[str, int]:
    """Rows by table. Raises UsageError where the target is the source or holds anything, Stopped where what arrived
    differs from what was read; then the target is left as it was."""
    if target.url == source.url:
        raise UsageError("that is the operations store itself; name another one")
    tables = [table for table in metadata.sorted_tables if table not in NOT_COPIED]
    snapshot = source.read if source.shared else source.write
    with snapshot() as reading, target.write() as writing:
        _require_empty(target, writing, tables)
        for table in tables:
            _copy(reading, writing, table)
        counts = {}
        for table in tables:
            counts[table.name] = _compare(reading, writing, table)
    return counts


def _require_empty(target: Operations, connection: Connection, tables: list[Table]) -> None:
    used = [table.name for table in tables if connection.execute(select(table).limit(1)).first() is not None]
    if used:
        raise UsageError(
            f"the operations store {target.shown} is in use (rows in {', '.join(used)}); "
            "name an empty database or schema, so that nothing is mixed"
        )


def _copy(source: Connection, target: Connection, table: Table) -> None:
    for rows in _rows(source, table):
        target.execute(insert(table), [{name: _storable(value) for name, value in row.items()} for row in rows])
    numbered = table.autoincrement_column
    if target.dialect.name == "postgresql" and numbered is not None:
        count_on = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
        last = target.scalar(select(func.max(numbered)))
        if last is not None:
            target.execute(count_on, {"table": table.name, "column": numbered.name, "last": last})


def _compare(source: Connection, target: Connection, table: Table) -> int:
    """The number of rows on both sides, whose content is the same."""
    read, arrived = _content(source, table), _content(target, table)
    if read != arrived:
        raise Stopped(
            f"{table.name}: {arrived[0]:,} rows arrived of {read[0]:,}, or with another content; nothing was kept. "
            "This should not happen; keep using the old store, and report it"
        )
    return read[0]


def _content(connection: Connection, table: Table) -> tuple[int, int]:
    """Number and digest of the rows, whatever order the store gives them in."""
    count, total = 0, 0
    for rows in _rows(connection, table):
        for row in rows:
            digest = sha256(_encode([_plain(row[column.name]) for column in table.columns])).digest()
            count, total = count + 1, (total + int.from_bytes(digest[:16], "big")) % (1 << 128)
    return count, total


def _rows(connection: Connection, table: Table) -> Iterator[Sequence[Mapping[str, Any]]]:
    found = connection.execute(select(table), execution_options={"yield_per": CHUNK})
    yield from cast("Iterator[Sequence[Mapping[str, Any]]]", found.mappings().partitions(CHUNK))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else _storable(value)


def _storable(value: Any) -> Any:
    return value.replace("\x00", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
