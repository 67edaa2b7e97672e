"""Entries of the outbox that are not done, by cause: those that are stuck, and those that a run will move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, select

from ipaas_dagster.operations.tables import outbox
from ipaas_dagster.outbox.entry import OPEN, State
from ipaas_dagster.outbox.pauses import WHOLE, Pause
from ipaas_dagster.status.causes import OTHER_CAUSES, cause_of, root_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

REASONS = 2_000
"""So many different reasons are told apart, the most frequent first; what is beyond is counted together."""


@dataclass(frozen=True)
class Owed:
    """Entries of one route, state and cause. `for_good`: blocked by a record that will not come. `since`: when they
    died, or were found to be blocked for good; of others, when they were queued."""

    system: str
    collection: str
    state: State
    for_good: bool
    cause: str
    entries: int
    since: datetime
    next_attempt_at: datetime | None
    example: str
    reason: str
    first_entry: int


def read_owed(connection: Connection, system: str | None = None) -> list[Owed]:
    """All that is open, and dead letters that nobody let go; every entry is counted in exactly one of them. Of one
    system, or of all."""
    rows = _grouped(connection, system)
    examples = _hub_ids(connection, [row.first for row in rows])
    found: dict[tuple[Any, ...], Owed] = {}
    for number, row in enumerate(rows):
        reason = row.reason or ""
        cause = root_of(cause_of(reason)) if number < REASONS else OTHER_CAUSES
        new = Owed(
            row.system,
            row.collection,
            State(row.state),
            bool(row.for_good),
            cause,
            row.entries,
            row.since,
            row.next_attempt,
            examples.get(row.first, ""),
            reason,
            row.first,
        )
        key = new.system, new.collection, new.state, new.for_good, cause
        found[key] = _together(found[key], new) if key in found else new
    return list(found.values())


def _grouped(connection: Connection, system: str | None) -> Sequence[Any]:
    o = outbox.c
    is_for_good = and_(o.state == State.BLOCKED.value, o.told_at.is_not(None))
    since = case((o.state == State.DEAD.value, o.updated_at), (is_for_good, o.told_at), else_=o.queued_at)
    for_good = case((is_for_good, 1), else_=0)
    query = (
        select(
            o.system,
            o.collection,
            o.state,
            for_good.label("for_good"),
            o.reason,
            func.count().label("entries"),
            func.min(since).label("since"),
            func.min(o.next_attempt_at).label("next_attempt"),
            func.min(o.entry_id).label("first"),
        )
        .where(o.state.in_([*OPEN, State.DEAD]), o.acknowledged_at.is_(None))
        .group_by(o.system, o.collection, o.state, for_good, o.reason)
        .order_by(func.count().desc(), func.min(o.entry_id))
    )
    return connection.execute(query if system is None else query.where(o.system == system)).all()


def _hub_ids(connection: Connection, entries: Sequence[int]) -> dict[int, str]:
    """Of the entries that stand as examples."""
    found: dict[int, str] = {}
    for start in range(0, min(len(entries), REASONS + 1), 500):
        some = entries[start : start + 500]
        query = select(outbox.c.entry_id, outbox.c.hub_id).where(outbox.c.entry_id.in_(some))
        found |= {entry_id: hub_id for entry_id, hub_id in connection.execute(query)}
    return found


def _together(one: Owed, other: Owed) -> Owed:
    """Of one cause: the one that is there longest is the example."""
    first = min(one, other, key=lambda owed: (owed.since, owed.first_entry))
    soonest = min((o.next_attempt_at for o in (one, other) if o.next_attempt_at), default=None)
    return replace(first, entries=one.entries + other.entries, next_attempt_at=soonest)


def pause_of(owed: Owed, pauses: Iterable[Pause]) -> Pause | None:
    """The pause that keeps it from being sent."""
    mine = [pause for pause in pauses if pause.system == owed.system and pause.collection in (WHOLE, owed.collection)]
    return min(mine, key=lambda pause: pause.paused_at, default=None)


def open_since(owed: Iterable[Owed]) -> Mapping[str, datetime]:
    """System -> when its oldest entry that is neither done nor dead was queued."""
    found: dict[str, datetime] = {}
    for one in owed:
        if one.state is not State.DEAD:
            found[one.system] = min(found.get(one.system, one.since), one.since)
    return found
