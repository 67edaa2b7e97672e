"""A copy of the operations store that a rehearsal may write to; the original is only read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Select, insert, select

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import batch_notes, links, marks, outbox, payloads, positions
from ipaas_dagster.outbox.entry import OPEN, State

_CHUNK = 5_000


def copy_of(store: Operations, system: str, folder: Path) -> Operations:
    """The store as it is now in a file of its own below `folder`; of another database what the system's delivery
    reads."""
    path = folder / "operations.db"
    if store.url.get_backend_name() == "sqlite":
        _copy_file(store, path)
        return Operations(f"sqlite:///{path}")
    copy = Operations(f"sqlite:///{path}")
    _copy_rows(store, copy, system)
    return copy


def _copy_file(store: Operations, path: Path) -> None:
    """SQLite's own way: consistent while others write."""
    with store.engine.connect() as connection, sqlite3.connect(path) as target:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        source.backup(target)
    target.close()


def _copy_rows(store: Operations, copy: Operations, system: str) -> None:
    with store.read() as source, copy.write() as target:
        for query in _queries(system):
            _copy(source, target, query)


def _queries(system: str) -> list[Select[*tuple[object, ...]]]:
    """One consistent snapshot: all are asked in one transaction."""
    mine = outbox.c.system == system
    owed = mine & outbox.c.state.in_([*OPEN, State.DEAD])
    confirmed = outbox.c.entry_id.in_(select(links.c.entry_id).where(links.c.system == system))
    kept = select(outbox).where(owed | (mine & confirmed))
    ids = select(kept.subquery().c.entry_id)
    return [
        select(positions).where(positions.c.system == system),
        select(links).where(links.c.system == system),
        kept,
        select(payloads).where(payloads.c.entry_id.in_(ids)),
        select(batch_notes).where(batch_notes.c.system == system),
        select(marks),
    ]


def _copy(source: Connection, target: Connection, query: Select[*tuple[object, ...]]) -> None:
    from sqlalchemy import Table

    (table,) = query.get_final_froms()
    assert isinstance(table, Table)
    for rows in source.execute(query).mappings().partitions(_CHUNK):
        target.execute(insert(table), [dict(row) for row in rows])
