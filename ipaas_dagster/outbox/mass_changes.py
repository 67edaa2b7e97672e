"""A mass change: one landing changed most of what a system holds of a collection. Its route waits before it.

The hub mirrors the source whatever happens; only what goes out waits, and with it what came after it on that route,
since later changes stand on earlier ones. Counted is what would be sent: a change that renders the same is none. New
records are none either, so that a first load never waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from ipaas_dagster.operations.tables import links
from ipaas_dagster.outbox import change_holds
from ipaas_dagster.outbox.change_holds import ChangeHold
from ipaas_dagster.outbox.queue import Candidate, Known, decide, look_up
from ipaas_dagster.outbox.rendering import Renders, candidates

if TYPE_CHECKING:
    from ipaas_dagster.hub import ChangedRecord, HubHead
    from ipaas_dagster.hub.mass import MassChange
    from ipaas_dagster.outbox.catch_up import Reading
    from ipaas_dagster.outbox.positions import Position


def read_upto(reading: Reading, route: Renders, position: Position, head: HubHead) -> tuple[HubHead, int]:
    """Where the route reads to now; and up to where what it reads was approved by a person (0: nothing)."""
    hold = _hold(reading, route, position)
    if hold is not None and hold.state == "waiting":
        return _before(head, hold), 0
    approved = hold.upto_seq if hold is not None else 0
    after = max(position.seq, approved)
    if head.seq - after <= reading.hold_change_records:
        return head, approved
    alive = _holds(reading, route)
    for mass in reading.hub.mass_changes(
        (route.collection, *route.nested), after, head.seq, reading.hold_change_records
    ):
        records = _would_send(reading, route, mass)
        if records > reading.hold_change_records and records >= reading.hold_change_share * alive:
            return _before(head, _held(reading, route, position, mass, records, alive)), approved
    return head, approved


def as_they_are(reading: Reading, route: Renders, changes: Sequence[ChangedRecord]) -> list[ChangedRecord]:
    """Approved changes are looked at again: each as its record is in the hub now."""
    now = reading.hub.records(route.collection, [change.hub_id for change in changes])
    return [replace(now[one.hub_id], seq=one.seq) if one.hub_id in now else one for one in changes]


def _hold(reading: Reading, route: Renders, position: Position) -> ChangeHold | None:
    """One of another hub, or that the route is past, is over."""
    with reading.operations.read() as connection:
        found = change_holds.read(connection, route.system, route.collection, "changes")
    if found is None or (found.epoch == position.epoch and position.seq < found.upto_seq):
        return found
    with reading.operations.write() as connection:
        change_holds.lift(connection, route.system, route.collection, "changes")
    return None


def _held(
    reading: Reading, route: Renders, position: Position, mass: MassChange, records: int, alive: int
) -> ChangeHold:
    hold = ChangeHold(
        route.system,
        route.collection,
        "changes",
        records,
        alive,
        reading.clock(),
        epoch=position.epoch,
        before_seq=mass.first_seq,
        upto_seq=mass.last_seq,
        landing_id=mass.landing_id,
    )
    with reading.operations.write() as connection:
        change_holds.write(connection, hold)
    reading.say(f"{hold.reason}; they wait for `ipaas approve {hold.hold_id}`, and so does what changed after them")
    return hold


def _before(head: HubHead, hold: ChangeHold) -> HubHead:
    return replace(head, seq=min(head.seq, hold.before_seq - 1))


def _would_send(reading: Reading, route: Renders, mass: MassChange) -> int:
    """How many records that the system holds would be sent anew."""
    found = 0
    for chunk in _candidates(reading, route, mass):
        with reading.operations.read() as connection:
            known = look_up(connection, route.system, route.collection, [one.hub_id for one in chunk])
        there = ((one, known.get(one.hub_id) or Known()) for one in chunk)
        found += sum(k.holds and decide(one, k, route.deletes) == "upsert" for one, k in there)
    return found


def _candidates(reading: Reading, route: Renders, mass: MassChange) -> Iterator[list[Candidate]]:
    after = mass.first_seq - 1
    while after < mass.last_seq:
        if mass.collection == route.collection:
            changes = reading.hub.changes(route.collection, after, reading.chunk, mass.last_seq)
            after = changes[-1].seq if len(changes) == reading.chunk else mass.last_seq
            updates = {change.hub_id: change for change in changes if change.operation == "update"}
            yield candidates(route, list(updates.values()), reading.hub)
        else:
            touched = reading.hub.touched(mass.collection, after, reading.chunk, mass.last_seq, mass.last_seq)
            after = touched.upto
            parents = reading.hub.records(route.collection, touched.parents).values() if touched.parents else ()
            yield candidates(route, [one for one in parents if one.operation != "delete"], reading.hub)


def _holds(reading: Reading, route: Renders) -> int:
    mine = (links.c.system == route.system) & (links.c.collection == route.collection) & ~links.c.deleted
    with reading.operations.read() as connection:
        return connection.scalar(select(func.count()).select_from(links).where(mine)) or 0
