"""Causes in the operations store. Each has an alert of its own id from its opening to its end; the same cause again is
another alert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from ipaas_dagster.alerts.causes import Cause
from ipaas_dagster.operations.care import alerts
from ipaas_dagster.records import new_id

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class Alert:
    """`told_at`, `recovery_told_at`: when the receiver took it (None: not yet). `trouble` is why it did not last."""

    alert_id: str
    cause: str
    kind: str
    message: str
    opened_at: datetime
    told_at: datetime | None
    closed_at: datetime | None
    recovery_told_at: datetime | None
    tries: int
    tried_at: datetime | None
    trouble: str | None
    run_id: str


def open_alerts(project: Project) -> list[Alert]:
    """Those whose cause was there when it was looked at last, the oldest first."""
    with project.operations.read() as connection:
        return _read(connection, alerts.c.closed_at.is_(None))


def untold(connection: Connection) -> list[Alert]:
    """What the receiver is still owed: openings, and ends of what it was told or will be."""
    told, over = alerts.c.told_at.is_(None), alerts.c.closed_at.is_not(None) & alerts.c.recovery_told_at.is_(None)
    return _read(connection, told | over)


def note(connection: Connection, now: Iterable[Cause], kinds: Sequence[str], run_id: str, at: datetime) -> None:
    """Open what is new, close what is over among the alerts of these kinds."""
    causes = {cause.name: cause for cause in now}
    known = {one.cause: one for one in _read(connection, alerts.c.closed_at.is_(None))}
    over = [one.alert_id for one in known.values() if one.kind in kinds and one.cause not in causes]
    if over:
        connection.execute(update(alerts).where(alerts.c.alert_id.in_(over)).values(closed_at=at))
    rows = [
        {
            "alert_id": new_id(),
            "cause": cause.name,
            "kind": cause.kind,
            "message": cause.message,
            "opened_at": at,
            "tries": 0,
            "run_id": run_id,
        }
        for cause in causes.values()
        if cause.name not in known
    ]
    if rows:
        connection.execute(insert(alerts), rows)


def close(connection: Connection, cause: str, at: datetime) -> None:
    mine = (alerts.c.cause == cause) & alerts.c.closed_at.is_(None)
    connection.execute(update(alerts).where(mine).values(closed_at=at))


def mark(connection: Connection, alert_id: str, **values: Any) -> None:
    connection.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(values))


def _read(connection: Connection, which: Any) -> list[Alert]:
    query = select(alerts).where(which).order_by(alerts.c.opened_at, alerts.c.alert_id)
    return [Alert(**row._mapping) for row in connection.execute(query)]
