"""Use case: forget what the ledger was kept for long enough, in small transactions.

Kept whatever its age: the calls of entries that are open or dead, and those that confirmed what a system holds now:
they are the evidence of it. Entries, attempts, versions and landings are not the ledger's and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, delete, func, select, union

from ipaas_dagster.hub import transaction
from ipaas_dagster.hub.sightings import forget_sightings, forgettable_landings
from ipaas_dagster.operations.tables import attempts, call_bodies, calls, links, outbox
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.entry import OPEN, State

if TYPE_CHECKING:
    from ipaas_dagster.operations import Operations
    from ipaas_dagster.project import Project

CHUNK = 1_000
SIGHTINGS_AT_A_TIME = 500_000


@dataclass(frozen=True)
class Pruned:
    """How many were forgotten, and how many older ones are kept as evidence."""

    calls: int
    bodies: int
    sightings: int
    kept: int


def prune(project: Project, *, chunk: int = CHUNK) -> Pruned:
    """By `settings.ledger_days` and `settings.bodies_days`. One at a time; deliveries and pulls go on meanwhile."""
    now, settings = project.clock(), project.settings
    with project.locks.hold("prune"):
        evidence = _evidence(project.operations)
        old = now - timedelta(days=settings.ledger_days)
        bodies, _ = _prune(project.operations, call_bodies, now - timedelta(days=settings.bodies_days), evidence, chunk)
        forgotten, kept = _prune(project.operations, calls, old, evidence, chunk)
        with_bodies, _ = _prune(project.operations, call_bodies, old, evidence, chunk)
        sightings = _prune_sightings(project, old)
    return Pruned(forgotten, bodies + with_bodies, sightings, kept)


def older(project: Project) -> tuple[int, int]:
    """How many calls and bodies are older than they are to be kept; evidence, which stays, is among them."""
    now, settings = project.clock(), project.settings
    limits = ((calls, settings.ledger_days), (call_bodies, settings.bodies_days))
    with project.operations.read() as connection:
        found = [
            connection.scalar(select(func.count()).select_from(table).where(table.c.call_id < _id_of(now, days))) or 0
            for table, days in limits
        ]
    return found[0], found[1]


def _id_of(now: datetime, days: int) -> str:
    """What ids of calls of that day begin with."""
    return f"{int((now - timedelta(days=days)).timestamp() * 1000):012x}"


def _evidence(operations: Operations) -> frozenset[str]:
    """Sendings of entries that are open, dead, or what a system confirmed last of a record."""
    not_done = attempts.c.entry_id.in_(select(outbox.c.entry_id).where(outbox.c.state.in_([*OPEN, State.DEAD])))
    confirmed = select(attempts.c.call_id).join(links, links.c.entry_id == attempts.c.entry_id)
    with operations.read() as connection:
        found = connection.scalars(union(select(attempts.c.call_id).where(not_done), confirmed))
        return frozenset(call_id for call_id in found if call_id is not None)


def _prune(
    operations: Operations, table: Table, before: datetime, evidence: frozenset[str], chunk: int
) -> tuple[int, int]:
    """(forgotten, kept). Ids of calls begin with their time, so that they are gone through in its order."""
    after, forgotten, kept = "", 0, 0
    end = f"{int(before.timestamp() * 1000):012x}"
    while True:
        with operations.write(survives_power_loss=False) as connection:
            rows = _oldest(connection, table, after, end, chunk)
            gone = [row.call_id for row in rows if (row.sending_id or row.call_id) not in evidence]
            if gone:
                connection.execute(delete(table).where(among(connection, table.c.call_id, gone)))
        forgotten, kept = forgotten + len(gone), kept + len(rows) - len(gone)
        if len(rows) < chunk:
            return forgotten, kept
        after = rows[-1].call_id


def _oldest(connection: Connection, table: Table, after: str, end: str, chunk: int) -> Sequence[Any]:
    """Rows of (call id, sending id)."""
    rows = calls if table is calls else table.outerjoin(calls, calls.c.call_id == table.c.call_id)
    query = select(table.c.call_id, calls.c.sending_id).select_from(rows)
    query = query.where(table.c.call_id > after, table.c.call_id < end)
    return connection.execute(query.order_by(table.c.call_id).limit(chunk)).all()


def _prune_sightings(project: Project, before: datetime) -> int:
    """The hub is opened for some landings at a time, so that nobody waits long for it."""
    forgotten = 0
    for landing_ids in _landings_to_forget(project, before):
        with project.hub.writing() as connection, transaction(connection):
            forgotten += forget_sightings(connection, landing_ids)
    return forgotten


def _landings_to_forget(project: Project, before: datetime) -> list[list[str]]:
    with project.hub.reading() as connection:
        found = [] if connection is None else forgettable_landings(connection, f"{int(before.timestamp() * 1000):012x}")
    parts: list[list[str]] = []
    size = SIGHTINGS_AT_A_TIME
    for landing_id, sightings in found:
        if size + sightings > SIGHTINGS_AT_A_TIME:
            parts.append([])
            size = 0
        parts[-1].append(landing_id)
        size += sightings
    return parts
