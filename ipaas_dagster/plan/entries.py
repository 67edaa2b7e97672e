"""The records of a planned batch, each against what the system last confirmed of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from ipaas_dagster.destinations.base import Batch
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import links, outbox, payloads
from ipaas_dagster.outbox.among import among
from ipaas_dagster.plan.model import PlannedEntry

_Payload = Mapping[str, Any]


def planned_entries(
    real: Operations, rehearsed: Operations, system: str, batch: Batch, sent: Collection[int]
) -> list[PlannedEntry]:
    """`real` tells what was confirmed, `rehearsed` what is queued there and nowhere else yet; `sent` are the ids of
    the entries that the batch's requests carry."""
    confirmed = _confirmed(real, system, batch)
    queued = _queued(rehearsed, [entry.entry_id for entry in batch.entries])
    planned = []
    for entry in batch.entries:
        hash_, payload = queued[entry.entry_id]
        base, before = confirmed.get(entry.hub_id, (None, {}))
        changes = {} if entry.operation == "delete" else difference(before, payload)
        planned.append(
            PlannedEntry(
                entry.hub_id,
                entry.request_key,
                entry.operation,
                entry.seq,
                entry.version,
                hash_,
                base,
                changes,
                entry.entry_id in sent,
            )
        )
    return planned


def difference(before: _Payload, after: _Payload) -> dict[str, Sequence[Any]]:
    """Field -> [before, after] of those that differ; a new record's are all its fields that hold something."""
    names = dict.fromkeys((*before, *after))
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _confirmed(store: Operations, system: str, batch: Batch) -> dict[str, tuple[str | None, _Payload]]:
    """Hub id -> (hash, payload) of what the system holds by its own word."""
    with store.read() as connection:
        hub_ids = [entry.hub_id for entry in batch.entries]
        query = (
            select(links.c.hub_id, links.c.payload_hash, payloads.c.payload)
            .select_from(links.outerjoin(payloads, payloads.c.entry_id == links.c.entry_id))
            .where(links.c.system == system, links.c.collection == batch.collection, ~links.c.deleted)
            .where(among(connection, links.c.hub_id, hub_ids))
        )
        return {hub_id: (hash_, _decoded(payload)) for hub_id, hash_, payload in connection.execute(query)}


def _queued(store: Operations, ids: Sequence[int]) -> dict[int, tuple[str | None, _Payload]]:
    with store.read() as connection:
        query = (
            select(outbox.c.entry_id, outbox.c.payload_hash, payloads.c.payload)
            .select_from(outbox.outerjoin(payloads, payloads.c.entry_id == outbox.c.entry_id))
            .where(among(connection, outbox.c.entry_id, ids))
        )
        return {entry_id: (hash_, _decoded(payload)) for entry_id, hash_, payload in connection.execute(query)}


def _decoded(payload: bytes | None) -> _Payload:
    return {} if payload is None else msgspec.json.decode(payload)
