"""Use case: send a plan's batches, in its order, and nothing else.

Each batch goes the way of every delivery: intent, send, outcomes. Between the two stands a guard that compares what
is about to be sent with what was planned, byte by byte, and lets nothing else through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ipaas_dagster.deliver import DeliverResult, Means, connect, counts_of, delivery_to, queue_changes
from ipaas_dagster.destinations.base import Batch, Capabilities, Destination, Entry, Outcome, Paused, Unreachable
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import NotAccounted, UsageError
from ipaas_dagster.outbox import blocking, sending
from ipaas_dagster.outbox.claim import Claim, as_sent, claim_of
from ipaas_dagster.outbox.delivery import Delivery, OutOfPatience
from ipaas_dagster.outbox.dispatch import parcel, send
from ipaas_dagster.outbox.drain import settle_doubts, wait_for_doubts
from ipaas_dagster.outbox.links import external_ids
from ipaas_dagster.outbox.pauses import read_pauses
from ipaas_dagster.plan.document import PlanFile
from ipaas_dagster.plan.model import PlannedBatch
from ipaas_dagster.plan.standing import MovedOn, moved_on
from ipaas_dagster.plan.wire import as_request, same
from ipaas_dagster.project import Project


class PlanMoved(NotAccounted):
    """Nothing was sent: these records, or the ground under all of them, have moved on since."""

    def __init__(self, moved: Sequence[MovedOn]) -> None:
        first = f"the plan does not hold any more ({len(moved):,} moved on): nothing was sent; make a new plan"
        some = [str(one) for one in moved[:20]]
        more = [f"and {len(moved) - len(some):,} more"] if len(moved) > len(some) else []
        super().__init__([first, *some, *more])
        self.moved = tuple(moved)


@dataclass
class Applied:
    """`skipped` are planned batches that could not be sent as planned, with the reason; what they hold stays owed."""

    result: DeliverResult
    batches: int = 0
    skipped: list[str] = field(default_factory=list)


def apply(project: Project, plan: PlanFile, means: Means | None = None) -> Applied:
    """Raises PlanMoved before anything is sent, UsageError where the plan is of another system than there is."""
    system, means = plan.header.system, means or Means(connect)
    _check_system(project, plan)
    with project.locks.hold(f"deliver-{system}"):
        _refuse_paused(project, system)
        notes: list[str] = []
        tallies = queue_changes(project, system, means.chunk, notes)
        _make_ready(project, system)
        moved = moved_on(project, plan)
        if moved:
            raise PlanMoved(moved)
        applied = Applied(DeliverResult(system, {}))
        with _delivering(project, plan, means) as delivery:
            stopped = _send_all(delivery, plan, applied) if delivery else "it cannot be reached"
    notes += delivery.remarks_in_words() if delivery else []
    routes = counts_of(project, system, tallies, delivery)
    calls = delivery.calls if delivery else 0
    applied.result = DeliverResult(system, routes, calls=calls, stopped=stopped, notes=tuple(notes))
    return applied


def _check_system(project: Project, plan: PlanFile) -> None:
    system = project.worksheet.system(plan.header.system)
    if system.kind.name != plan.header.kind:
        raise UsageError(
            f"the plan is for {system.name} of the kind {plan.header.kind}, which is {system.kind.name} now"
        )
    off = project.worksheet.switched_off(system.name, project.settings)
    if off is not None:
        raise UsageError(f"{system.name} is switched off: {off}")


def _refuse_paused(project: Project, system: str) -> None:
    with project.operations.read() as connection:
        for pause in read_pauses(connection, system):
            raise PlanMoved([MovedOn(f"{pause.name} is paused: {pause.reason} (ipaas resume {pause.name})")])


def _make_ready(project: Project, system: str) -> None:
    """As the rehearsal found it: what a process left is in doubt, what was blocked is looked at again, and what
    waits for its next attempt gets it now."""
    now = project.clock()
    with project.operations.write() as connection:
        sending.doubt_what_was_left(connection, system, now)
        blocking.release_all(connection, system, now)
        sending.wake(connection, system, now, due_only=False)


@contextmanager
def _delivering(project: Project, plan: PlanFile, means: Means) -> Iterator[Delivery | None]:
    system = plan.header.system
    destination = means.connect(project, system)
    try:
        guard = AsPlanned(destination)
        yield delivery_to(project, system, guard, means, owed=sum_of(plan))
    finally:
        destination.close()


def sum_of(plan: PlanFile) -> int:
    return sum(sum(counts.values()) for counts in plan.summary.records.values())


def _send_all(delivery: Delivery, plan: PlanFile, applied: Applied) -> str | None:
    """Why it stopped before the end, or None."""
    guard = delivery.destination
    assert isinstance(guard, AsPlanned)
    try:
        for batch in plan.batches():
            why = _send(delivery, guard, batch)
            while why is None and wait_for_doubts(delivery):
                settle_doubts(delivery, due_only=True)
            if why is None:
                applied.batches += 1
            else:
                applied.skipped.append(f"batch {batch.number} ({batch.collection}): {why}")
    except (Unreachable, OutOfPatience, Paused) as error:
        return str(error)
    return None


def _send(delivery: Delivery, guard: AsPlanned, planned: PlannedBatch) -> str | None:
    """Send one batch; a system that asks to wait is waited for. Why it cannot go as planned, or None."""
    while owed := _still_owed(delivery, planned):
        claim = _claim(delivery, planned, owed)
        if isinstance(claim, str):
            return claim
        guard.expected = planned, _known(delivery, planned)
        send(delivery, parcel(planned.collection, claim, planned.batch_id if planned.repeat else None))
    return None


def _still_owed(delivery: Delivery, planned: PlannedBatch) -> list[sending.Owed]:
    """The batch's entries, in its order, that wait to be sent: all of them, or, after its answer, none."""
    state = "in_doubt" if planned.repeat else "pending"
    with delivery.operations.read() as connection:
        found = sending.owed_of(connection, delivery.system, planned.collection, [e.hub_id for e in planned.entries])
    by_key = {one.request_key: one for one in found if (one.batch_id is not None) == (state == "in_doubt")}
    return [by_key[entry.request_key] for entry in planned.entries if entry.request_key in by_key]


