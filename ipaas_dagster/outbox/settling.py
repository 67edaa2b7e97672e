"""What is committed after a batch's answer: outcomes, links, attempts, and what they mean for other entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, select, update

from ipaas_dagster.destinations.base import Outcome
from ipaas_dagster.operations.tables import attempts, outbox
from ipaas_dagster.outbox import links
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.backoff import ATTEMPTS, wait_seconds
from ipaas_dagster.outbox.blocking import release
from ipaas_dagster.outbox.children import requeue_children
from ipaas_dagster.outbox.entry import OPERATIONS, REPLACEABLE, Next, State, after_answer, after_question
from ipaas_dagster.outbox.queue import supersede
from ipaas_dagster.outbox.sending import Owed


@dataclass(frozen=True)
class Answered:
    """One batch of one collection whose entries are `sending` (or `in_doubt`, `asked`), and their outcomes.
    Entries without one were not sent if `untouched` says why, else their answer is missing. A `repeat` was sent
    before: until it is answered, it stays in doubt."""

    system: str
    collection: str
    batch_id: str
    entries: Sequence[Owed]
    outcomes: Sequence[Outcome]
    keeps_hub_ids: bool
    asked: bool = False
    repeat: bool = False
    untouched: str | None = None


@dataclass(frozen=True)
class Settled:
    delivered: int
    died: int
    doubtful: int
    requeued: Mapping[str, int]
    """Hub collection -> its records queued again, because a record they refer to has another id there now."""


def settle(
    connection: Connection,
    answered: Answered,
    *,
    now: datetime,
    chance: Callable[[], float],
    limit: int = ATTEMPTS,
) -> Settled:
    """Write what became of a batch, in the caller's transaction. `limit`: attempts before an entry is dead."""
    outcomes = {outcome.entry_id: outcome for outcome in answered.outcomes}
    delivered = [e for e in answered.entries if _kind(outcomes.get(e.entry_id)) == "delivered"]
    failed = [
        (e, _next(e, outcomes.get(e.entry_id), answered, limit))
        for e in answered.entries
        if _kind(outcomes.get(e.entry_id)) != "delivered"
    ]
    _write_failed(connection, failed, outcomes, now, chance, "in_doubt" if answered.asked else "intent")
    _give_way(connection, answered, [e for e, after in failed if after.state in REPLACEABLE], now)
    requeued = _write_delivered(connection, answered, delivered, outcomes, now) if delivered else {}
    return Settled(
        len(delivered),
        sum(after.state is State.DEAD for _, after in failed),
        sum(after.state is State.IN_DOUBT for _, after in failed),
        requeued,
    )


def _kind(outcome: Outcome | None) -> str | None:
    return outcome.kind if outcome else None


def _next(entry: Owed, outcome: Outcome | None, answered: Answered, limit: int) -> Next:
    if outcome is None:
        if answered.untouched is not None:
            state = State.IN_DOUBT if answered.repeat else State.PENDING
            return Next(state, entry.attempts, answered.untouched)
        return after_answer("in_doubt", entry.attempts, limit, "the system did not answer for this record")
    reason = f"{outcome.field}: {outcome.reason}" if outcome.field else outcome.reason
    if answered.asked:
        return after_question(outcome.kind, entry.attempts, reason)
    if answered.repeat and outcome.kind == "retry":
        return after_answer("in_doubt", entry.attempts, limit, reason)
    return after_answer(outcome.kind, entry.attempts, limit, reason)


def _write_failed(
    connection: Connection,
    failed: Sequence[tuple[Owed, Next]],
    outcomes: Mapping[int, Outcome],
    now: datetime,
    chance: Callable[[], float],
    before: str,
) -> None:
    if not failed:
        return
    rows: list[dict[str, Any]] = []
    for entry, after in failed:
        waits = after.state in (State.WAITING, State.IN_DOUBT)
        again = now + timedelta(seconds=wait_seconds(after.attempts, chance())) if waits else None
        kept = entry.batch_id if after.state is State.IN_DOUBT else None
        row = {"id": entry.entry_id, "st": after.state.value, "n": after.attempts, "why": after.reason}
        said = _kind(outcomes.get(entry.entry_id)) or ("in_doubt" if waits else "not_sent")
        rows.append({**row, "again": again, "batch": kept, "said": said})
    values = {
        "state": bindparam("st"), "attempts": bindparam("n"), "reason": bindparam("why"),
        "next_attempt_at": bindparam("again"), "batch_id": bindparam("batch"), "updated_at": now,
    }  # fmt: skip
    connection.execute(update(outbox).where(outbox.c.entry_id == bindparam("id")).values(values), rows)
    told = (attempts.c.entry_id == bindparam("id")) & (attempts.c.outcome == before)
    said_ = {"outcome": bindparam("said"), "reason": bindparam("why"), "ended_at": now}
    connection.execute(update(attempts).where(told).values(said_), rows)


