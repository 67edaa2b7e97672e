"""Daily partitions by modified time, and how much of a collection a run reads."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import dagster as dg

from ipaas_dagster.orchestration.run import SCOPE_TAG
from ipaas_dagster.records import Scope


def daily(start: date) -> dg.DailyPartitionsDefinition:
    """Days in UTC from `start` on, today's open one included."""
    return dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_offset=1, timezone="UTC")


def open_partition(now: datetime) -> str:
    """The key of the day that `now` is in."""
    return now.astimezone(UTC).date().isoformat()


def scope_of(window: tuple[datetime, datetime], *, now: datetime, tags: Mapping[str, str]) -> Scope | None:
    """What a pull reads; None: since its cursor (everything, where there is none yet).

    The open partition alone polls, because what the cursor has passed is in the hub already. Closed days, and
    ranges, are windows (with the first day the pull takes everything older). The tag `ipaas/scope` overrides both.
    """
    start, end = window
    wanted = tags.get(SCOPE_TAG) or ("since" if start <= now < end and _one_day(start, end) else "window")
    if wanted == "since":
        return None
    if wanted == "full":
        return Scope.full()
    return Scope.window(start, end)


def _one_day(start: datetime, end: datetime) -> bool:
    return (end - start).days <= 1


def scope_text(scope: Scope) -> str:
    """`full`, `since 2026-11-20T10:00:00+00:00`, `window 2026-11-20 ... 2026-11-21`."""
    if scope.kind == "window":
        begin = scope.start.isoformat() if scope.start else "the beginning"
        return f"window {begin} ... {scope.end.isoformat() if scope.end else 'now'}"
    return scope.kind if scope.start is None else f"{scope.kind} {scope.start.isoformat()}"
