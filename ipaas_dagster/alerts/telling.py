"""Alerts as events to the receiver of the preset `alerts`, signed as those of the destination `webhook`.

    {"type": "ipaas.alert.opened" | "ipaas.alert.recovered" | "ipaas.alert.test", "timestamp": ..., "data": {alert_id,
     cause, kind, message, opened_at, closed_at}}

The event's id is the alert's (with `_over` for its end), the same for every attempt, so that a receiver that was told
twice can tell. An end is never told before its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ipaas_dagster.alerts import keeping
from ipaas_dagster.alerts.keeping import Alert
from ipaas_dagster.destinations.base import Paused, Throttled, Unreachable

if TYPE_CHECKING:
    from ipaas_dagster.destinations.webhook import WebhookDestination
    from ipaas_dagster.project import Project

PRESET = "alerts"
TIMEOUT_SECONDS = "5"
LONGEST_WAIT = timedelta(hours=1)


def receiver(project: Project) -> WebhookDestination | None:
    """None where the preset is not there or lacks a variable. Raises SettingsError for a wrong field."""
    from ipaas_dagster.deliver import record_call
    from ipaas_dagster.destinations.base import Setting
    from ipaas_dagster.destinations.webhook import WebhookDestination
    from ipaas_dagster.ledger.guard import Guard, secret_parts

    presets = project.worksheet.presets
    preset = presets.resolve(PRESET, project.settings) if PRESET in presets.fields else None
    if preset is None or preset.missing is not None:
        return None
    guard = Guard(secret_parts(preset.fields[name] for name in preset.secrets if name in preset.fields))
    fields = {"timeout_seconds": TIMEOUT_SECONDS, **preset.fields}
    setting = Setting(PRESET, fields, {}, project.clock, lambda call: record_call(project, call, guard))
    return WebhookDestination(setting)


def tell(project: Project, to: WebhookDestination, owed: Sequence[Alert]) -> str | None:
    """In order, until one is not taken; what is left is told by the next check. Returns why it ended early."""
    for alert in owed:
        now = project.clock()
        if not _is_due(alert, now):
            continue
        try:
            if alert.told_at is None:
                to.tell(alert.alert_id, "ipaas.alert.opened", now, _data(alert))
                _mark(project, alert, told_at=now)
            if alert.closed_at is not None:
                to.tell(f"{alert.alert_id}_over", "ipaas.alert.recovered", now, _data(alert))
                _mark(project, alert, recovery_told_at=now)
        except (Unreachable, Throttled, Paused) as problem:
            _mark(project, alert, tries=alert.tries + 1, tried_at=now, trouble=str(problem))
            return str(problem)
    return None


def tell_test(project: Project, to: WebhookDestination, alert_id: str) -> None:
    """Raises Unreachable, Throttled, Paused."""
    now = project.clock()
    data = {"alert_id": alert_id, "kind": "test", "message": "a test: alerts of ipaas_dagster arrive here"}
    to.tell(alert_id, "ipaas.alert.test", now, data)


def _is_due(alert: Alert, now: datetime) -> bool:
    """A receiver that does not answer is asked again after a minute, then after twice as long, at most an hour."""
    if alert.tried_at is None:
        return True
    return now - alert.tried_at >= min(timedelta(minutes=2 ** min(alert.tries - 1, 6)), LONGEST_WAIT)


def _mark(project: Project, alert: Alert, **values: object) -> None:
    done = {"trouble": None, **values}
    with project.operations.write() as connection:
        keeping.mark(connection, alert.alert_id, **done)


def _data(alert: Alert) -> dict[str, object]:
    named = ("alert_id", "cause", "kind", "message", "opened_at", "closed_at")
    return {name: getattr(alert, name) for name in named}
