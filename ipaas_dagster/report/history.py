"""What moved over time, and how late: counted by the hour in SQL, so that a million entries are some hundred rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from ipaas_dagster.operations.tables import attempts, landings, outbox
from ipaas_dagster.report.hours import hour, hour_of, seconds_from

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ipaas_dagster.project import Project

DAYS, HOURS = 30, 48
MEASURES = ("fetched", "changed", "delivered", "failed")
READ = ("full", "since", "window", "snapshot", "range")
"""Landings with these scopes hold records that the source was asked for."""
NO_FAILURE = ("intent", "sending", "delivered")


@dataclass(frozen=True)
class Bucket:
    """One hour or day. `slowest` and `mean` seconds from the queueing of a delivery to its confirmation; None where
    nothing was delivered."""

    start: datetime
    counts: Mapping[str, int]
    slowest: float | None
    mean: float | None


@dataclass(frozen=True)
class History:
    hours: tuple[Bucket, ...]
    days: tuple[Bucket, ...]


class _Hours:
    """What was counted, by hour: `2026-11-27 09` -> measure -> number."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.slowest: dict[str, float] = {}
        self.seconds: dict[str, float] = defaultdict(float)

    def add(self, measure: str, rows: Iterable[Any]) -> None:
        for key, count in rows:
            self.counts[key][measure] += int(count or 0)

    def lags(self, rows: Iterable[Any]) -> None:
        for key, count, slowest, total in rows:
            self.counts[key]["delivered"] += int(count)
            self.slowest[key] = float(slowest)
            self.seconds[key] += float(total)

    def bucket(self, start: datetime, keys: Iterable[str]) -> Bucket:
        some = [key for key in keys if key in self.counts]
        counts = {name: sum(self.counts[key][name] for key in some) for name in MEASURES}
        slowest = max((self.slowest[key] for key in some if key in self.slowest), default=None)
        total = sum(self.seconds[key] for key in some)
        return Bucket(start, counts, slowest, total / counts["delivered"] if counts["delivered"] else None)


def read_history(project: Project) -> History:
    """The last 48 hours and 30 days up to now. Opens the hub for reading once."""
    now = project.clock()
    first = first_day(now)
    found = _Hours()
    with project.operations.read() as connection:
        _count(connection, found, first)
    found.add("changed", _of_hub(project, "changes", "changed_at", first))
    found.add("failed", _of_hub(project, "rejects", "rejected_at", first))
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=n) for n in reversed(range(HOURS))]
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return History(
        tuple(found.bucket(start, [hour(start)]) for start in hours),
        tuple(found.bucket(day, [hour(day + timedelta(hours=n)) for n in range(24)]) for day in days),
    )


def first_day(now: datetime) -> datetime:
    """The beginning, in UTC, of the days that are looked at."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS - 1)


def _count(connection: Connection, found: _Hours, first: datetime) -> None:
    at = hour_of(landings.c.created_at)
    read = select(at, func.sum(landings.c.records)).where(landings.c.created_at >= first, landings.c.scope.in_(READ))
    found.add("fetched", connection.execute(read.group_by(at)))
    at, took = hour_of(outbox.c.updated_at), seconds_from(outbox.c.queued_at, outbox.c.updated_at)
    done = select(at, func.count(), func.max(took), func.sum(took)).where(
        outbox.c.state == "delivered", outbox.c.updated_at >= first
    )
    found.lags(connection.execute(done.group_by(at)))
    at = hour_of(attempts.c.ended_at)
    failed = select(at, func.count()).where(attempts.c.ended_at >= first, attempts.c.outcome.not_in(NO_FAILURE))
    found.add("failed", connection.execute(failed.group_by(at)))


def _of_hub(project: Project, name: str, column: str, first: datetime) -> list[tuple[str, int]]:
    """Rows of one of the hub's own tables by hour."""
    with project.hub.reading() as connection:
        if connection is None:
            return []
        rows = connection.execute(
            f"SELECT date_trunc('hour', {column}), count(*) FROM hub.{name} WHERE {column} >= ? GROUP BY 1",
            [first],
        ).fetchall()
    return [(hour(at), int(count)) for at, count in rows]
