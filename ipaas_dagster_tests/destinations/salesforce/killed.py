"""A delivery in a process of its own that kills itself, as with `kill -9`: at one of its commits, or beside one of
its calls. Processes are forked from one that has everything imported, so that there can be many.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from ipaas_dagster.deliver import deliver, setting
from ipaas_dagster.destinations.base import Destination
from ipaas_dagster.destinations.salesforce.destination import SalesforceDestination
from ipaas_dagster.project import Project
from ipaas_dagster.records import Call
from ipaas_dagster_tests.destinations.salesforce.stage import SYSTEM, Stage
from ipaas_dagster_tests.outbox.killed import Mortal

RECORDS = 10
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "ipaas_dagster.outbox.drain", "sqlalchemy.dialects.sqlite", "httpx"])
NEVER = 1_000_000


def fill(stage: Stage) -> None:
    """The same hub in every process: customers with a contact each."""
    for n in range(RECORDS):
        parent = stage.customer(n)
        stage.put("contacts", f"instagaze:contacts:{n}", customer_id=parent, name=f"Contact {n}")


@dataclass(frozen=True)
class Beside:
    """The first call of that method whose path ends so: `before` it goes out, its intent being committed, or `after`
    its answer, before that is."""

    method: str
    ending: str
    when: str

    def connect(self, project: Project, system: str) -> Destination:
        real = setting(project, system)

        def record(call: Call) -> None:
            mine = call.method == self.method and call.path.endswith(self.ending)
            if mine and self.when == "after" and call.outcome != "intent":
                os.kill(os.getpid(), signal.SIGKILL)
            real.record_call(call)
            if mine and self.when == "before" and call.outcome == "intent":
                os.kill(os.getpid(), signal.SIGKILL)

        return SalesforceDestination(replace(real, record_call=record))


def _deliver(folder: str, environment: Mapping[str, str], commit: int, when: str, beside: Beside | None) -> None:
    stage = Stage(Path(folder), environment=environment)
    fill(stage)
    project = stage.world.project
    project.__dict__["operations"] = Mortal(project.settings.operations_url, commit, when)
    deliver(project, SYSTEM, replace(stage.means, connect=beside.connect) if beside else stage.means)


def started(
    stage: Stage, folder: Path, commit: int = NEVER, when: str = "after", beside: Beside | None = None
) -> BaseProcess:
    """The process, under way; it kills itself just before or after its `commit`th commit, or beside a call."""
    environment = dict(stage.world.project.settings.environment)
    process = _CONTEXT.Process(target=_deliver, args=(str(folder), environment, commit, when, beside))
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()


__all__ = ["RECORDS", "SYSTEM", "Beside", "fill", "kill", "started"]
