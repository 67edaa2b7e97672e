"""A delivery in a process of its own that kills itself, as with `kill -9`, at one of its commits.

Every call to Salesforce stands between two commits: its row in the ledger before, its outcome after; and so does each
step of a bulk job. Processes are forked from one that has everything imported, so that there can be many.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

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


def _deliver(folder: str, environment: Mapping[str, str], commit: int, when: str) -> None:
    stage = Stage(Path(folder), environment=environment)
    fill(stage)
    stage.world.project.__dict__["operations"] = Mortal(stage.world.project.settings.operations_url, commit, when)
    stage.deliver()


def started(stage: Stage, folder: Path, commit: int = NEVER, when: str = "after") -> BaseProcess:
    """The process, under way; it kills itself just before or after its `commit`th commit."""
    environment: dict[str, Any] = dict(stage.world.project.settings.environment)
    process = _CONTEXT.Process(target=_deliver, args=(str(folder), environment, commit, when))
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()


__all__ = ["RECORDS", "SYSTEM", "fill", "kill", "started"]
