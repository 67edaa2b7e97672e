"""Forgetting webhooks that were done or passed over long ago. One that is sent again after that counts as new: the
record that it names is read once more, which changes nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import inbox

CHUNK = 5_000
OVER = ("done", "ignored")


def prune_inbox(operations: Operations, before: datetime) -> int:
    """Forget what was received before and is over; returns how many."""
    forgotten = 0
    while True:
        old = select(inbox.c.event_id, inbox.c.system).where(_over(before)).limit(CHUNK)
        with operations.write(survives_power_loss=False) as connection:
            rows = connection.execute(old).all()
            for system in {row.system for row in rows}:
                ids = [row.event_id for row in rows if row.system == system]
                for start in range(0, len(ids), 500):
                    mine = (inbox.c.system == system) & inbox.c.event_id.in_(ids[start : start + 500])
                    connection.execute(delete(inbox).where(mine))
        forgotten += len(rows)
        if len(rows) < CHUNK:
            return forgotten


def prunable(operations: Operations, before: datetime) -> int:
    with operations.read() as connection:
        return connection.scalar(select(func.count()).select_from(inbox).where(_over(before))) or 0


def _over(before: datetime) -> ColumnElement[bool]:
    return inbox.c.state.in_(OVER) & (inbox.c.received_at < before)