def _give_way(connection: Connection, answered: Answered, owed: Sequence[Owed], now: datetime) -> None:
    """What did not arrive is owed again, unless a newer entry of its record was queued meanwhile: that stands for
    both, and the older must not be sent after it."""
    if not owed:
        return
    newest = (
        select(outbox.c.hub_id, func.max(outbox.c.entry_id))
        .where(
            outbox.c.system == answered.system,
            outbox.c.collection == answered.collection,
            among(connection, outbox.c.hub_id, [e.hub_id for e in owed]),
            outbox.c.state.in_(REPLACEABLE),
        )
        .group_by(outbox.c.hub_id)
    )
    last: dict[str, int] = {hub_id: entry_id for hub_id, entry_id in connection.execute(newest)}
    older = [e.entry_id for e in owed if last[e.hub_id] > e.entry_id]
    supersede(connection, [(entry_id, "a newer entry of this record stands for it") for entry_id in older], now)


def _write_delivered(
    connection: Connection,
    answered: Answered,
    delivered: Sequence[Owed],
    outcomes: Mapping[int, Outcome],
    now: datetime,
) -> Mapping[str, int]:
    """Written as sets, not row by row."""
    system, collection = answered.system, answered.collection
    named = {
        e.hub_id: str(external_id)
        for e in delivered
        if (external_id := outcomes[e.entry_id].external_id) and not answered.keeps_hub_ids
    }
    before = links.external_ids(connection, system, ((collection, h) for h in named), alive=False)
    mine = _still_under_way(connection, answered, delivered)
    links.confirm(connection, mine, now, keeps_hub_ids=answered.keeps_hub_ids)
    links.name_externally(connection, system, collection, named)
    told: ColumnElement[bool] = attempts.c.entry_id.in_(select(outbox.c.entry_id).where(mine))
    told &= attempts.c.outcome == ("in_doubt" if answered.asked else "intent")
    connection.execute(update(attempts).where(told).values(outcome="delivered", ended_at=now))
    done = {"state": State.DELIVERED.value, "attempts": outbox.c.attempts + (0 if answered.asked else 1)}
    connection.execute(
        update(outbox).where(mine).values(**done, reason=None, sent=None, next_attempt_at=None, updated_at=now)
    )
    _resolve_dead(connection, answered, delivered, now)
    if answered.keeps_hub_ids:
        return {}
    release(connection, system, [e.hub_id for e in delivered], now)
    moved = [h for h, x in named.items() if before.get((collection, h), x) != x]
    return requeue_children(connection, system, collection, moved, now) if moved else {}


def _still_under_way(connection: Connection, answered: Answered, delivered: Sequence[Owed]) -> ColumnElement[bool]:
    """The delivered entries: after a send what is still `sending` of the batch, after a question the named ones."""
    if answered.asked:
        return among(connection, outbox.c.entry_id, [e.entry_id for e in delivered])
    return (outbox.c.batch_id == answered.batch_id) & (outbox.c.state == State.SENDING.value)


def _resolve_dead(connection: Connection, answered: Answered, delivered: Sequence[Owed], now: datetime) -> None:
    """A later success stands for the dead entries of the same record."""
    dead = (outbox.c.system == answered.system) & (outbox.c.state == State.DEAD.value)
    dead &= outbox.c.operation.in_(OPERATIONS) & (outbox.c.collection == answered.collection)
    if not connection.scalar(select(exists().where(dead))):
        return
    last = {e.hub_id: e.entry_id for e in delivered}
    query = select(outbox.c.entry_id, outbox.c.hub_id).where(dead, among(connection, outbox.c.hub_id, list(last)))
    older = [row.entry_id for row in connection.execute(query) if row.entry_id < last[row.hub_id]]
    if older:
        reason = "a later entry of this record was delivered"
        connection.execute(
            update(outbox)
            .where(among(connection, outbox.c.entry_id, older))
            .values(state=State.SUPERSEDED.value, reason=reason, updated_at=now)
        )
