"""What waits in the inbox for the source's collections, and how its rows move on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from ipaas_dagster.operations.tables import inbox, landings
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM
from ipaas_dagster.source.collections import POLLED, SNAPSHOTS
from ipaas_dagster.webhooks.rows import DONE, LANDED, PENDING, WAITING

MOST_ROWS = 50_000
"""Read at once; the rest is left for the next time."""
_MINE = inbox.c.system == SOURCE_SYSTEM


class Hint(NamedTuple):
    """`record_id` None: something changed in the collection."""

    event_id: str
    record_id: str | None
    method: str
    received_at: datetime
    reason: str | None


@dataclass(frozen=True)
class Hints:
    """The pending events of one collection, as they were before anything was read for them."""

    collection: str
    rows: Sequence[Hint]

    @property
    def record_ids(self) -> list[str]:
        """Each record once, as first named."""
        return list(dict.fromkeys(row.record_id for row in self.rows if row.record_id is not None))


def waiting_hints(project: Project, collections: Sequence[str] = (*POLLED, *SNAPSHOTS)) -> dict[str, datetime]:
    """Source collections with pending webhooks -> when the newest was received. What was landed and is merged by now
    is done first."""
    settle(project)
    query = (
        select(inbox.c.collection, func.max(inbox.c.received_at))
        .where(_MINE, inbox.c.state == PENDING, inbox.c.collection.in_(collections))
        .group_by(inbox.c.collection)
    )
    with project.operations.read() as connection:
        return {collection: newest for collection, newest in connection.execute(query)}


def read_hints(project: Project, collection: str, system: str = SOURCE_SYSTEM) -> Hints:
    """Read before the source is: only then does what it answers say what these events were about."""
    columns = (inbox.c.event_id, inbox.c.source_id, inbox.c.method, inbox.c.received_at, inbox.c.reason)
    mine = (inbox.c.system == system) & (inbox.c.collection == collection)
    query = select(*columns).where(mine, inbox.c.state == PENDING)
    with project.operations.read() as connection:
        found = connection.execute(query.order_by(inbox.c.received_at).limit(MOST_ROWS)).all()
    return Hints(collection, [Hint(*row) for row in found])


class Step(NamedTuple):
    """An event's next state. `landing_id`: what brought it, where it is `landed`."""

    hint: Hint
    state: str
    landing_id: str | None = None
    reason: str | None = None


def move(connection: Connection, steps: Iterable[Step], now: datetime, system: str = SOURCE_SYSTEM) -> None:
    """Write these states, in the caller's transaction. A row that was told again meanwhile stays pending."""
    rows = [
        {"id": s.hint.event_id, "at": s.hint.received_at, "st": s.state, "landed": s.landing_id, "why": s.reason,
         "ended": now if s.state == DONE else None}
        for s in steps
    ]  # fmt: skip
    if not rows:
        return
    mine = (inbox.c.system == system) & (inbox.c.event_id == bindparam("id")) & (inbox.c.received_at == bindparam("at"))
    values: dict[str, Any] = {"state": bindparam("st"), "landing_id": bindparam("landed"), "reason": bindparam("why")}
    values["done_at"] = bindparam("ended")
    connection.execute(update(inbox).where(mine, inbox.c.state == PENDING).values(values), rows)


def settle(project: Project) -> int:
    """Events whose landing was merged are done; where it was set aside as damaged they are pending again. Returns how
    many are done now."""
    landed = inbox.c.state == LANDED
    with project.operations.read() as connection:
        if connection.scalar(select(inbox.c.event_id).where(landed).limit(1)) is None:
            return 0

    with project.operations.write() as connection:
        merged = update(inbox).where(landed, _whose_landing_is("merged", "pruned"))
        done = connection.execute(merged.values(state=DONE, done_at=project.clock())).rowcount
        damaged = update(inbox).where(landed, _whose_landing_is("damaged"))
        connection.execute(damaged.values(state=PENDING, landing_id=None, reason="its landing was damaged"))
    return done


def _whose_landing_is(*states: str) -> ColumnElement[bool]:
    return inbox.c.landing_id.in_(select(landings.c.landing_id).where(landings.c.state.in_(states)))


def reconciled(project: Project, collection: str, started: datetime) -> None:
    """A reconcile that began at `started` has ended: deletes that waited for it are dealt with."""
    mine = _MINE & (inbox.c.collection == collection) & (inbox.c.state == WAITING) & (inbox.c.received_at <= started)
    with project.operations.write() as connection:
        connection.execute(update(inbox).where(mine).values(state=DONE, done_at=project.clock()))


@dataclass(frozen=True)
class Standing:
    """Events of one system, collection and state, for one reason."""

    system: str
    collection: str
    state: str
    reason: str | None
    events: int
    since: datetime


def standing(project: Project) -> list[Standing]:
    """All events by what became of them, done ones too."""
    settle(project)
    group = (inbox.c.system, inbox.c.collection, inbox.c.state, inbox.c.reason)
    query = select(*group, func.count(), func.min(inbox.c.received_at)).group_by(*group).order_by(*group)
    with project.operations.read() as connection:
        return [Standing(*row) for row in connection.execute(query)]
