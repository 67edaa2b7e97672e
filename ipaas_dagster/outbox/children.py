"""Records queued again because a record they refer to got another id in the system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ipaas_dagster.operations.tables import links, outbox, payloads, positions
from ipaas_dagster.outbox.bulk import reserve_ids
from ipaas_dagster.outbox.entry import OPEN, State, request_key
from ipaas_dagster.outbox.queue import write_payloads

_COPIED = ("system", "collection", "hub_id", "epoch", "seq", "version", "changed_us", "payload_hash", "refs", "run_id")


def requeue_children(
    connection: Connection, system: str, collection: str, parents: Sequence[str], now: datetime
) -> dict[str, int]:
    """Queue the confirmed deliveries that refer to `parents` once more; returns how many by hub collection.

    Reads every confirmed delivery of the system that has references: a parent that gets another id was deleted and
    made anew there, which is rare. The payload is the confirmed one, its reference becomes the new id when sent.
    """
    changed = {(collection, hub_id) for hub_id in parents}
    confirmed = (
        select(outbox, payloads.c.payload)
        .join(links, links.c.entry_id == outbox.c.entry_id)
        .join(payloads, payloads.c.entry_id == outbox.c.entry_id)
        .where(links.c.system == system, ~links.c.deleted, outbox.c.refs.is_not(None))
    )
    found = [
        row
        for row in connection.execute(confirmed).mappings()
        if changed & {(ref[0], ref[1]) for ref in row["refs"] or ()}
    ]
    open_ = _with_open_entry(connection, system)
    found = [row for row in found if (row["collection"], row["hub_id"]) not in open_]
    ids = reserve_ids(connection, outbox.c.entry_id, len(found))
    rows = [{**_again(row, now), "entry_id": entry_id} for entry_id, row in zip(ids, found, strict=True)]
    if rows:
        connection.execute(insert(outbox), rows)
        write_payloads(connection, zip(ids, (row["payload"] for row in found), strict=True))
    return _count(connection, system, rows)


def _again(row: Any, now: datetime) -> dict[str, Any]:
    copied = {name: row[name] for name in _COPIED}
    key = request_key(
        row["system"], row["collection"], row["hub_id"], row["epoch"], row["seq"], "upsert", after=row["entry_id"]
    )
    state = {"operation": "upsert", "state": State.PENDING.value, "request_key": key}
    return {**copied, **state, "queued_at": now, "updated_at": now}


def _with_open_entry(connection: Connection, system: str) -> set[tuple[str, str]]:
    """Records that will be sent anyway, with the new id."""
    query = select(outbox.c.collection, outbox.c.hub_id).where(
        outbox.c.system == system, outbox.c.state.in_([s for s in OPEN if s is not State.IN_DOUBT])
    )
    return {(row.collection, row.hub_id) for row in connection.execute(query)}


def _count(connection: Connection, system: str, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["collection"]] = counts.get(row["collection"], 0) + 1
    for collection, count in counts.items():
        grown = {name: positions.c[name] + count for name in ("changes", "seeded", "queued")}
        key = (positions.c.system == system) & (positions.c.collection == collection)
        connection.execute(update(positions).where(key).values(grown))
    return counts
