"""How each route of one system stands after a delivery: what it is owed, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipaas_dagster.outbox.entry import State
from ipaas_dagster.status.owed import Owed, read_owed

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class RouteStanding:
    """`owed_since`: when the oldest entry that a run may still move was queued; `stuck_since`: when the oldest one
    died, or was found to be blocked for good. `oldest_seconds` is the age of the first, 0 where nothing is owed."""

    owed_since: datetime | None = None
    stuck_since: datetime | None = None
    oldest_seconds: float = 0.0


def route_standings(project: Project, system: str) -> dict[str, RouteStanding]:
    """By hub collection; a route that is owed nothing is left out."""
    with project.operations.read() as connection:
        found = read_owed(connection, system)
    now = project.clock()
    return {name: _standing([o for o in found if o.collection == name], now) for name in {o.collection for o in found}}


def _standing(owed: Iterable[Owed], now: datetime) -> RouteStanding:
    stuck = [one.since for one in owed if one.state is State.DEAD or one.for_good]
    open_ = [one.since for one in owed if one.state is not State.DEAD and not one.for_good]
    oldest = min(open_, default=None)
    age = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
    return RouteStanding(oldest, min(stuck, default=None), age)
