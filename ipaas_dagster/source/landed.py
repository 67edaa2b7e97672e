"""Landings' rows and cursors in the operations store, and the adoption of landings that have no row yet.

A landing is complete when its manifest is in place; its row, the cursor and the calls follow in one
transaction. A process that ends between the two leaves an orphan, which the next pull or merge adopts. Who
writes a landing holds `scan-<collection>` from its first line to its row; nobody adopts or cleans there
meanwhile. One that lost it on the way (a lease that ran out) can note nothing any more: what it had completed is an
orphan like any other, and adopted once; what it had not, its successor has cleaned up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import LandingDamaged, LockTimeout
from ipaas_dagster.records import SOURCE_SYSTEM, LandingNote

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ipaas_dagster.project import Project

ADOPTED_MARK = "landings_adopted"
"""The day up to which every landing is known to have a row; earlier folders are not looked into again."""


@dataclass(frozen=True)
class Cursor:
    """How far a collection was read, by the server's clock; all None where it never was."""

    cursor: datetime | None = None
    probe_mark: datetime | None = None
    digest: str | None = None
    updated_at: datetime | None = None


def scan_lock(collection: str) -> str:
    return f"scan-{collection}"


def read_cursor(project: Project, collection: str) -> Cursor:
    with project.operations.read() as connection:
        return cursor_in(connection, collection)


def cursor_in(connection: Connection, collection: str) -> Cursor:
    """As the caller's transaction sees it."""
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import cursors as t

    query = select(t.c.cursor, t.c.probe_mark, t.c.digest, t.c.updated_at)
    row = connection.execute(query.filter_by(source_system=SOURCE_SYSTEM, collection=collection)).first()
    return Cursor(*row) if row else Cursor()


def write_cursor(
    connection: Connection, collection: str, now: datetime, *, may_go_back: bool = False, **values: Any
) -> None:
    """Set these columns of its row, in the caller's transaction; a cursor goes backwards only where it may."""
    from sqlalchemy import insert, select, update

    from ipaas_dagster.operations.tables import cursors as t

    mine = (t.c.source_system == SOURCE_SYSTEM) & (t.c.collection == collection)
    row = connection.execute(select(t.c.cursor).where(mine)).first()
    if row is None:
        values = {**values, "source_system": SOURCE_SYSTEM, "collection": collection, "updated_at": now}
        connection.execute(insert(t).values(values))
        return
    if row.cursor is not None and values.get("cursor") is not None and not may_go_back:
        values["cursor"] = max(values["cursor"], row.cursor)
    connection.execute(update(t).where(mine).values(**values, updated_at=now))


def add_landing(connection: Connection, note: LandingNote, now: datetime) -> None:
    """The landing's row, `waiting`, in the caller's transaction; nothing where it has one already."""
    from sqlalchemy import insert, select

    from ipaas_dagster.operations.tables import landings as t

    if connection.scalar(select(t.c.number).where(t.c.landing_id == note.landing_id)) is not None:
        return
    connection.execute(
        insert(t).values(
            landing_id=note.landing_id,
            source_system=SOURCE_SYSTEM,
            collection=note.collection,
            scope=note.scope,
            window_from=note.start,
            window_to=note.end,
            state="waiting",
            records=note.records,
            bytes=note.bytes,
            sha256=note.sha256,
            observed_from=note.observed_from,
            observed_to=note.observed_to,
            run_id=note.run_id,
            details=note.details,
            created_at=now,
        )
    )


def adopt_orphans(project: Project, held: str | None = None) -> list[LandingNote]:
    """Give every complete landing its row, and remove what unfinished scans left. `held`: the collection
    whose scan lock the caller holds. Collections that are being read right now are left to their readers."""
    day = _adopted_day(project)
    orphans = _without_row(project, project.landings.ids(day))
    adopted = [note for landing_id in orphans if (note := _adopt(project, landing_id, held))]
    for name in project.landings.leftovers(day):
        _remove_leftover(project, name, held)
    if len(adopted) == len(orphans):
        _note_adopted(project, day)
    return adopted


def _adopt(project: Project, landing_id: str, held: str | None) -> LandingNote | None:
    try:
        note, calls, places = project.landings.manifest(landing_id)
    except LandingDamaged as error:
        project.say(str(error))
        return None
    with _undisturbed(project, _reader_of(note), held) as free:
        if not free or not _without_row(project, [landing_id]):
            return None
        if not project.landings.is_whole(note):
            _drop(project, note)
            return None
        with project.operations.write() as connection:
            add_landing(connection, note, project.clock())
            _add_calls(connection, calls, places, landing_id)
            _adopt_cursor(connection, note, project.clock())
            _adopt_range(connection, note, project.clock())
    project.say(f"landing {landing_id} of {note.collection} was complete but not noted; it is now")
    return note


