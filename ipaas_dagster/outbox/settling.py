"""What is committed after a batch's answer: outcomes, links, attempts, and what they mean for other entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, exists, func, select, update

from ipaas_dagster.destinations.base import Outcome
from ipaas_dagster.operations.tables import attempts, outbox
from ipaas_dagster.outbox import links
from ipaas_dagster.outbox.among import among, among_given
from ipaas_dagster.outbox.backoff import ATTEMPTS, wait_seconds
from ipaas_dagster.outbox.blocking import release
from ipaas_dagster.outbox.children import requeue_children
from ipaas_dagster.outbox.entry import BUSY, OPERATIONS, REPLACEABLE, Next, State, after_answer, after_question
from ipaas_dagster.outbox.queue import DIED_OF, supersede
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
    waits: Sequence[float] = (),
) -> Settled:
    """Write what became of a batch, in the caller's transaction. `limit`: attempts before an entry is dead; `waits`:
    seconds between them, where the destination has its own."""
    outcomes = {outcome.entry_id: outcome for outcome in answered.outcomes}
    delivered: list[Owed] = []
    failed: list[tuple[Owed, Next]] = []
    for entry in answered.entries:
        outcome = outcomes.get(entry.entry_id)
        if outcome is not None and outcome.kind == "delivered":
            delivered.append(entry)
        else:
            failed.append((entry, _next(entry, outcome, answered, limit)))
    _write_failed(connection, answered, failed, outcomes, now, lambda used: wait_seconds(used, chance(), waits))
    _give_way(connection, answered, [e for e, after in failed if after.state in REPLACEABLE], now)
    requeued = _write_delivered(connection, answered, delivered, outcomes, now) if delivered else {}
    return Settled(
        len(delivered),
        sum(after.state is State.DEAD for _, after in failed),
        sum(after.state is State.IN_DOUBT for _, after in failed),
        requeued,
    )


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
    answered: Answered,
    failed: Sequence[tuple[Owed, Next]],
    outcomes: Mapping[int, Outcome],
    now: datetime,
    wait: Callable[[int], float],
) -> None:
    if not failed:
        return
    rows: list[dict[str, Any]] = []
    for entry, after in failed:
        waits = after.state in (State.WAITING, State.IN_DOUBT)
        again = now + timedelta(seconds=wait(after.attempts)) if waits else None
        kept = answered.batch_id if after.state is State.IN_DOUBT else None
        row = {"id": entry.entry_id, "st": after.state.value, "n": after.attempts, "why": after.reason}
        outcome = outcomes.get(entry.entry_id)
        said = outcome.kind if outcome else "in_doubt" if waits else "not_sent"
        rows.append({**row, "again": again, "batch": kept, "said": said})
    values = {
        "state": bindparam("st"), "attempts": bindparam("n"), "reason": bindparam("why"),
        "next_attempt_at": bindparam("again"), "batch_id": bindparam("batch"), "updated_at": now,
    }  # fmt: skip
    connection.execute(update(outbox).where(outbox.c.entry_id == bindparam("id")).values(values), rows)
    told = (attempts.c.entry_id == bindparam("id")) & (attempts.c.outcome == _begun(answered))
    said_ = {"outcome": bindparam("said"), "reason": bindparam("why"), "ended_at": now}
    connection.execute(update(attempts).where(told).values(said_), rows)


def _begun(answered: Answered) -> str:
    """The outcome by which the attempts stand until now."""
    return "in_doubt" if answered.asked else "intent"


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
    system, collection, keeps = answered.system, answered.collection, answered.keeps_hub_ids
    named = {e.hub_id: str(x) for e in delivered if (x := outcomes[e.entry_id].external_id) and not keeps}
    before = links.external_ids(connection, system, ((collection, h) for h in named), alive=False)
    confirmed = (_confirmed(e, e.hub_id if keeps else named.get(e.hub_id)) for e in delivered)
    links.confirm(connection, system, collection, confirmed, now)
    given = {
        "ids": [e.entry_id for e in delivered],
        "begun": _begun(answered),
        "one_more": 0 if answered.asked else 1,
        "now": now,
    }
    for statement in _delivering(connection.dialect.name):
        connection.execute(statement, given)
    _write_remarks(connection, delivered, outcomes)
    _resolve_dead(connection, answered, delivered, now)
    if keeps:
        return {}
    release(connection, system, [e.hub_id for e in delivered], now)
    moved = [h for h, x in named.items() if before.get((collection, h), x) != x]
    return requeue_children(connection, system, collection, moved, now) if moved else {}


def _write_remarks(connection: Connection, delivered: Sequence[Owed], outcomes: Mapping[int, Outcome]) -> None:
    """What is odd about a success is kept beside it."""
    said = [{"id": e.entry_id, "why": why} for e in delivered if (why := outcomes[e.entry_id].reason)]
    if said:
        which = outbox.c.entry_id == bindparam("id")
        connection.execute(update(outbox).where(which).values(reason=bindparam("why")), said)


def _confirmed(entry: Owed, external_id: str | None) -> links.Confirmed:
    deleted = entry.operation == "delete"
    hash_ = None if deleted else entry.payload_hash
    return links.Confirmed(entry.hub_id, external_id, hash_, entry.version, entry.entry_id, deleted)


@cache
def _delivering(dialect: str) -> tuple[Update, Update]:
    """The attempts' outcome and the entries' state; made once, since every batch executes them."""
    told = among_given(dialect, attempts.c.entry_id, "ids") & (attempts.c.outcome == bindparam("begun"))
    mine = among_given(dialect, outbox.c.entry_id, "ids") & outbox.c.state.in_(BUSY)
    done = {"state": State.DELIVERED.value, "attempts": outbox.c.attempts + bindparam("one_more")}
    nothing_more = {"reason": None, "sent": None, "next_attempt_at": None}
    return (
        update(attempts).where(told).values(outcome="delivered", ended_at=bindparam("now")),
        update(outbox).where(mine).values(**done, **nothing_more, updated_at=bindparam("now")),
    )


_ANY_DEAD = select(
    exists().where(
        outbox.c.system == bindparam("system"),
        outbox.c.state == State.DEAD.value,
        outbox.c.operation.in_(OPERATIONS),  # all there are; so SQLite finds the index of what is owed
        outbox.c.collection == bindparam("collection"),
    )
)


def _resolve_dead(connection: Connection, answered: Answered, delivered: Sequence[Owed], now: datetime) -> None:
    """A later success stands for the dead entries of the same record."""
    if not connection.scalar(_ANY_DEAD, {"system": answered.system, "collection": answered.collection}):
        return
    last = {e.hub_id: e.entry_id for e in delivered}
    dead = (outbox.c.system == answered.system) & (outbox.c.state == State.DEAD.value)
    dead &= outbox.c.collection == answered.collection
    query = select(outbox.c.entry_id, outbox.c.hub_id).where(dead, among(connection, outbox.c.hub_id, list(last)))
    older = [row.entry_id for row in connection.execute(query) if row.entry_id < last[row.hub_id]]
    if older:
        reason = "a later entry of this record was delivered"
        connection.execute(
            update(outbox)
            .where(among(connection, outbox.c.entry_id, older))
            .values(state=State.SUPERSEDED.value, reason=reason, updated_at=now, died_of=DIED_OF)
        )
