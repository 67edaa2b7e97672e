"""Differences become entries of the outbox: the link says again only what is known, and the record is queued as any.

Under the system's lock, so that nothing is delivered meanwhile; a record that was delivered since it was looked at, or
that a delivery is open or dead of, is left for the next comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, update

from ipaas_dagster.completeness.looking import Looking
from ipaas_dagster.completeness.results import Comparison
from ipaas_dagster.operations.tables import links
from ipaas_dagster.outbox import differences
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.differences import Difference
from ipaas_dagster.outbox.positions import count
from ipaas_dagster.outbox.queue import Candidate, Stamp, look_up, queue
from ipaas_dagster.outbox.rendering import candidates

CHUNK = 1_000


def queue_repairs(looking: Looking, *, deletes: bool) -> int:
    """Queue what was found of a route: the deletes of what is extra, or all else. Returns how many entries."""
    project, route, queued = looking.project, looking.route, 0
    for chunk in differences.in_state(project.operations, route.system, route.collection, "found", CHUNK):
        chosen = [one for one in chunk if (one.what == "extra") == deletes]
        if chosen:
            with project.locks.hold(f"deliver-{route.system}"):
                queued += _queue(looking, chosen)
    looking.counts.queued += queued
    return queued


def _queue(looking: Looking, found: Sequence[Difference]) -> int:
    project, route = looking.project, looking.route
    rendered = _candidates(looking, found)
    now, head = project.clock(), project.hub.head()
    keeps = looking.destination.capabilities.keeps_hub_ids
    stamp = Stamp(route.system, route.collection, head.epoch, project.run_id, now, route.deletes, True, keeps)
    with project.operations.write() as connection:
        good = _unmoved(connection, found)
        mine = [candidate for candidate in rendered if candidate.hub_id in good]
        _forget_confirmed(connection, [good[candidate.hub_id] for candidate in mine], now)
        tally = queue(connection, mine, stamp)
        count(connection, route.system, route.collection, tally, now)
        differences.mark_queued(connection, route.system, route.collection, [one.hub_id for one in mine])
        gone = sorted({one.hub_id for one in found} - {candidate.hub_id for candidate in mine})
        differences.drop(connection, route.system, route.collection, gone)
    return tally.queued


def _candidates(looking: Looking, found: Sequence[Difference]) -> list[Candidate]:
    """As the hub has them now; what it has no more is a delete, and what was extra is one if it still is."""
    hub, route = looking.project.hub, looking.route
    seq, records = hub.head().seq, hub.records(route.collection, [one.hub_id for one in found])
    rendered = {one.hub_id: one for one in candidates(route, list(records.values()), hub)}
    made = []
    for one in found:
        candidate = rendered.get(one.hub_id, Candidate(one.hub_id, seq, 0, deleted=True))
        if one.what == "extra" and candidate.payload is None and candidate.error is None:
            made.append(candidate._replace(deleted=True))
        elif one.what != "extra" and not candidate.deleted:
            made.append(candidate)
    return made


def _unmoved(connection: Connection, found: Sequence[Difference]) -> dict[str, Difference]:
    known = look_up(connection, found[0].system, found[0].collection, [one.hub_id for one in found])
    good = {}
    for one in found:
        now = known.get(one.hub_id)
        moved = now is not None and one.what != "extra" and now.last != one.entry_id
        if now is None or not (now.replaceable or now.busy or now.dead or moved):
            good[one.hub_id] = one
    return good


def _forget_confirmed(connection: Connection, found: Sequence[Difference], now: datetime) -> None:
    """What the system confirmed last does not hold any more; of what is extra, that it is there does."""
    if not found:
        return
    system, collection = found[0].system, found[0].collection
    route = (links.c.system == system) & (links.c.collection == collection)
    ids = [one.hub_id for one in found]
    connection.execute(update(links).where(route, among(connection, links.c.hub_id, ids)).values(payload_hash=None))
    for one in found:
        if one.what == "extra":
            alive = {"deleted": False, "external_id": one.external_id}
            changed = connection.execute(update(links).where(route, links.c.hub_id == one.hub_id).values(alive))
            if changed.rowcount == 0:
                row = {"system": system, "collection": collection, "hub_id": one.hub_id, "confirmed_at": now, **alive}
                connection.execute(insert(links).values(row))


def look_again(looking: Looking) -> None:
    """After the repairs were delivered: what is there now as it was sent is forgotten, what came back right away is a
    remark. What is still owed is the outbox's to tell."""
    project, route = looking.project, looking.route
    again = replace(looking, counts=Comparison())
    for chunk in differences.in_state(project.operations, route.system, route.collection, "queued", CHUNK):
        before = {one.hub_id: one.payload_hash for one in chunk}
        with project.operations.write() as connection:
            differences.drop(connection, route.system, route.collection, list(before))
        records = project.hub.records(route.collection, list(before))
        found = again.compare([record for record in records.values() if record.operation != "delete"])
        remarks = [replace(one, state="remark") for one in found if one.payload_hash == before[one.hub_id]]
        with project.operations.write() as connection:
            differences.keep(connection, remarks, project.run_id, project.clock())
