"""Whether a plan still holds, after everything that changed meanwhile was queued.

A planned entry whose record has changed is superseded by a newer one; one that was delivered is no longer pending. So
the outbox alone tells, record by record, what has moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from ipaas_dagster.operations.tables import outbox
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.entry import State
from ipaas_dagster.plan.document import PlanFile
from ipaas_dagster.plan.model import PlannedBatch, PlannedEntry
from ipaas_dagster.project import Project

_SENDABLE = {False: (State.PENDING,), True: (State.IN_DOUBT, State.SENDING)}


@dataclass(frozen=True)
class MovedOn:
    """Why one planned record, or the whole plan (no `hub_id`), does not hold any more."""

    reason: str
    collection: str = ""
    hub_id: str = ""

    def __str__(self) -> str:
        return f"{self.collection} {self.hub_id} {self.reason}" if self.hub_id else self.reason


def moved_on(project: Project, plan: PlanFile) -> list[MovedOn]:
    """Everything that stands against applying the plan; empty where it holds."""
    found = _ground(project, plan)
    for batch in plan.batches() if not found else ():
        found += _of_batch(project, plan.header.system, batch)
    return found


def _ground(project: Project, plan: PlanFile) -> list[MovedOn]:
    header, head = plan.header, project.hub.head()
    if header.epoch and head.epoch != header.epoch:
        return [MovedOn("the hub is another one than the plan was made from")]
    today = {route.collection: route.digest for route in project.worksheet.routes(header.system)}
    return [
        MovedOn(f"the template of {name} has changed since the plan was made")
        for name in dict.fromkeys((*header.templates, *today))
        if header.templates.get(name) != today.get(name)
    ]


def _of_batch(project: Project, system: str, batch: PlannedBatch) -> list[MovedOn]:
    rows = _rows(project, system, batch)
    found = []
    for planned in batch.entries:
        reason = _why(planned, rows.get((planned.hub_id, planned.request_key)), batch.repeat)
        if reason:
            found.append(MovedOn(reason, batch.collection, planned.hub_id))
    return found


def _why(planned: PlannedEntry, row: Any, repeat: bool) -> str | None:
    if row is None:
        return "is not owed as it was planned; it has changed, or the outbox is another one"
    if row.payload_hash != planned.payload_hash:
        return "is rendered otherwise now"
    if row.state in _SENDABLE[repeat]:
        return None
    told = f": {row.reason}" if row.reason else ""
    return f"is {row.state.replace('_', ' ')} by now{told}"


def _rows(project: Project, system: str, batch: PlannedBatch) -> dict[tuple[str, str], Any]:
    hub_ids: Sequence[str] = [planned.hub_id for planned in batch.entries]
    with project.operations.read() as connection:
        query = select(
            outbox.c.hub_id, outbox.c.request_key, outbox.c.state, outbox.c.payload_hash, outbox.c.reason
        ).where(
            outbox.c.system == system,
            outbox.c.collection == batch.collection,
            among(connection, outbox.c.hub_id, hub_ids),
        )
        return {(row.hub_id, row.request_key): row for row in connection.execute(query)}
