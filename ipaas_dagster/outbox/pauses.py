"""Systems and routes that are paused: nothing is sent there until a person says so; what is owed stays owed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from ipaas_dagster.operations.care import pauses
from ipaas_dagster.operations.put import put_new

WHOLE = ""
"""In place of a hub collection: the whole system."""


class Pause(NamedTuple):
    system: str
    collection: str
    reason: str
    paused_at: datetime

    @property
    def name(self) -> str:
        """As `ipaas resume` takes it."""
        return f"{self.system}/{self.collection}" if self.collection else self.system


def read_pauses(connection: Connection, system: str | None = None) -> list[Pause]:
    query = select(pauses.c.system, pauses.c.collection, pauses.c.reason, pauses.c.paused_at)
    if system is not None:
        query = query.where(pauses.c.system == system)
    return [Pause._make(row) for row in connection.execute(query.order_by(pauses.c.system, pauses.c.collection))]


def pause(connection: Connection, system: str, collection: str, reason: str, run_id: str, now: datetime) -> None:
    """One that is paused already keeps its reason and time."""
    row = {"system": system, "collection": collection, "reason": reason, "run_id": run_id, "paused_at": now}
    put_new(connection, pauses, **row)


def resume(connection: Connection, system: str, collection: str | None = None) -> int:
    """How many pauses were ended: that of one route, or all of the system's."""
    mine = pauses.c.system == system
    if collection is not None:
        mine &= pauses.c.collection == collection
    return connection.execute(delete(pauses).where(mine)).rowcount
