"""What one batch is made of: the oldest pending entries of a route as the destination sees them, without those that
must wait for another record, and without those that need not or cannot be sent after all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.mapping.render import RenderError, Resolve
from ipaas_dagster.outbox import blocking, sending
from ipaas_dagster.outbox.blocking import Stuck
from ipaas_dagster.outbox.delivery import Delivery, Operation, add
from ipaas_dagster.outbox.entry import State
from ipaas_dagster.outbox.links import Ref, external_ids, held
from ipaas_dagster.outbox.rendering import Renders
from ipaas_dagster.outbox.sending import Owed

_SINCE = datetime(1970, 1, 1, tzinfo=UTC)

Ended = tuple[Owed, State, str]
"""(entry, dead or superseded, why)"""


@dataclass(frozen=True)
class Claim:
    """Entries read for one batch, and what is committed together with their going."""

    entries: list[tuple[Owed, Entry]]
    stuck: list[Stuck]
    ended: list[Ended]
    batch_size: int | None = None
    """Of how many entries a batch is made; None: all of them are one."""

    @property
    def empty(self) -> bool:
        return not (self.entries or self.stuck or self.ended)


def claim(delivery: Delivery, route: Renders, operation: Operation) -> Claim:
    """As many batches as may be under way at once. Reads only; empty where nothing of the route is pending."""
    with delivery.operations.read() as connection:
        size = _batch_size(connection, delivery, route, operation)
        limit = size * delivery.destination.capabilities.in_flight
        owed = sending.next_owed(connection, delivery.system, route.collection, operation, limit)
    return replace(claim_of(delivery, route, operation, owed), batch_size=size)


def claim_of(delivery: Delivery, route: Renders, operation: Operation, owed: list[Owed]) -> Claim:
    """Pending entries of one route and operation, as a batch of them would be."""
    if not owed:
        return Claim([], [], [])
    with delivery.operations.read() as connection:
        if operation == "delete":
            found = _deletes(connection, delivery, route, owed)
        else:
            found = _upserts(connection, delivery, owed)
        ids = found.ids
        if not delivery.keeps or delivery.destination.capabilities.tells_new:
            ids |= external_ids(connection, delivery.system, ((route.collection, o.hub_id) for o in found.free))
    return _as_claim(route, found, ids, by_hub_id=delivery.by_hub_id)


def _batch_size(connection: Connection, delivery: Delivery, route: Renders, operation: Operation) -> int:
    able = delivery.destination.capabilities
    if able.bulk_above is None:
        return able.batch_size
    many = sending.more_than(connection, delivery.system, route.collection, operation, able.bulk_above)
    return able.bulk_size if many else able.batch_size


@dataclass(frozen=True)
class _Found:
    free: list[Owed]
    stuck: list[Stuck]
    ended: list[Ended]
    ids: dict[Ref, str]


def _upserts(connection: Connection, delivery: Delivery, owed: list[Owed]) -> _Found:
    if delivery.keeps:
        return _Found(owed, [], [], {})
    free, ids, stuck = blocking.known_references(connection, delivery.system, owed, delivery.why_absent)
    return _Found(free, stuck, [], ids)


def _deletes(connection: Connection, delivery: Delivery, route: Renders, owed: list[Owed]) -> _Found:
    there = held(connection, delivery.system, route.collection, [one.hub_id for one in owed])
    known = [one for one in owed if one.hub_id in there]
    free, stuck = blocking.hold_back_parents(connection, delivery.system, known)
    nothing = "it was never delivered; there is nothing to delete"
    ended = [(one, State.SUPERSEDED, nothing) for one in owed if one.hub_id not in there]
    return _Found(free, stuck, ended, {})


def _as_claim(route: Renders, found: _Found, ids: dict[Ref, str], *, by_hub_id: bool) -> Claim:
    """What cannot be read with today's template is dead."""
    resolve: Resolve = as_it_is if by_hub_id else lambda collection, hub_id: ids[collection, hub_id]
    entries, ended = [], list(found.ended)
    for one in found.free:
        try:
            payload = None if one.payload is None else route.read_payload(one.payload, resolve)
        except RenderError as error:
            ended.append((one, State.DEAD, str(error)))
            continue
        entries.append((one, as_entry(one, route.object, payload, ids.get((one.collection, one.hub_id)))))
    return Claim(entries, found.stuck, ended)


def as_it_is(collection: str, hub_id: str) -> str:
    return hub_id


def as_entry(one: Owed, object_: str, payload: dict[str, Any] | None, external_id: str | None) -> Entry:
    return Entry(
        one.entry_id,
        one.request_key,
        one.collection,
        object_,
        one.hub_id,
        "delete" if one.operation == "delete" else "upsert",
        one.seq,
        one.version,
        payload,
        external_id,
        one.epoch,
        None if one.changed_us is None else _SINCE + timedelta(microseconds=one.changed_us),
    )


def as_sent(delivery: Delivery, collection: str, owed: Sequence[Owed]) -> list[Entry]:
    """Entries in doubt as they were sent, read by today's route if it still can, else as plain JSON values."""
    route = delivery.route(collection)
    with delivery.operations.read() as connection:
        unasked = delivery.keeps and not delivery.destination.capabilities.tells_new
        mine = [] if unasked else [(collection, one.hub_id) for one in owed]
        ids = external_ids(connection, delivery.system, mine)
    object_ = route.object if route else collection
    return [
        as_entry(one, object_, _read_back(route, one.sent or one.payload), ids.get((collection, one.hub_id)))
        for one in owed
    ]


def _read_back(route: Renders | None, payload: bytes | None) -> dict[str, Any] | None:
    if payload is None:
        return None
    try:
        return route.read_payload(payload, as_it_is) if route else msgspec.json.decode(payload)
    except RenderError:
        return dict(msgspec.json.decode(payload))


def write_ended(connection: Connection, delivery: Delivery, claim: Claim) -> None:
    """Mark those that must wait, and those that are not sent after all."""
    now = delivery.clock()
    blocking.block(connection, claim.stuck, now)
    sending.end_early(connection, claim.ended, now)
    for one, state, _ in claim.ended:
        add(delivery.died, {one.collection: int(state is State.DEAD)})
