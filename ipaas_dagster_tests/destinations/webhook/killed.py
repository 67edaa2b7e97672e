"""A delivery in a process of its own that kills itself, as with `kill -9`, at one of its commits.

Every event stands between two commits: its row in the ledger before, its outcome after.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ipaas_dagster.sandbox.webhook import Webhook
from ipaas_dagster_tests.destinations.webhook.stage import Stage
from ipaas_dagster_tests.outbox.killed import Mortal

RECORDS = 6
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "ipaas_dagster.outbox.drain", "sqlalchemy.dialects.sqlite", "httpx"])


def fill(stage: Stage) -> None:
    """The same hub in every process: customers with a contact each, some changed and some gone."""
    for n in range(RECORDS):
        parent = stage.customer(n)
        stage.put("contacts", f"instagaze:contacts:{n}", customer_id=parent, name=f"Contact {n}")
    stage.customer(1, name="Renamed")


def _deliver(folder: str, environment: Mapping[str, str], commit: int, when: str) -> None:
    stage = Stage(Path(folder), Webhook(), environment)
    fill(stage)
    stage.world.project.__dict__["operations"] = Mortal(stage.world.project.settings.operations_url, commit, when)
    stage.deliver()


def started(stage: Stage, folder: Path, commit: int, when: str) -> BaseProcess:
    """The process, under way; it kills itself just before or after its `commit`th commit."""
    environment: dict[str, Any] = stage.environment
    process = _CONTEXT.Process(target=_deliver, args=(str(folder), environment, commit, when))
    process.start()
    return process
