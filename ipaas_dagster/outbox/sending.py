"""What is sent next, and the state that is committed before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, func, insert, literal, select, update
from sqlalchemy import or_ as either

from ipaas_dagster.operations.tables import attempts, calls, outbox
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.entry import BUSY, OPEN, OPERATIONS, State


class Owed(NamedTuple):
    """An outbox row on its way. `payload` has references as hub ids; `sent` the bytes of an attempt in doubt."""

    entry_id: int
    request_key: str
    collection: str
    hub_id: str
    operation: str
    epoch: str
    seq: int
    version: int
    payload: bytes | None
    refs: Sequence[Sequence[str]] | None
    attempts: int
    batch_id: str | None
    sent: bytes | None


_COLUMNS = [outbox.c[name] for name in Owed._fields]


def wake(connection: Connection, system: str, now: datetime) -> None:
    """Entries whose waiting time is over are pending again."""
    due = (outbox.c.system == system) & (outbox.c.state == State.WAITING.value)
    due &= either(outbox.c.next_attempt_at.is_(None), outbox.c.next_attempt_at <= now)
    connection.execute(
        update(outbox).where(due).values(state=State.PENDING.value, next_attempt_at=None, updated_at=now)
    )


def next_owed(connection: Connection, system: str, collection: str, operation: str, limit: int) -> list[Owed]:
    """The oldest pending entries, one a record at most. A record that is in doubt waits for its answer."""
    query = (
        select(*_COLUMNS)
        .where(
            outbox.c.system == system,
            outbox.c.state == State.PENDING.value,
            outbox.c.operation == operation,
            outbox.c.collection == collection,
        )
        .order_by(outbox.c.entry_id)
        .limit(limit)
    )
    doubtful = _busy_records(connection, system, collection)
    if doubtful:
        query = query.where(outbox.c.hub_id.not_in(doubtful))
    return [Owed._make(row) for row in connection.execute(query)]


def _busy_records(connection: Connection, system: str, collection: str) -> list[str]:
    """Records with an entry under way; few, since each batch is settled before the next."""
    query = select(outbox.c.hub_id).where(
        outbox.c.system == system,
        outbox.c.state.in_(BUSY),
        outbox.c.operation.in_(OPERATIONS),  # all there are; so SQLite finds the index of what is owed
        outbox.c.collection == collection,
    )
    return list(connection.scalars(query))


def in_doubt(connection: Connection, system: str, now: datetime | None) -> list[Owed]:
    """Entries in doubt in the order they were queued; with `now`, only those whose next question is due."""
    query = select(*_COLUMNS).where(outbox.c.system == system, outbox.c.state == State.IN_DOUBT.value)
    if now is not None:
        query = query.where(either(outbox.c.next_attempt_at.is_(None), outbox.c.next_attempt_at <= now))
    return [Owed._make(row) for row in connection.execute(query.order_by(outbox.c.entry_id))]


def doubt_what_was_left(connection: Connection, system: str, now: datetime) -> int:
    """Entries left in `sending` by a process that is no more are in doubt. Only for the system's one deliverer."""
    left = (outbox.c.system == system) & (outbox.c.state == State.SENDING.value)
    if not connection.scalar(select(exists().where(left))):
        return 0
    reason = "the process that sent it ended before the answer"
    begun = attempts.c.entry_id.in_(select(outbox.c.entry_id).where(left)) & (attempts.c.outcome == "intent")
    lost = calls.c.call_id.in_(select(attempts.c.call_id).where(begun)) & (calls.c.outcome == "intent")
    connection.execute(update(calls).where(lost).values(outcome="in_doubt", reason=reason))
    connection.execute(update(attempts).where(begun).values(outcome="in_doubt", reason=reason, ended_at=now))
    found = update(outbox).where(left).values(state=State.IN_DOUBT.value, reason=reason, updated_at=now)
    return connection.execute(found).rowcount


def mark_sending(
    connection: Connection,
    owed: Sequence[Owed],
    *,
    batch: str,
    call_id: str,
    run_id: str,
    now: datetime,
    sent: Mapping[int, bytes] | None = None,
) -> bool:
    """Write these as under way: state, batch and one attempt each. `sent` are bytes to keep for a repeat, by entry.
    False if one of them is no longer what it was read as; then the caller rolls back and reads again."""
    ids = [one.entry_id for one in owed]
    mine = among(connection, outbox.c.entry_id, ids) & outbox.c.state.in_((State.PENDING, State.IN_DOUBT))
    under_way = {"state": State.SENDING.value, "batch_id": batch, "next_attempt_at": None, "updated_at": now}
    if connection.execute(update(outbox).where(mine).values(under_way)).rowcount != len(ids):
        return False
    row: dict[str, Any] = {
        "entry_id": outbox.c.entry_id,
        "call_id": literal(call_id),
        "number": outbox.c.attempts + 1,
        "started_at": literal(now, attempts.c.started_at.type),
        "outcome": literal("intent"),
        "run_id": literal(run_id),
    }
    source = select(*row.values()).where(outbox.c.batch_id == batch, outbox.c.state == State.SENDING.value)
    connection.execute(insert(attempts).from_select(list(row), source.order_by(outbox.c.entry_id)))
    if sent:
        connection.execute(
            update(outbox).where(outbox.c.entry_id == bindparam("id")).values(sent=bindparam("bytes")),
            [{"id": entry_id, "bytes": data} for entry_id, data in sent.items()],
        )
    return True


def end_early(connection: Connection, ended: Sequence[tuple[Owed, State, str]], now: datetime) -> None:
    """Pending entries that are not sent after all: dead or superseded, each with its reason."""
    if not ended:
        return
    values = {"state": bindparam("st"), "reason": bindparam("why"), "updated_at": now}
    mine = (outbox.c.entry_id == bindparam("id")) & (outbox.c.state == State.PENDING.value)
    connection.execute(
        update(outbox).where(mine).values(values),
        [{"id": one.entry_id, "st": state.value, "why": reason} for one, state, reason in ended],
    )


def next_wait(connection: Connection, system: str) -> datetime | None:
    """When the next waiting or doubtful entry may be tried; None where none waits."""
    query = select(func.min(outbox.c.next_attempt_at)).where(
        outbox.c.system == system, outbox.c.state.in_([State.WAITING, State.IN_DOUBT])
    )
    due: datetime | None = connection.scalar(query)
    return due


def how_many_open(connection: Connection, system: str) -> int:
    """Entries that are owed: open in any way."""
    open_ = (outbox.c.system == system) & outbox.c.state.in_(OPEN)
    return connection.scalar(select(func.count()).select_from(outbox).where(open_)) or 0


def states_of(connection: Connection, system: str) -> dict[str, dict[str, int]]:
    """Hub collection -> state -> number of entries, over all time."""
    query = (
        select(outbox.c.collection, outbox.c.state, func.count())
        .where(outbox.c.system == system)
        .group_by(outbox.c.collection, outbox.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for collection, state, count in connection.execute(query):
        found.setdefault(collection, {})[state] = count
    return found
