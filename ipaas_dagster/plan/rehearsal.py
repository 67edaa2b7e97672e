"""A delivery against a copy of the operations store: the very code that delivers, with a destination that keeps
what it would send. What the system itself would answer is taken to be yes.

The system may be asked (what is there, which token an update needs); it is never written to, and neither is the
state folder, but for the ledger's rows of these questions.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipaas_dagster.deliver import Means, deliver, setting
from ipaas_dagster.destinations import destination_kind
from ipaas_dagster.destinations.base import Batch, Capabilities, Destination, Entry, Outcome, TellsLimits
from ipaas_dagster.destinations.notes import Notes
from ipaas_dagster.destinations.requests import Request, hole
from ipaas_dagster.errors import UsageError
from ipaas_dagster.locks import Locks
from ipaas_dagster.plan.copying import copy_of
from ipaas_dagster.plan.document import PlanFile, Writer, read_plan, writing
from ipaas_dagster.plan.entries import planned_entries
from ipaas_dagster.plan.model import Header, PlannedBatch, PlannedHole
from ipaas_dagster.plan.wire import planned_request
from ipaas_dagster.project import Project
from ipaas_dagster.records import Call

if TYPE_CHECKING:
    from ipaas_dagster.operations import Operations

Connect = Callable[[Project, str], Destination]


def make_plan(project: Project, system: str, out: Path, connect: Connect | None = None) -> PlanFile:
    """Write the plan of the next delivery to `system` into `out`, and give it back.

    Raises UsageError where the system is switched off or `out` cannot be written, Unreachable where it cannot be
    asked. A plan without batches is a plan too: nothing is owed.
    """
    off = project.worksheet.switched_off(system, project.settings)
    if off is not None:
        raise UsageError(f"{system} is switched off, so nothing would be sent: {off}")
    with tempfile.TemporaryDirectory(prefix="ipaas-plan-") as folder, _undisturbed(project, system):
        copy = copy_of(project.operations, system, Path(folder))
        try:
            with writing(out, _header(project, system)) as writer:
                _rehearse(project, system, copy, Locks(Path(folder)), writer, connect)
        finally:
            copy.dispose()
    return read_plan(out)


@contextmanager
def _undisturbed(project: Project, system: str) -> Iterator[None]:
    """While nobody delivers to the system. One to which nobody ever delivered has no lock yet, and gets none."""
    name = f"deliver-{system}"
    with project.locks.hold(name) if project.locks.known(name) else nullcontext():
        yield


def _header(project: Project, system: str) -> Header:
    head = project.hub.head()
    templates = {route.collection: route.digest for route in project.worksheet.routes(system)}
    kind = project.worksheet.system(system).kind.name
    return Header(system, kind, head.epoch, head.seq, project.clock().isoformat(), templates)


def _rehearse(
    project: Project, system: str, copy: Operations, locks: Locks, writer: Writer, connect: Connect | None
) -> None:
    time = _Time(project.clock)
    rehearsed = project.beside(copy, locks, time.now)
    looks = _Looks(project, system)
    destination = looks.connect(connect)
    stage = Stage(destination, project.operations, copy, system, writer)
    try:
        result = deliver(rehearsed, system, Means(lambda _, __: stage, wait=time.wait, pins=False))
        if isinstance(destination, TellsLimits):
            writer.summary.limits = list(destination.limits())
    finally:
        destination.close()
    paused = [f"{name} is paused: {reason}" for name, reason in result.paused.items()]
    writer.summary.look_ups, writer.summary.stopped = looks.made, result.stopped or "; ".join(paused) or None
    for counts in result.routes.values():
        for state, count in counts.states.items():
            if state not in ("delivered", "superseded", "dead"):
                writer.summary.waiting[state] = writer.summary.waiting.get(state, 0) + count


@dataclass
class _Time:
    """The project's clock, moved on by every wait instead of waiting."""

    clock: Callable[[], datetime]
    waited: timedelta = timedelta()

    def now(self) -> datetime:
        return self.clock() + self.waited

    def wait(self, seconds: float) -> None:
        self.waited += timedelta(seconds=seconds)


@dataclass
class _Looks:
    """The real system, to be asked: its calls stand in the real ledger, its notes are only read."""

    project: Project
    system: str
    made: int = 0

    def connect(self, connect: Connect | None) -> Destination:
        if connect is not None:
            return connect(self.project, self.system)
        real = setting(self.project, self.system)

        def record(call: Call) -> None:
            self.made += 1
            real.record_call(call)

        kind = destination_kind(self.project.worksheet.system(self.system).kind.name)
        return kind.connect(replace(real, notes=_ReadOnly(real.notes), record_call=record))


@dataclass
class _ReadOnly:
    notes: Notes
    kept: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)

    def read(self, batch_id: str) -> Mapping[str, Any] | None:
        return self.kept[batch_id] if batch_id in self.kept else self.notes.read(batch_id)

    def write(self, batch_id: str, note: Mapping[str, Any]) -> None:
        self.kept[batch_id] = dict(note)

    def forget(self, batch_id: str) -> None:
        self.kept[batch_id] = None


@dataclass
class Stage:
    """A destination that keeps what it would send. An id that the system would give is a marker from then on."""

    real: Destination
    operations: Operations
    rehearsed: Operations
    system: str
    writer: Writer
    promised: dict[str, PlannedHole] = field(default_factory=dict)
    """Ids that do not exist yet, by marker."""
    number: int = 0

    @property
    def capabilities(self) -> Capabilities:
        return self.real.capabilities

    def check(self) -> str:
        return self.real.check()

    def requests(self, batch: Batch) -> Sequence[Request]:
        return self.real.requests(batch)

    def deliver(self, batch: Batch) -> list[Outcome]:
        requests = self.real.requests(batch)
        sent = {entry_id for request in requests for entry_id in request.entries}
        self.number += 1
        planned = PlannedBatch(
            self.number,
            batch.batch_id,
            batch.collection,
            batch.repeat,
            planned_entries(self.operations, self.rehearsed, self.system, batch, sent),
            [planned_request(request, self.promised) for request in requests],
        )
        self.writer.add(planned)
        return [self._taken(entry, entry.entry_id in sent) for entry in batch.entries]

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        return self.real.resolve(entries)

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        return self.real.read(collection, object, keys)

    def ledger_name(self, batch: Batch) -> None:
        return None

    def close(self) -> None:
        pass

    def _taken(self, entry: Entry, sent: bool) -> Outcome:
        if not sent:
            return Outcome(entry.entry_id, "rejected", reason="it would be refused before it is sent")
        external = entry.external_id
        if external is None and not self.capabilities.keeps_hub_ids and entry.operation == "upsert":
            made = hole(entry.request_key, "created_id", f"the new id of {entry.hub_id}")
            external = made.marker
            self.promised[external] = PlannedHole(external, made.kind, made.of, entry.collection, entry.hub_id)
        return Outcome(entry.entry_id, "delivered", external_id=external)
