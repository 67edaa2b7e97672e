"""What of the hub is open: rejects by cause, holds, and how many changes there are for the routes to read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ipaas_dagster.status.causes import OTHER_CAUSES, cause_of

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection
    from ipaas_dagster.project import Project

REASONS = 2_000
"""So many different reasons of a collection's rejects are told apart; what is beyond is counted together."""


class RejectCause(NamedTuple):
    collection: str
    cause: str
    records: int
    since: datetime
    example: str
    reason: str


class WaitingHold(NamedTuple):
    """A hold without its subjects, which may be many."""

    hold_id: str
    collection: str
    records: int
    reason: str
    since: datetime


@dataclass(frozen=True)
class HubOpen:
    """`changes`: hub collection -> its changes of all time, in the hub of this `epoch`."""

    causes: Sequence[RejectCause] = ()
    holds: Sequence[WaitingHold] = ()
    changes: Mapping[str, int] | None = None
    epoch: str | None = None

    @property
    def rejects(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for cause in self.causes:
            found[cause.collection] = found.get(cause.collection, 0) + cause.records
        return found

    @property
    def rejects_since(self) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for cause in self.causes:
            found[cause.collection] = min(found.get(cause.collection, cause.since), cause.since)
        return found


def read_hub_open(project: Project) -> HubOpen:
    """Opens the hub for reading once; nothing where there is none."""
    with project.hub.reading() as connection:
        if connection is None:
            return HubOpen()
        changes = connection.execute("SELECT collection, count(*) FROM hub.changes GROUP BY 1").fetchall()
        epoch = connection.execute("SELECT value FROM hub.meta WHERE name = 'epoch'").fetchone()
        return HubOpen(_rejects(connection), _holds(connection), dict(changes), epoch[0] if epoch else None)


def count_hub_open(project: Project) -> tuple[dict[str, int], int]:
    """Hub collection -> its open rejects, and how many holds wait. Asked after every run, so the hub is opened only
    where it was written since."""
    rejects, holds = project.hub.remembered("open", _counts) or ({}, 0)
    return dict(rejects), int(holds)


def _counts(connection: HubConnection) -> tuple[dict[str, int], int]:
    from ipaas_dagster.hub.holds import HOLDS
    from ipaas_dagster.hub.rejects import REJECTS

    rejects = connection.execute(f"SELECT collection, count(*) FROM {REJECTS} WHERE {_OPEN} GROUP BY 1 ORDER BY 1")
    counted = {name: int(number) for name, number in rejects.fetchall()}
    holds = connection.execute(f"SELECT count(*) FROM {HOLDS} WHERE state = 'waiting'").fetchone()
    return counted, int(holds[0]) if holds else 0


def _holds(connection: HubConnection) -> list[WaitingHold]:
    from ipaas_dagster.hub.holds import HOLDS

    query = f"SELECT hold_id, collection, records, reason, created_at FROM {HOLDS} WHERE state = 'waiting'"
    return [WaitingHold(*row) for row in connection.execute(f"{query} ORDER BY created_at, hold_id").fetchall()]


_RECORD = "coalesce(hub_id, concat('line ', line, ' of landing ', landing_id))"
_OPEN = "resolved_at IS NULL AND resolution IS NULL"
_REJECTS = f"""
    SELECT collection, cast(reasons AS VARCHAR), count(*), min(rejected_at), min({_RECORD})
    FROM {{rejects}} WHERE {_OPEN}
    GROUP BY collection, cast(reasons AS VARCHAR) ORDER BY 3 DESC, 4, 5"""


def _rejects(connection: HubConnection) -> list[RejectCause]:
    from ipaas_dagster.hub.rejects import REJECTS

    found: dict[tuple[str, str], RejectCause] = {}
    for number, row in enumerate(connection.execute(_REJECTS.format(rejects=REJECTS)).fetchall()):
        collection, reasons, records, since, example = row
        reason = "; ".join(str(one) for one in json.loads(reasons))
        cause = cause_of(reason) if number < REASONS else OTHER_CAUSES
        new = RejectCause(collection, cause, int(records), since, example, reason)
        known = found.get((collection, cause))
        if known is not None:
            first = min(known, new, key=lambda one: one.since)
            new = first._replace(records=known.records + new.records)
        found[collection, cause] = new
    return list(found.values())
