"""What is sent next, and the state that is committed before it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Update, bindparam, exists, func, literal_column, select, update
from sqlalchemy import or_ as either

from ipaas_dagster.operations.tables import attempts, calls, outbox, payloads
from ipaas_dagster.outbox.among import among, among_given
from ipaas_dagster.outbox.bulk import insert_many
from ipaas_dagster.outbox.entry import BUSY, OPEN, OPERATIONS, State
from ipaas_dagster.outbox.pruning import carried_over, with_carried


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
    payload_hash: str | None
    refs: Sequence[Sequence[str]] | None
    attempts: int
    batch_id: str | None
    sent: bytes | None
    changed_us: int | None = None


_COLUMNS = [(payloads if name == "payload" else outbox).c[name] for name in Owed._fields]
_ROWS = select(*_COLUMNS).select_from(outbox.outerjoin(payloads, payloads.c.entry_id == outbox.c.entry_id))

# What every batch executes is made once: making a statement costs ten times as much as executing it.

_NEXT = (
    _ROWS.where(
        outbox.c.system == bindparam("system"),
        outbox.c.state == State.PENDING.value,
        outbox.c.operation == bindparam("operation"),
        outbox.c.collection == bindparam("collection"),
    )
    .order_by(outbox.c.entry_id)
    .limit(bindparam("limit"))
)
_BUSY_RECORDS = select(outbox.c.hub_id).where(
    outbox.c.system == bindparam("system"),
    outbox.c.state.in_([literal_column(f"'{state}'") for state in BUSY]),
    outbox.c.operation.in_([literal_column(f"'{operation}'") for operation in OPERATIONS]),
    outbox.c.collection == bindparam("collection"),
)
"""With every operation there is, so that SQLite finds the index of what is owed."""


def wake(connection: Connection, system: str, now: datetime, *, due_only: bool = True) -> None:
    """Entries whose waiting time is over, or all that wait, are pending again."""
    due = (outbox.c.system == system) & (outbox.c.state == State.WAITING.value)
    if due_only:
        due &= either(outbox.c.next_attempt_at.is_(None), outbox.c.next_attempt_at <= now)
    connection.execute(
        update(outbox).where(due).values(state=State.PENDING.value, next_attempt_at=None, updated_at=now)
    )


def next_owed(connection: Connection, system: str, collection: str, operation: str, limit: int) -> list[Owed]:
    """The oldest pending entries, one a record at most. A record that is in doubt waits for its answer."""
    route = {"system": system, "collection": collection}
    doubtful = list(connection.scalars(_BUSY_RECORDS, route))  # few: each batch is settled before the next
    query = _NEXT.where(outbox.c.hub_id.not_in(doubtful)) if doubtful else _NEXT
    rows = connection.execute(query, {**route, "operation": operation, "limit": limit}).all()
    return [Owed._make(row) for row in rows]


def owed_of(connection: Connection, system: str, collection: str, hub_ids: Sequence[str]) -> list[Owed]:
    """Every entry of these records that is pending or in doubt, in the order they were queued."""
    query = _ROWS.where(
        outbox.c.system == system,
        outbox.c.collection == collection,
        among(connection, outbox.c.hub_id, hub_ids),
        outbox.c.state.in_((State.PENDING, State.IN_DOUBT)),
    )
    return [Owed._make(row) for row in connection.execute(query.order_by(outbox.c.entry_id))]


_PENDING = (
    select(outbox.c.entry_id)
    .where(
        outbox.c.system == bindparam("system"),
        outbox.c.state == State.PENDING.value,
        outbox.c.operation == bindparam("operation"),
        outbox.c.collection == bindparam("collection"),
    )
    .limit(1)
    .offset(bindparam("number"))
)


def more_than(connection: Connection, system: str, collection: str, operation: str, number: int) -> bool:
    """Whether a route has more than `number` pending entries; it is not asked how many."""
    given = {"system": system, "collection": collection, "operation": operation, "number": number}
    return connection.scalar(_PENDING, given) is not None


def in_doubt(connection: Connection, system: str, now: datetime | None) -> list[Owed]:
    """Entries in doubt in the order they were queued; with `now`, only those whose next question is due."""
    query = _ROWS.where(outbox.c.system == system, outbox.c.state == State.IN_DOUBT.value)
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
    lost = calls.c.sending_id.in_(select(attempts.c.call_id).where(begun)) & (calls.c.outcome == "intent")
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
    given = {"ids": [one.entry_id for one in owed], "batch": batch, "now": now}
    if connection.execute(_under_way(connection.dialect.name), given).rowcount != len(owed):
        return False
    insert_many(
        connection,
        attempts,
        ("entry_id", "number"),
        [(one.entry_id, one.attempts + 1) for one in owed],
        call_id=call_id,
        started_at=now,
        outcome="intent",
        run_id=run_id,
    )
    if sent:
        connection.execute(
            update(outbox).where(outbox.c.entry_id == bindparam("id")).values(sent=bindparam("bytes")),
            [{"id": entry_id, "bytes": data} for entry_id, data in sent.items()],
        )
    return True


@cache
def _under_way(dialect: str) -> Update:
    mine = among_given(dialect, outbox.c.entry_id, "ids") & outbox.c.state.in_((State.PENDING, State.IN_DOUBT))
    under_way = {"state": State.SENDING.value, "batch_id": bindparam("batch"), "updated_at": bindparam("now")}
    return update(outbox).where(mine).values(next_attempt_at=None, **under_way)


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


def next_wait(connection: Connection, system: str, paused: Collection[str] = ()) -> datetime | None:
    """When the next waiting or doubtful entry may be tried; None where none waits, but those of `paused` routes."""
    query = select(func.min(outbox.c.next_attempt_at)).where(
        outbox.c.system == system, outbox.c.state.in_([State.WAITING, State.IN_DOUBT])
    )
    if paused:
        query = query.where(outbox.c.collection.not_in(sorted(paused)))
    due: datetime | None = connection.scalar(query)
    return due


def how_many_open(connection: Connection, system: str) -> int:
    """Entries that are owed: open in any way."""
    open_ = (outbox.c.system == system) & outbox.c.state.in_(OPEN)
    return connection.scalar(select(func.count()).select_from(outbox).where(open_)) or 0


def states_of(connection: Connection, system: str) -> dict[str, dict[str, int]]:
    """Hub collection -> state -> number of entries, over all time. Grouped as the index of what is owed is ordered,
    which SQLite then reads alone: a fifth of the time."""
    query = (
        select(outbox.c.collection, outbox.c.state, func.count())
        .where(outbox.c.system == system)
        .group_by(outbox.c.state, outbox.c.operation, outbox.c.collection)
    )
    found: dict[str, dict[str, int]] = {}
    for collection, state, count in connection.execute(query):
        states = found.setdefault(collection, {})
        states[state] = states.get(state, 0) + count
    for (its, collection), more in carried_over(connection).items():
        if its == system:
            found[collection] = with_carried(found.get(collection, {}), more)
    return found