def _drop(project: Project, note: LandingNote) -> None:
    """A manifest whose data is gone: its scan had lost its lock, and its successor cleaned up in between. It was never
    noted and moved no cursor, so that what it had read is read again."""
    project.landings.remove(note.landing_id)
    project.say(f"landing {note.landing_id} of {note.collection} has no data; it was never noted, and goes")


def _reader_of(note: LandingNote) -> str:
    """Whose scan lock its maker held."""
    number = note.details.get("range")
    return note.collection if number is None else f"{note.collection}~{number}"


def _adopt_range(connection: Connection, note: LandingNote, now: datetime) -> None:
    """A range of a load that is still under way need not be read again."""
    from ipaas_dagster.source.loads import note_landed, open_ranges, read_load

    number, load = note.details.get("range"), read_load(connection, note.collection)
    if number is None or load is None or load.load_id != note.details.get("load"):
        return
    if number in open_ranges(connection, load):
        note_landed(connection, note.collection, number, note.landing_id, now)


def _adopt_cursor(connection: Connection, note: LandingNote, now: datetime) -> None:
    """The cursor moves with the landing only if nothing lies between: from a full scan, or from before the
    cursor."""
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import cursors as t

    after, digest = note.details.get("cursor_after"), note.details.get("digest")
    if digest:
        write_cursor(connection, note.collection, now, digest=digest, landing_id=note.landing_id)
    if not after:
        return
    query = select(t.c.cursor).filter_by(source_system=SOURCE_SYSTEM, collection=note.collection)
    current = connection.scalar(query)
    if note.scope == "full" or (current is not None and note.start is not None and note.start <= current):
        write_cursor(connection, note.collection, now, cursor=datetime.fromisoformat(after), landing_id=note.landing_id)


def _add_calls(
    connection: Connection,
    calls: Sequence[Mapping[str, Any]],
    places: Mapping[str, tuple[int, int]],
    landing_id: str,
) -> None:
    """The manifest's calls; those that the ledger has already are told which lines they brought."""
    from sqlalchemy import insert, select, update

    from ipaas_dagster.operations.tables import calls as t

    ids = [call["call_id"] for call in calls] or [""]
    kept = select(t.c.call_id).where(t.c.call_id >= min(ids), t.c.call_id <= max(ids), t.c.system == SOURCE_SYSTEM)
    known = set(connection.scalars(kept))  # a scan that could not note its landing may still have kept its calls
    new = [call for call in calls if call["call_id"] not in known]
    rows = [{**call, "started_at": datetime.fromisoformat(call["started_at"])} for call in new]
    if rows:
        connection.execute(insert(t), rows)
    for call_id in places.keys() - {row["call_id"] for row in rows}:
        first, number = places[call_id]
        mine = update(t).where(t.c.call_id == call_id)
        connection.execute(mine.values(landing_id=landing_id, first_line=first, lines=number))


def _without_row(project: Project, landing_ids: Sequence[str]) -> list[str]:
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import landings as t

    if not landing_ids:
        return []
    with project.operations.read() as connection:
        known = set(connection.scalars(select(t.c.landing_id).where(t.c.landing_id >= min(landing_ids))))
    return [landing_id for landing_id in landing_ids if landing_id not in known]


@contextmanager
def _undisturbed(project: Project, collection: str, held: str | None) -> Iterator[bool]:
    """Whether nobody reads the collection now; holds its scan lock meanwhile."""
    if collection == held:
        yield True
        return
    try:
        with project.locks.hold(scan_lock(collection), 0):
            yield True
    except LockTimeout:
        yield False


def _remove_leftover(project: Project, name: str, held: str | None) -> None:
    """Temporary files name their collection; data without manifest does not, so it is kept until nobody
    reads."""
    from ipaas_dagster.source.collections import SOURCE_COLLECTIONS
    from ipaas_dagster.source.loads import running_workers

    maker = name.rpartition("/")[2].split(".")[1] if name.endswith(".tmp") else None
    with project.operations.read() as connection:
        all_makers = [*(c.name for c in SOURCE_COLLECTIONS), *running_workers(connection)]
    for collection in [maker] if maker else all_makers:
        with _undisturbed(project, collection, held) as free:
            if not free:
                return
    project.landings.remove_leftover(name)
    crash_point("landing.leftover_removed")


def _adopted_day(project: Project) -> str:
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import marks as t

    with project.operations.read() as connection:
        day = str(connection.scalar(select(t.c.value).where(t.c.name == ADOPTED_MARK)) or "")
    return day if day <= project.clock().strftime("%Y-%m-%d") else ""  # noted by a clock that was ahead


def _note_adopted(project: Project, before: str) -> None:
    """Two days back: a landing's id, and so its day, is made when its scan begins."""
    from datetime import timedelta

    from ipaas_dagster.operations.put import put
    from ipaas_dagster.operations.tables import marks

    day = (project.clock() - timedelta(days=2)).strftime("%Y-%m-%d")
    if day <= before:
        return
    with project.operations.write() as connection:
        put(connection, marks, name=ADOPTED_MARK, value=day, updated_at=project.clock())