def _claim(delivery: Delivery, planned: PlannedBatch, owed: list[sending.Owed]) -> Claim | str:
    if len(owed) != len(planned.entries):
        return f"{len(planned.entries) - len(owed)} of its records were answered already; the rest is another batch"
    if planned.repeat:
        return Claim(list(zip(owed, as_sent(delivery, planned.collection, owed), strict=True)), [], [])
    route = delivery.route(planned.collection)
    if route is None:
        return "its route is gone"
    claim = claim_of(delivery, route, planned.entries[0].operation, owed)
    for stuck in claim.stuck:
        return f"{stuck.entry.hub_id} waits for {stuck.on}: {stuck.reason}"
    for one, _, reason in claim.ended:
        return f"{one.hub_id}: {reason}"
    return claim


def _known(delivery: Delivery, planned: PlannedBatch) -> dict[str, str]:
    """Marker -> the id that a record got meanwhile."""
    holes = {h.marker: (h.collection, h.hub_id) for r in planned.requests for h in r.holes if h.collection and h.hub_id}
    refs = {marker: (str(collection), str(hub_id)) for marker, (collection, hub_id) in holes.items()}
    with delivery.operations.read() as connection:
        ids = external_ids(connection, delivery.system, refs.values())
    return {marker: ids[ref] for marker, ref in refs.items() if ref in ids}


@dataclass
class AsPlanned:
    """The destination, which sends a batch only if its requests are the planned ones. A repeat after a lost answer
    is let through: it is the same batch under the same keys."""

    real: Destination
    expected: tuple[PlannedBatch, Mapping[str, str]] | None = None

    @property
    def capabilities(self) -> Capabilities:
        return self.real.capabilities

    def check(self) -> str:
        return self.real.check()

    def requests(self, batch: Batch) -> Sequence[Request]:
        return self.real.requests(batch)

    def deliver(self, batch: Batch) -> Sequence[Outcome]:
        if self.expected is None or not (batch.repeat or self._is_planned(batch, *self.expected)):
            raise Unreachable(
                "what would be sent is not what was planned, so it was not sent (a batch that is refused as a whole "
                "is sent in halves, which no plan holds: use `ipaas deliver`); make a new plan"
            )
        return self.real.deliver(batch)

    def _is_planned(self, batch: Batch, planned: PlannedBatch, known: Mapping[str, str]) -> bool:
        if batch.batch_id != planned.batch_id:
            return False
        wanted = [as_request(request).filled(known) for request in planned.requests]
        real = self.real.requests(replace(batch, sending_id="", attempt=1))
        return len(wanted) == len(real) and all(map(same, wanted, real))

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        return self.real.resolve(entries)

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        return self.real.read(collection, object, keys)

    def ledger_name(self, batch: Batch) -> tuple[str, str] | None:
        return self.real.ledger_name(batch)

    def close(self) -> None:
        self.real.close()
