"""Read a route up to the hub's head: changes in order, then, where changes alone do not tell, a seeding.

Each chunk is read and rendered outside of any transaction; its queue rows, its counters and the position then
commit together. A crash repeats at most the reading of one chunk. Memory is that of one chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import links
from ipaas_dagster.outbox.mass_changes import as_they_are, read_upto
from ipaas_dagster.outbox.nested import catch_up_nested
from ipaas_dagster.outbox.positions import (
    Position,
    Seed,
    Tally,
    begin,
    forget_epoch,
    read_positions,
    save_position,
)
from ipaas_dagster.outbox.queue import Candidate, Stamp, queue
from ipaas_dagster.outbox.readings import Looked, note_reading
from ipaas_dagster.outbox.rendering import Renders, candidates
from ipaas_dagster.records import Clock, Progress, no_progress

if TYPE_CHECKING:
    from ipaas_dagster.hub import Hub, HubHead


@dataclass(frozen=True)
class Reading:
    """What catching up needs. More deletes than `hold_records` and than `hold_share` of what the system holds, found
    only because the hub is another one, wait for a person."""

    operations: Operations
    hub: Hub
    run_id: str
    clock: Clock
    progress: Progress = no_progress
    hold_share: float = 0.2
    hold_records: int = 100
    hold_change_share: float = 0.5
    hold_change_records: int = 1000
    """More records than this, and than this share of what the system holds, changed by one landing wait too."""
    keeps_hub_ids: bool = False
    chunk: int = 10_000
    say: Callable[[str], None] = field(default=lambda text: None)


def catch_up(reading: Reading, route: Renders, head: HubHead) -> Tally:
    """Queue what changed for one route up to `head`; nothing is written where nothing changed."""
    if not head.epoch:
        return Tally()  # no hub yet: that tells nothing about what a system should hold
    with reading.operations.read() as connection:
        found = read_positions(connection, route.system).get(route.collection)
    position = begin(found, head.epoch, route.digest)
    if found is not None and position != found:
        _save(reading, route, position, Tally(), another_hub=found.epoch != position.epoch)
    total, since = Tally(), position.seq
    head, approved = read_upto(reading, route, position, head)
    position = _read_changes(reading, route, position, head, total, approved)
    for collection in route.nested:
        all_follow = position.seed == Seed("records")
        total.add(catch_up_nested(reading, route, collection, head, since, all_follow=all_follow))
    if position.seed is not None:
        _seed(reading, route, position, total)
    return total


def _read_changes(
    reading: Reading, route: Renders, position: Position, head: HubHead, total: Tally, approved: int
) -> Position:
    first = position.seq
    while position.seq < head.seq:
        changes = reading.hub.changes(route.collection, position.seq, reading.chunk, upto=head.seq)
        latest = sorted({change.hub_id: change for change in changes}.values(), key=lambda change: change.seq)
        if position.seq < approved:
            latest = as_they_are(reading, route, latest)
        chunk = candidates(route, latest, reading.hub)
        full = len(changes) == reading.chunk
        looked = Looked("changes", position.seq, changes[-1].seq if full else head.seq)
        position = replace(position, seq=looked.upto_seq)
        coalesced = len(changes) - len(chunk)
        total.add(_commit(reading, route, position, chunk, looked, coalesced=coalesced))
        reading.progress(f"{route.system}/{route.collection}: queueing", position.seq - first, head.seq - first)
    return position


def _seed(reading: Reading, route: Renders, position: Position, total: Tally) -> None:
    """Current records against delivered hashes, then what the system holds and the hub does not."""
    seed = position.seed
    while seed is not None and seed.phase == "records":
        records = reading.hub.current(route.collection, seed.after, reading.chunk)
        more = len(records) == reading.chunk
        upto = records[-1].hub_id if more else None
        looked = Looked("records", position.seq, position.seq, seed.after, upto)
        seed = replace(seed, after=upto) if more else Seed("links", approved=seed.approved)
        position = replace(position, seed=seed)
        total.add(_commit(reading, route, position, candidates(route, records, reading.hub), looked, renew=True))
    if seed is not None and not seed.approved and _held(reading, route, position):
        return
    for gone in _gone(reading, route, seed.after if seed else None):
        after = position.seed.after if position.seed else None
        looked = Looked("links", position.seq, position.seq, after, gone[-1].hub_id)
        position = replace(position, seed=Seed("links", gone[-1].hub_id, approved=True))
        total.add(_commit(reading, route, position, gone, looked, renew=True))
    _save(reading, route, replace(position, seed=None), Tally())


def _held(reading: Reading, route: Renders, position: Position) -> bool:
    """Whether too many records would be deleted there; then the route says so and waits, its changes go on."""
    if route.deletes == "keep":
        return False
    deletes = sum(len(gone) for gone in _gone(reading, route, None))
    if deletes <= reading.hold_records or deletes <= reading.hold_share * _holds(reading, route):
        return False
    seed = Seed("held", deletes=deletes)
    if position.seed != seed:
        _save(reading, route, replace(position, seed=seed), Tally())
        reading.say(
            f"{route.collection}: {deletes} records that it holds are not in this hub; their deletes wait for "
            f"`ipaas approve {route.system}/{route.collection}`"
        )
    return True


def _gone(reading: Reading, route: Renders, after: str | None) -> Iterator[list[Candidate]]:
    """Records that the system holds and the hub does not, in hub id order, chunk by chunk."""
    seq = reading.hub.head().seq
    while ids := _linked(reading, route, after):
        after = ids[-1]
        current = reading.hub.records(route.collection, ids)
        missing = [i for i in ids if i not in current or current[i].operation == "delete"]
        version = {i: record.version for i, record in current.items()}
        if missing:
            yield [Candidate(i, seq, version.get(i, 0), deleted=True) for i in missing]


def _linked(reading: Reading, route: Renders, after: str | None) -> list[str]:
    query = select(links.c.hub_id).where(_live(route), links.c.hub_id > (after or ""))
    with reading.operations.read() as connection:
        return list(connection.scalars(query.order_by(links.c.hub_id).limit(reading.chunk)))


def _holds(reading: Reading, route: Renders) -> int:
    with reading.operations.read() as connection:
        return connection.scalar(select(func.count()).select_from(links).where(_live(route))) or 0


def _live(route: Renders) -> ColumnElement[bool]:
    return (links.c.system == route.system) & (links.c.collection == route.collection) & ~links.c.deleted


def _commit(
    reading: Reading,
    route: Renders,
    position: Position,
    chunk: Sequence[Candidate],
    looked: Looked,
    *,
    coalesced: int = 0,
    renew: bool = False,
) -> Tally:
    now = reading.clock()
    stamp = Stamp(
        route.system, route.collection, position.epoch, reading.run_id, now, route.deletes, renew, reading.keeps_hub_ids
    )
    with reading.operations.write() as connection:
        tally = queue(connection, chunk, stamp)
        if chunk:
            note_reading(connection, stamp, looked, route.digest)
        tally.changes += coalesced
        tally.coalesced += coalesced
        save_position(connection, route.system, route.collection, position, tally, now)
    return tally


def _save(reading: Reading, route: Renders, position: Position, tally: Tally, *, another_hub: bool = False) -> None:
    with reading.operations.write() as connection:
        if another_hub:
            forget_epoch(connection, route.system, route.collection)
        save_position(connection, route.system, route.collection, position, tally, reading.clock())
