"""Holds: mass deletes that were taken out of a merge and wait for a person. They live in the hub, in the same
transaction as the merge that was held, so that no crash can lose one."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from ipaas_dagster.hub.deletes import Held

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection

HOLDS = "hub.holds"


@dataclass(frozen=True)
class Hold:
    """`subjects` are (hub id, time of the observation that found it gone)."""

    hold_id: str
    collection: str
    source_collection: str
    landing_id: str
    records: int
    alive: int
    reason: str
    state: str
    created_at: datetime
    subjects: tuple[tuple[str, datetime], ...]


def write_hold(connection: HubConnection, held: Held, *, source: str, landing_id: str, created_at: datetime) -> str:
    """Record a hold; waiting ones that it covers wholly are withdrawn. Returns its id."""
    hold_id = f"{landing_id}.{held.collection}"
    share = 100 * held.records / max(held.alive, 1)
    reason = f"{held.records} of {held.alive} live {held.collection} ({share:.0f}%) would be deleted at once"
    covered = {hub_id for hub_id, _ in json.loads(held.subjects)}
    for hold in list_holds(connection):
        if hold.collection == held.collection and {hub_id for hub_id, _ in hold.subjects} <= covered:
            decide(connection, hold.hold_id, "withdrawn", created_at, landing_id)
    connection.execute(
        f"INSERT INTO {HOLDS} VALUES (?, ?, ?, ?, 'mass_delete', ?, ?, ?, ?, 'waiting', ?, NULL, NULL)",
        [
            hold_id,
            held.collection,
            source,
            landing_id,
            held.records,
            held.alive,
            reason,
            held.subjects,
            created_at,
        ],
    )
    return hold_id


def decide(connection: HubConnection, hold_id: str, state: str, at: datetime, landing_id: str | None) -> None:
    connection.execute(
        f"UPDATE {HOLDS} SET state = ?, decided_at = ?, decided_landing_id = ? WHERE hold_id = ?",
        [state, at, landing_id, hold_id],
    )


def list_holds(connection: HubConnection, *, waiting_only: bool = True) -> list[Hold]:
    where = "WHERE state = 'waiting'" if waiting_only else ""
    rows = connection.execute(f"""
        SELECT hold_id, collection, source_collection, landing_id, records, alive, reason, state, created_at,
            subjects FROM {HOLDS} {where} ORDER BY created_at, hold_id""").fetchall()
    names = [f.name for f in fields(Hold)]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [Hold(**{**row, "subjects": _subjects(row["subjects"])}) for row in found]


def _subjects(text: str) -> tuple[tuple[str, datetime], ...]:
    return tuple((hub_id, datetime.fromisoformat(at)) for hub_id, at in json.loads(text))
