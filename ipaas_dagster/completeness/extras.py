"""Records of ours that a system holds and should not: deleted or filtered here, and there all the same.

By their links (deleted here, and back there), and by what carries our key or mark there. What carries neither is the
users' own, and is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from ipaas_dagster.completeness.looking import Looking, entry_of
from ipaas_dagster.contracts import collection as declared
from ipaas_dagster.destinations.held import in_chunks
from ipaas_dagster.operations.tables import links, outbox
from ipaas_dagster.outbox import differences
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.differences import Difference
from ipaas_dagster.outbox.entry import OPEN, State
from ipaas_dagster.outbox.rendering import candidates
from ipaas_dagster.records import SOURCE_SYSTEM

CHUNK = 5_000
Pair = tuple[str, str]
"""(hub id, id there)"""


def find_extras(looking: Looking) -> list[Pair]:
    """Keeps what it finds as differences, each once, and counts them; returns doubles. Raises Unreachable, Throttled,
    Paused. Where the route keeps what is deleted here, nothing is extra."""
    if looking.route.deletes == "keep":
        return []
    doubles: list[Pair] = []
    prefix = f"{SOURCE_SYSTEM}:{_source(looking.route.collection)}:"
    ours = (pair for pair in looking.reader.ours(looking.route.collection) if pair[0].startswith(prefix))
    for pairs in in_chunks(ours, CHUNK):
        extra, other = _judged(looking, pairs)
        _keep(looking, extra)
        doubles += other
    if not looking.destination.capabilities.keeps_hub_ids:
        for pairs in _buried(looking):
            _keep(looking, _still_there(looking, pairs))
    with looking.project.operations.read() as connection:
        found = differences.counted(connection, looking.system, looking.route.collection)
    looking.counts.extra, looking.counts.doubles = found.get("extra", 0), len(doubles)
    return doubles


def _source(collection: str) -> str:
    """What stands in the hub ids of a collection: its source's name, of lines that of their parent."""
    found = declared(collection)
    return declared(found.parent).source if found.parent and found.id_field is None else found.source


def _judged(looking: Looking, pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """(extra, doubles)"""
    known, busy = _links(looking, [hub_id for hub_id, _ in pairs])
    keeps = looking.destination.capabilities.keeps_hub_ids
    doubles = [] if keeps else [(i, its) for i, its in pairs if i in known and known[i] != its]
    lost = [(hub_id, its) for hub_id, its in pairs if hub_id not in known and hub_id not in busy]
    wanted = _wanted(looking, [hub_id for hub_id, _ in lost])
    return [(hub_id, its) for hub_id, its in lost if hub_id not in wanted], doubles


def _links(looking: Looking, hub_ids: Sequence[str]) -> tuple[dict[str, str | None], set[str]]:
    """Hub id -> id there of those that the system should hold; and those that a delivery is open or dead of."""
    system, collection = looking.system, looking.route.collection
    with looking.project.operations.read() as connection:
        rows = connection.execute(
            select(links.c.hub_id, links.c.external_id).where(
                links.c.system == system,
                links.c.collection == collection,
                ~links.c.deleted,
                among(connection, links.c.hub_id, hub_ids),
            )
        )
        known = {row.hub_id: row.external_id for row in rows}
        busy = connection.scalars(
            select(outbox.c.hub_id).where(
                outbox.c.system == system,
                outbox.c.collection == collection,
                outbox.c.state.in_([*OPEN, State.DEAD]),
                among(connection, outbox.c.hub_id, hub_ids),
            )
        )
        return known, set(busy)


def _wanted(looking: Looking, hub_ids: Sequence[str]) -> set[str]:
    """Those of the records that the system is sent; they are missing or on their way, not extra."""
    if not hub_ids:
        return set()
    records = looking.project.hub.records(looking.route.collection, hub_ids).values()
    alive = [record for record in records if record.operation != "delete"]
    rendered = candidates(looking.route, alive, looking.project.hub)
    return {one.hub_id for one in rendered if one.payload is not None or one.error is not None}


def _buried(looking: Looking) -> Iterator[list[Pair]]:
    """Records that were deleted there on our word, chunk by chunk."""
    after = ""
    while True:
        query = select(links.c.hub_id, links.c.external_id).where(
            links.c.system == looking.system,
            links.c.collection == looking.route.collection,
            links.c.deleted,
            links.c.external_id.is_not(None),
            links.c.hub_id > after,
        )
        with looking.project.operations.read() as connection:
            found = [(row[0], row[1]) for row in connection.execute(query.order_by(links.c.hub_id).limit(CHUNK))]
        if found:
            yield found
        if len(found) < CHUNK:
            return
        after = found[-1][0]


def _still_there(looking: Looking, pairs: Sequence[Pair]) -> list[Pair]:
    _, busy = _links(looking, [hub_id for hub_id, _ in pairs])
    asked = [
        entry_of(looking.route, number, hub_id, its, None)
        for number, (hub_id, its) in enumerate(pairs, 1)
        if hub_id not in busy
    ]
    there = looking.reader.held(asked) if asked else {}
    found = [(one.hub_id, there[one.entry_id].external_id) for one in asked if one.entry_id in there]
    wanted = _wanted(looking, [hub_id for hub_id, _ in found])
    return [(hub_id, its) for hub_id, its in found if hub_id not in wanted]


def _keep(looking: Looking, extra: Sequence[Pair]) -> None:
    route, project = looking.route, looking.project
    found = [Difference(route.system, route.collection, i, "extra", external_id=its) for i, its in dict(extra).items()]
    if found:
        with project.operations.write() as connection:
            differences.keep(connection, found, project.run_id, project.clock())
