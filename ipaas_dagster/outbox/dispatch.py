"""Send batches: their intents are committed before, their outcomes after. Nothing is held meanwhile.

Batches of one route that may be under way at once share both commits; they hold different records, so that their order
among each other does not matter.
"""

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
from ipaas_dagster.outbox.settling import Answered, Settled, settle
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


def parcels(collection: str, claim: Claim) -> list[Parcel]:
    """The batches of a claim; what is committed beside their going goes with the first."""
    size = claim.batch_size or len(claim.entries)
    parts = [claim.entries[at : at + size] for at in range(0, len(claim.entries), size)]
    first, *others = [parcel(collection, Claim(part, [], [])) for part in parts]
    return [replace(first, claim=replace(claim, entries=parts[0])), *others]


def send(delivery: Delivery, *parcels: Parcel) -> None:
    """Raises Unreachable, Paused and OutOfPatience after committing what they mean, Moved before anything is sent."""
    calls = _commit_intent(delivery, parcels)
    batches = [
        replace(parcel.batch, sending_id=call.call_id, attempt=call.attempt, repeat=parcel.repeat)
        for parcel, call in zip(parcels, calls, strict=True)
    ]
    answered = list(zip(parcels, calls, _deliver_all(delivery, batches), strict=True))
    _commit_answer(delivery, [(parcel, call, got) for parcel, call, got in answered if isinstance(got, _Answer)])
    for *_, got in answered:
        if isinstance(got, BaseException):
            raise got  # its batch is in doubt from now on
    problems = [got.problem for *_, got in answered if isinstance(got, _Answer)]
    for problem in problems:
        if isinstance(problem, Unreachable | Paused):
            raise problem
    throttled = [problem for problem in problems if isinstance(problem, Throttled)]
    if throttled:
        wait_or_stop(delivery, max(throttled, key=lambda problem: problem.seconds))
    for parcel, problem in zip(parcels, problems, strict=True):
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


def _deliver_all(delivery: Delivery, batches: Sequence[Batch]) -> list[_Answer | BaseException]:
    """The answers in the batches' order; an exception that nobody foresaw in the place of its answer."""
    if len(batches) == 1:
        return [_deliver(delivery, batches[0])]
    under_way = [delivery.threads.submit(_deliver, delivery, batch) for batch in batches]
    return [one.exception() or one.result() for one in under_way]


def _send_halves(delivery: Delivery, refused: Parcel) -> None:
    entries, middle = refused.claim.entries, len(refused.claim.entries) // 2
    for half in (entries[:middle], entries[middle:]):
        send(delivery, parcel(refused.batch.collection, Claim(half, [], [])))


def _commit_intent(delivery: Delivery, parcels: Sequence[Parcel]) -> list[Call]:
    begun = [_intent(delivery, parcel) for parcel in parcels]
    with delivery.operations.write() as connection:
        for parcel, call in zip(parcels, begun, strict=True):
            _write_intent(connection, delivery, parcel, call)
    delivery.calls += len(begun)
    return begun


def _intent(delivery: Delivery, parcel: Parcel) -> Call:
    """Without a method and path where the destination writes its calls down itself."""
    owed = [one for one, _ in parcel.claim.entries]
    named = delivery.destination.ledger_name(parcel.batch)
    method, path = named or ("", "")
    sending_id = new_id()
    return Call(
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


def _write_intent(connection: Connection, delivery: Delivery, parcel: Parcel, call: Call) -> None:
    write_ended(connection, delivery, parcel.claim)
    marked = sending.mark_sending(
        connection,
        [one for one, _ in parcel.claim.entries],
        batch=parcel.batch.batch_id,
        call_id=call.call_id,
        run_id=delivery.run_id,
        now=call.started_at,
        sent=_to_keep(delivery, parcel),
    )
    if not marked:
        raise Moved
    if call.method:
        delivery.note_call(connection, call)


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


def _commit_answer(delivery: Delivery, answered: Sequence[tuple[Parcel, Call, _Answer]]) -> None:
    # Should a loss of power take this back, the batch is in doubt, as after a crash before the answer.
    with delivery.operations.write(survives_power_loss=False) as connection:
        settled = [_write_answer(connection, delivery, *one) for one in answered]
    for (parcel, _, answer), each in zip(answered, settled, strict=True):
        delivery.count(parcel.batch.collection, each)
        hub_ids = {one.entry_id: one.hub_id for one, _ in parcel.claim.entries}
        for outcome in answer.outcomes:
            if outcome.reason and outcome.kind == "delivered":
                delivery.remark(parcel.batch.collection, hub_ids[outcome.entry_id], outcome.reason)


def _write_answer(connection: Connection, delivery: Delivery, parcel: Parcel, call: Call, answer: _Answer) -> Settled:
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
    if call.method:
        delivery.note_call(connection, replace(call, outcome=said, reason=str(problem or ""), duration_ms=took))
    if isinstance(problem, Paused):
        note_pause(connection, delivery, parcel.batch.collection, problem)
    return settle(connection, answered, now=now, chance=delivery.chance, limit=delivery.attempts, waits=delivery.waits)
