"""Rows of a parallel load: its ranges, which of them are still open, and its end together with the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from ipaas_dagster.operations.load_tables import load_ranges, loads
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.source.landed import write_cursor


@dataclass(frozen=True)
class Range:
    """Part of a list, from the page that stood at offset `at` when the load began up to the next range's first page.
    That page is `lines` lines of the heads' landing; `counted`: the list's length then, by which it is found again in a
    list that has moved."""

    number: int
    at: int
    counted: int | None
    first_line: int
    lines: int


@dataclass(frozen=True)
class Load:
    load_id: str
    collection: str
    state: str
    heads_landing_id: str
    started_at: datetime
    ranges: tuple[Range, ...]


def worker_name(collection: str, number: int) -> str:
    """Whose lock a range's worker holds, as a scan holds its collection's."""
    return f"{collection}~{number}"


def read_load(connection: Connection, collection: str) -> Load | None:
    row = connection.execute(select(loads).where(loads.c.collection == collection)).first()
    if row is None:
        return None
    t = load_ranges.c
    query = (
        select(t.number, t.at, t.counted, t.first_line, t.lines).where(t.collection == collection).order_by(t.number)
    )
    ranges = tuple(Range(*found) for found in connection.execute(query))
    return Load(row.load_id, collection, row.state, row.heads_landing_id, row.started_at, ranges)


def open_ranges(connection: Connection, load: Load) -> list[int]:
    """Those that are not landed, or whose landing was found damaged, in their order."""
    whole = select(landings.c.landing_id).where(landings.c.state != "damaged")
    t = load_ranges.c
    query = select(t.number).where(t.collection == load.collection, t.load_id == load.load_id)
    missing = t.landing_id.is_(None) | t.landing_id.not_in(whole)
    return list(connection.scalars(query.where(missing).order_by(t.number)))


def add_load(connection: Connection, load: Load, cursor: datetime | None) -> None:
    """In place of the collection's last one."""
    for table in (loads, load_ranges):
        connection.execute(delete(table).where(table.c.collection == load.collection))
    connection.execute(
        insert(loads).values(
            collection=load.collection,
            load_id=load.load_id,
            state=load.state,
            heads_landing_id=load.heads_landing_id,
            cursor=cursor,
            started_at=load.started_at,
        )
    )
    mine = {"collection": load.collection, "load_id": load.load_id}
    connection.execute(insert(load_ranges), [{**mine, **vars(one)} for one in load.ranges])


def note_landed(connection: Connection, collection: str, number: int, landing_id: str, now: datetime) -> bool:
    """A range is landed, in the caller's transaction; with the last one the load ends and the cursor moves. Whether
    it was the last."""
    row = connection.execute(select(loads).where(loads.c.collection == collection).with_for_update()).one()
    mine = (load_ranges.c.collection == collection) & (load_ranges.c.number == number)
    connection.execute(update(load_ranges).where(mine).values(landing_id=landing_id))
    load = read_load(connection, collection)
    assert load is not None
    if open_ranges(connection, load):
        return False
    if row.cursor is not None:
        write_cursor(connection, collection, now, cursor=row.cursor, landing_id=load.heads_landing_id)
    ended = update(loads).where(loads.c.collection == collection)
    connection.execute(ended.values(state="done", ended_at=now))
    return True


def running_workers(connection: Connection) -> Sequence[str]:
    """Names of the ranges that somebody may be reading now, of all collections."""
    query = select(load_ranges.c.collection, load_ranges.c.number).join(
        loads, loads.c.collection == load_ranges.c.collection
    )
    return [worker_name(*row) for row in connection.execute(query.where(loads.c.state == "running"))]
