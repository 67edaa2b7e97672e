"""A use case in a process of its own that stops itself (SIGSTOP) at a named moment of its work.

python -m ipaas_dagster_tests.leases.stopped MOMENT [FOLDER KIND]     settings from the environment
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ipaas_dagster.deliver import setting
from ipaas_dagster.destinations import destination_kind
from ipaas_dagster.destinations.base import Batch, Destination, Outcome
from ipaas_dagster.merge import merge
from ipaas_dagster.operations import Operations
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.records import Call, LandingNote, Scope
from ipaas_dagster.settings import load
from ipaas_dagster.source.landing import LandingStore, Writer
from ipaas_dagster_tests.outbox.world import World, customers


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def once(label: str, done: int, total: int | None) -> None:
    """Progress that stops at the first that is told of the collection itself."""
    if not _stopped:
        _stopped.append(label)
        stop()


_stopped: list[str] = []


class _StopsAtManifest(Writer):
    """When the data is in place and the manifest is not."""

    def _manifest(self, note: LandingNote, calls: Sequence[Mapping[str, Any]]) -> None:
        stop()
        super()._manifest(note, calls)


class _StopsWhenClosed(Writer):
    """When the landing is complete and not noted."""

    def close(self, *scope: Any, **more: Any) -> LandingNote:
        note = super().close(*scope, **more)
        stop()
        return note


class _Landings(LandingStore):
    def __init__(self, url: str, writer: type[Writer]) -> None:
        super().__init__(url)
        self._writer = writer

    def writer(self, collection: str, *, run_id: str, landing_id: str | None = None) -> Writer:
        made = super().writer(collection, run_id=run_id, landing_id=landing_id)
        made.__class__ = self._writer
        return made


class _StopsAtItsMark(Operations):
    """When the hub has the landing and the operations store does not know."""

    armed = False

    @contextmanager
    def write(self, *, survives_power_loss: bool = True) -> Iterator[Connection]:
        if self.armed:
            stop()
        with super().write(survives_power_loss=survives_power_loss) as connection:
            yield connection


def scan(moment: str) -> None:
    project = Project(load(), say=print)
    writers = {"renamed": _StopsAtManifest, "landed": _StopsWhenClosed}
    if moment in writers:
        project.__dict__["landings"] = _Landings(project.settings.landings_url, writers[moment])
    else:
        project.progress = once
    pull(project, "accounts", Scope.full())


def merging(moment: str) -> None:
    project = Project(load(), say=print)
    if moment == "begun":
        project.progress = once
    else:
        store = _StopsAtItsMark(project.settings.operations_url)
        project.__dict__["operations"] = store
        project.progress = lambda label, done, total: setattr(store, "armed", True)
    merge(project, ["accounts"])


class Late:
    """A destination that stops between the commit of the intent and what is sent."""

    def __init__(self, real: Destination) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def deliver(self, batch: Batch) -> Sequence[Outcome]:
        if not _stopped:
            _stopped.append(batch.batch_id)
            stop()
        return self.real.deliver(batch)


def late(project: Project, system: str) -> Any:
    return Late(_connected(project, system, setting(project, system)))


def later(project: Project, system: str) -> Any:
    """Stops at the last moment of all: the request is noted, its bytes go out next."""
    given = setting(project, system)

    def record(call: Call) -> None:
        given.record_call(call)
        if call.outcome == "intent" and not _stopped:
            _stopped.append(call.call_id)
            stop()

    return _connected(project, system, replace(given, record_call=record))


def _connected(project: Project, system: str, given: Any) -> Destination:
    return destination_kind(project.worksheet.system(system).kind.name).connect(given)


def world(folder: Path, environment: Mapping[str, str]) -> World:
    """The same hub in every process: three customers."""
    made = World(folder, environment=environment, operations_url=environment["IPAAS_OPERATIONS_URL"])
    made.project.settings = replace(made.project.settings, lease_seconds=float(environment["IPAAS_LEASE_SECONDS"]))
    customers(made.hub, 3)
    return made


def delivery(moment: str, folder: str, system: str) -> None:
    made = world(Path(folder), dict(os.environ))
    made.system = None
    means = replace(made.means, connect=late if moment == "checked" else later)
    from ipaas_dagster.deliver import deliver

    deliver(made.project, system, means)


def main() -> None:
    use_case, moment, *more = sys.argv[1:]
    {"scan": scan, "merge": merging, "deliver": delivery}[use_case](moment, *more)


if __name__ == "__main__":
    main()
