"""Send one batch: its intent is committed before, its outcomes after. Nothing is held meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from ipaas_dagster.destinations.base import Batch, BatchRefused, Outcome, Paused, Throttled, Unreachable
from ipaas_dagster.outbox import pauses, sending
from ipaas_dagster.outbox.claim import Claim, write_ended
from ipaas_dagster.outbox.delivery import Delivery, OutOfPatience
from ipaas_dagster.outbox.entry import batch_id
from ipaas_dagster.outbox.sending import Owed
from ipaas_dagster.outbox.settling import Answered, settle
from ipaas_dagster.records import Call, new_id


class Moved(Exception):
    """Something else changed an entry between reading and writing it; nothing was sent."""


@dataclass(frozen=True)
class Parcel:
    """A batch with the claim it was made of. `repeat`: it was sent before, and its answer was lost."""

    batch: Batch
    claim: Claim
    repeat: bool = False


def parcel(collection: str, claim: Claim, batch: str | None = None) -> Parcel:
    """`batch` is the id of a batch that is repeated."""
    entries = [entry for _, entry in claim.entries]
    name = batch or batch_id(entry.request_key for entry in entries)
    return Parcel(Batch(name, collection, entries), claim, repeat=batch is not None)


def send(delivery: Delivery, parcel: Parcel) -> None:
    """Raises Unreachable, Paused and OutOfPatience after committing what they mean, Moved before anything is sent."""
    call = _commit_intent(delivery, parcel)
    batch = replace(parcel.batch, sending_id=call.call_id, attempt=call.attempt, repeat=parcel.repeat)
    answer = _deliver(delivery, batch)
    _commit_answer(delivery, parcel, call, answer)
    problem = answer.problem
    if isinstance(problem, Unreachable | Paused):
        raise problem
    if isinstance(problem, Throttled):
        wait_or_stop(delivery, problem)
    if isinstance(problem, BatchRefused) and len(parcel.batch.entries) > 1:
        _send_halves(delivery, parcel)


def wait_or_stop(delivery: Delivery, problem: Throttled) -> None:
    """Wait as the system asks. Raises OutOfPatience where that is longer than this run will."""
    if not delivery.pause(problem.seconds):
        raise OutOfPatience(f"it asks to wait {problem.seconds:g} s: {problem}") from problem


def note_pause(connection: Connection, delivery: Delivery, collection: str, problem: Paused) -> None:
    """Nothing is sent from now on, to this route or to the whole system."""
    route = collection if problem.route_only else pauses.WHOLE
    pauses.pause(connection, delivery.system, route, str(problem), delivery.run_id, delivery.clock())


@dataclass(frozen=True)
class _Answer:
    outcomes: tuple[Outcome, ...]
    problem: Throttled | Unreachable | Paused | BatchRefused | None = None


def _deliver(delivery: Delivery, batch: Batch) -> _Answer:
    try:
        return _Answer(tuple(delivery.destination.deliver(batch)))
    except (Throttled, Unreachable, Paused) as problem:
        return _Answer(problem.outcomes, problem)
    except BatchRefused as problem:
        alone = len(batch.entries) == 1
        outcomes = (Outcome(batch.entries[0].entry_id, "rejected", reason=str(problem)),) if alone else ()
        return _Answer(outcomes, problem)


def _send_halves(delivery: Delivery, refused: Parcel) -> None:
    entries, middle = refused.claim.entries, len(refused.claim.entries) // 2
    for half in (entries[:middle], entries[middle:]):
        send(delivery, parcel(refused.batch.collection, Claim(half, [], [])))


def _commit_intent(delivery: Delivery, parcel: Parcel) -> Call:
    owed = [one for one, _ in parcel.claim.entries]
    named = delivery.destination.ledger_name(parcel.batch)
    method, path = named or ("", "")
    sending_id = new_id()
    call = Call(
        call_id=sending_id,
        sending_id=sending_id,
        system=delivery.system,
        direction="write",
        method=method,
        path=path,
        started_at=delivery.clock(),
        attempt=owed[0].attempts + 1,
        bytes_out=sum(len(one.payload or b"") for one in owed),
        request_digest=_digest(owed) if named else "",
        outcome="intent",
        run_id=delivery.run_id,
    )
    with delivery.operations.write() as connection:
        write_ended(connection, delivery, parcel.claim)
        marked = sending.mark_sending(
            connection,
            owed,
            batch=parcel.batch.batch_id,
            call_id=call.call_id,
            run_id=delivery.run_id,
            now=call.started_at,
            sent=_to_keep(delivery, parcel),
        )
        if not marked:
            raise Moved
        if named:
            delivery.note_call(connection, call)
    delivery.calls += 1
    return call


def _digest(owed: Sequence[Owed]) -> str:
    """Of the payloads in their order, one a line; they stand in the outbox, so the ledger need not repeat them."""
    total = sha256()
    for one in owed:
        total.update((one.payload or b"") + b"\n")
    return total.hexdigest()


def _to_keep(delivery: Delivery, parcel: Parcel) -> dict[int, bytes]:
    """Payloads as sent, where a doubt repeats them and references have become the system's ids."""
    if delivery.by_hub_id or not delivery.repeats or parcel.repeat:
        return {}
    encode = msgspec.json.Encoder(order="sorted").encode
    return {e.entry_id: encode(e.payload) for e in parcel.batch.entries if e.payload is not None}


def _commit_answer(delivery: Delivery, parcel: Parcel, call: Call, answer: _Answer) -> None:
    now, problem = delivery.clock(), answer.problem
    said = type(problem).__name__.lower() if problem else "ok"
    answered = Answered(
        delivery.system,
        parcel.batch.collection,
        parcel.batch.batch_id,
        [one for one, _ in parcel.claim.entries],
        answer.outcomes,
        delivery.keeps,
        repeat=parcel.repeat and not isinstance(problem, BatchRefused),
        untouched=str(problem) if problem else None,
    )
    took = (now - call.started_at) / timedelta(milliseconds=1)
    # Should a loss of power take this back, the batch is in doubt, as after a crash before the answer.
    with delivery.operations.write(survives_power_loss=False) as connection:
        if call.method:
            delivery.note_call(connection, replace(call, outcome=said, reason=str(problem or ""), duration_ms=took))
        if isinstance(problem, Paused):
            note_pause(connection, delivery, parcel.batch.collection, problem)
        settled = settle(
            connection, answered, now=now, chance=delivery.chance, limit=delivery.attempts, waits=delivery.waits
        )
    delivery.count(parcel.batch.collection, settled)
    hub_ids = {one.entry_id: one.hub_id for one, _ in parcel.claim.entries}
    for outcome in answer.outcomes:
        if outcome.reason and outcome.kind == "delivered":
            delivery.remark(parcel.batch.collection, hub_ids[outcome.entry_id], outcome.reason)
