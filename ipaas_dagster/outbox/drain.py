"""Deliver what a system is owed, in order, until nothing is deliverable now.

doubts of before are settled first; then, again and again:
    writes, collection by collection, parents first; then deletes, children first
    read the oldest pending -> commit `sending` -> send -> commit the outcomes
an entry that waits a short while for its next attempt is waited for, within the delivery's patience
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from ipaas_dagster.destinations.base import Batch, Outcome, Paused, Throttled, Unreachable
from ipaas_dagster.outbox import blocking, for_good, sending
from ipaas_dagster.outbox.claim import Claim, as_sent, claim, write_ended
from ipaas_dagster.outbox.delivery import Delivery, Operation, OutOfPatience
from ipaas_dagster.outbox.dispatch import Moved, note_pause, parcel, parcels, send, wait_or_stop
from ipaas_dagster.outbox.rendering import Renders
from ipaas_dagster.outbox.sending import Owed
from ipaas_dagster.outbox.settling import Answered, settle
from ipaas_dagster.records import Call, new_id


def drain(delivery: Delivery) -> str | None:
    """Returns why the system could not be served to the end, or None. Only for the system's one deliverer: what it
    finds in `sending` was left by a process that is no more."""
    with delivery.operations.write() as connection:
        sending.doubt_what_was_left(connection, delivery.system, delivery.clock())
        blocking.release_all(connection, delivery.system, delivery.clock())
    try:
        stopped = _serve(delivery)
    finally:
        delivery.threads.shutdown()
    for_good.find(delivery)
    return stopped


def _serve(delivery: Delivery) -> str | None:
    try:
        settle_doubts(delivery, due_only=bool(delivery.waits))
        while _round(delivery) or _waited(delivery):
            pass
    except (Unreachable, OutOfPatience) as error:
        return str(error)
    except Paused:
        return None  # it stands in the store, and is told from there
    return None


def _round(delivery: Delivery) -> bool:
    """Everything that is deliverable now, once; whether anything moved."""
    with delivery.operations.write() as connection:
        sending.wake(connection, delivery.system, delivery.clock())
    moved = False
    for route in delivery.routes:
        moved |= _send_all(delivery, route, "upsert")
    for route in reversed(delivery.routes):
        moved |= _send_all(delivery, route, "delete")
    return settle_doubts(delivery, due_only=True) or moved


def _waited(delivery: Delivery) -> bool:
    """Wait for the next entry whose time comes within this run's patience."""
    with delivery.operations.read() as connection:
        due = sending.next_wait(connection, delivery.system, delivery.paused)
    if due is None:
        return False
    return delivery.pause((due - delivery.clock()) / timedelta(seconds=1))


def _send_all(delivery: Delivery, route: Renders, operation: Operation) -> bool:
    moved = False
    while route.collection not in delivery.paused and not (found := claim(delivery, route, operation)).empty:
        moved = True
        if not found.entries:
            with delivery.operations.write() as connection:
                write_ended(connection, delivery, found)
            continue
        try:
            send(delivery, *parcels(route.collection, found))
        except Moved:
            continue
        except Paused as problem:
            _only_the_route(delivery, route.collection, problem)
    return moved


def _only_the_route(delivery: Delivery, collection: str, problem: Paused) -> None:
    """The others go on; or, where the whole system is paused, the problem goes up."""
    if not problem.route_only:
        raise problem
    delivery.paused.add(collection)


def wait_for_doubts(delivery: Delivery) -> bool:
    """Whether something is in doubt and was waited for, within this run's patience."""
    with delivery.operations.read() as connection:
        doubts = sending.in_doubt(connection, delivery.system, None)
        due = sending.next_wait(connection, delivery.system) if doubts else None
    if not doubts:
        return False
    return delivery.pause((due - delivery.clock()) / timedelta(seconds=1)) if due else True


def settle_doubts(delivery: Delivery, *, due_only: bool) -> bool:
    """Ask about, or repeat, what was sent without an answer; whether anything was in doubt and due."""
    batches = _doubtful(delivery, due_only)
    for (batch, collection), owed in batches.items():
        try:
            _settle_doubt(delivery, batch, collection, owed)
        except Paused as problem:
            _only_the_route(delivery, collection, problem)
    return bool(batches)


def _settle_doubt(delivery: Delivery, batch: str, collection: str, owed: Sequence[Owed]) -> None:
    if delivery.repeats:
        entries = list(zip(owed, as_sent(delivery, collection, owed), strict=True))
        send(delivery, parcel(collection, Claim(entries, [], []), batch))
    else:
        _ask(delivery, batch, collection, owed)


def _doubtful(delivery: Delivery, due_only: bool) -> dict[tuple[str, str], list[Owed]]:
    """Whole batches: a repeat must hold what the first sending held."""
    now = delivery.clock() if due_only else None
    with delivery.operations.read() as connection:
        due = {one.batch_id for one in sending.in_doubt(connection, delivery.system, now)}
        doubts = sending.in_doubt(connection, delivery.system, None) if due else []
    batches: dict[tuple[str, str], list[Owed]] = {}
    for one in doubts:
        if one.batch_id in due and one.collection not in delivery.paused:
            batches.setdefault((one.batch_id or "", one.collection), []).append(one)
    return batches


def _ask(delivery: Delivery, batch: str, collection: str, owed: Sequence[Owed]) -> None:
    doubtful = Batch(batch, collection, as_sent(delivery, collection, owed))
    try:
        outcomes = _resolve(delivery, doubtful)
    except Throttled as problem:
        wait_or_stop(delivery, problem)
        return  # it stays in doubt, and is asked about again
    except Paused as problem:
        with delivery.operations.write() as connection:
            note_pause(connection, delivery, collection, problem)
        raise
    answered = Answered(delivery.system, collection, batch, owed, outcomes, delivery.keeps, asked=True)
    with delivery.operations.write() as connection:
        settled = settle(connection, answered, now=delivery.clock(), chance=delivery.chance, waits=delivery.waits)
    delivery.count(collection, settled)


def _resolve(delivery: Delivery, doubtful: Batch) -> Sequence[Outcome]:
    """Ask what became of a batch; the question is a call of the ledger like any other."""
    named = delivery.destination.ledger_name(doubtful)
    started, outcome, reason = delivery.clock(), "ok", ""
    try:
        return delivery.destination.resolve(doubtful.entries)
    except Exception as error:
        outcome, reason = type(error).__name__.lower(), str(error)
        raise
    finally:
        if named:
            took = (delivery.clock() - started) / timedelta(milliseconds=1)
            call = Call(new_id(), delivery.system, "read", "ASK", named[1], started, duration_ms=took, outcome=outcome)
            with delivery.operations.write(survives_power_loss=False) as connection:
                delivery.note_call(connection, replace(call, reason=reason, run_id=delivery.run_id))
