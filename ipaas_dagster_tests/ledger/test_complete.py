"""The ledger holds every call, under faults too, and it does not matter what launched the work."""

from __future__ import annotations

import hashlib
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import insert, select

from ipaas_dagster.connections import check_all
from ipaas_dagster.mend import retry_rejects
from ipaas_dagster.operations.tables import attempts, calls, inbox, metadata, outbox
from ipaas_dagster.orchestration import build_definitions
from ipaas_dagster.orchestration.due import changed
from ipaas_dagster.orchestration.run import poll_tags
from ipaas_dagster.outbox.dead import DeadFilter, dead_retry
from ipaas_dagster.plan import apply, make_plan, read_plan
from ipaas_dagster.project import Project
from ipaas_dagster.records import new_id
from ipaas_dagster.replay import replay
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.faults import every_kind
from ipaas_dagster.source.collections import POLLED
from ipaas_dagster.sync import deliver_all, reconcile_all, sync
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.trace.told import config

FIRST_DAY = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()


def rows(project: Project, *columns: Any, **where: Any) -> list[Any]:
    with project.operations.read() as connection:
        return list(connection.execute(select(*columns).filter_by(**where)))


def test_every_request_of_the_source_has_its_row(tmp_path: Path, each_engine: str) -> None:
    extra = (("IPAAS_PAGE_SIZE", "10"), ("IPAAS_CONFIG", str(config(tmp_path / "config", {}))))
    with running_sandbox(accounts=40, seed=4, samples=None) as sandbox:
        project = World(sandbox, tmp_path / "state", extra).project()
        sandbox.faults.set(every_kind(0.02), 3)
        sync(project, [(name, None) for name in POLLED], [])
        sandbox.faults.clear()
        sandbox.instagaze.mutate("accounts", change=2, delete=2, seed=1)
        changed(project, ["accounts"])
        reconcile_all(project, ["accounts"], [])
        check_all(project)
        asked = Counter(entry.url for entry in sandbox.journal.entries())
        noted = rows(project, calls, system="instagaze")
        assert asked - Counter(call.path for call in noted) == Counter()
        never_arrived = Counter(call.path for call in noted) - asked
        assert never_arrived <= Counter(c.path for c in noted if c.outcome in ("unreachable", "cancelled"))
        assert all(c.run_id and c.started_at and c.direction == "read" for c in noted)
        assert all(c.response_digest for c in noted if c.status is not None)
        assert {c.method for c in rows(project, calls, system="sql")} == {"CHECK"}
        _digests_are_of_the_bytes(sandbox, noted)
        project.operations.dispose()


def _digests_are_of_the_bytes(sandbox: Sandbox, noted: list[Any]) -> None:
    """Asked again for what has not changed since, the source gives bytes of the same digest."""
    page = next(c for c in noted if "products?limit=10&offset=0" in c.path and c.outcome == "ok")
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    request = urllib.request.Request(sandbox.origin + page.path, headers=headers)
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
    assert (hashlib.sha256(body).hexdigest(), len(body)) == (page.response_digest, page.bytes_in)


@dataclass
class Installation:
    world: World
    instance: dg.DagsterInstance
    read: Sequence[str] = ("accounts", "invoices")

    def open(self, run_id: str | None = None, say: Callable[[str], None] | None = None) -> Project:
        return Project(self.world.settings, run_id=run_id or new_id())

    @cached_property
    def definitions(self) -> dg.Definitions:
        return build_definitions(self.open)

    def run(self, job: str, tags: dict[str, str] | None = None, day: str | None = None) -> None:
        definition = self.definitions.resolve_job_def(job)
        more = {"partition_key": day} if day else {}
        result = definition.execute_in_process(
            instance=self.instance,
            tags=tags or {},
            raise_on_error=False,
            **more,  # type: ignore[arg-type]
        )
        assert result.success

    def launch(self, tick: Any) -> None:
        """Run what a tick of a schedule or sensor requests, here and now."""
        assert tick.run_requests, tick.skip_message
        repository = self.definitions.get_repository_def()
        for request in tick.run_requests:
            definition = repository.get_job(request.job_name)
            result = definition.execute_in_process(
                instance=self.instance,
                tags=dict(request.tags),
                partition_key=request.partition_key,
                asset_selection=request.asset_selection,
            )
            assert result.success

    def scheduled(self, name: str) -> Any:
        repository = self.definitions.get_repository_def()
        with dg.build_schedule_context(
            instance=self.instance, scheduled_execution_time=datetime.now(UTC), repository_def=repository
        ) as context:
            return repository.get_schedule_def(name).evaluate_tick(context)

    def sensed(self, name: str) -> Any:
        repository = self.definitions.get_repository_def()
        with dg.build_sensor_context(instance=self.instance, repository_def=repository) as context:
            return repository.get_sensor_def(name).evaluate_tick(context)


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def by_command(made: Installation) -> None:
    sync(made.open(), [(name, None) for name in made.read], ["sql"])


def by_schedule(made: Installation) -> None:
    """The polls that the schedules request, and the delivery that its sensor does."""
    for name in made.read:
        made.launch(made.scheduled(f"poll_{name}"))
    made.launch(made.sensed("delivery"))


def by_sensors(made: Installation) -> None:
    """A poll of each collection that a webhook named, and the delivery that its sensor requests."""
    now = datetime.now(UTC)
    hint = {"system": "instagaze", "method": "updated", "state": "pending", "received_at": now}
    with made.open().operations.write() as connection:
        connection.execute(insert(inbox), [{**hint, "event_id": name, "collection": name} for name in made.read])
    made.launch(made.sensed("webhook_inbox"))
    made.launch(made.sensed("delivery"))


def by_apply(made: Installation) -> None:
    """What was owed goes out as it was planned."""
    project = made.open()
    sync(project, [(name, None) for name in made.read], [])
    plan = make_plan(project, "sql", made.world.state / "plan")
    done = apply(project, read_plan(plan.path))
    assert (done.batches, done.skipped) == (plan.summary.batches, [])
    assert done.batches > 3


def by_backfill(made: Installation) -> None:
    """The first day takes everything older too, but not what has no modified time: that, a poll reads."""
    days = {"dagster/asset_partition_range_start": FIRST_DAY, "dagster/asset_partition_range_end": today()}
    made.run("sync", tags=poll_tags(["transactions"]), day=today())
    made.run("sync", tags=days)
    made.run("deliver_sql")


def by_retries(made: Installation) -> None:
    """After a delivery that found everything dead, and with the rejects judged again."""
    project = made.open()
    sync(project, [(name, None) for name in made.read], [])
    retry_rejects(project)
    deliver_all(project, ["sql"])
    dead_retry(project, DeadFilter(system="sql"))
    deliver_all(project, ["sql"])


@pytest.mark.parametrize(
    "way", [by_schedule, by_sensors, pytest.param(by_backfill, marks=pytest.mark.slow), by_retries, by_apply]
)
def test_ledger_and_outbox_are_written_alike_whatever_launched_the_work(
    way: Callable[[Installation], None], tmp_path: Path, each_engine: str
) -> None:
    folder = config(tmp_path / "config", {})
    extra = (("IPAAS_CONFIG", str(folder)), ("IPAAS_START_DATE", FIRST_DAY))
    home = tmp_path / "dagster"  # schedules open the instance by its reference, so it is on disk
    home.mkdir()
    with (
        running_sandbox(accounts=6, seed=6, samples=None) as sandbox,
        dg.DagsterInstance.local_temp(str(home)) as instance,
    ):
        made = [Installation(World(sandbox, tmp_path / name, extra), instance) for name in ("command", "other")]
        if way is by_backfill:  # its job reads all there is
            made = [replace(one, read=POLLED) for one in made]
        by_command(made[0])
        way(made[1])
        by_hand, other = (one.open() for one in made)
        assert owed(other) == owed(by_hand)
        assert shapes(other) == shapes(by_hand)
        for project in (by_hand, other):
            project.operations.dispose()


def test_a_replay_writes_neither_ledger_nor_outbox(tmp_path: Path, each_engine: str) -> None:
    extra = (("IPAAS_CONFIG", str(config(tmp_path / "config", {}))),)
    with running_sandbox(accounts=6, seed=6, samples=None) as sandbox:
        made = World(sandbox, tmp_path / "state", extra)
        sync(made.project(), [(name, None) for name in POLLED], ["sql"])
        before, asked = everything(made.project()), sandbox.journal.total
        assert replay(made.project()).findings == []
        assert everything(made.project()) == before
        assert sandbox.journal.total == asked


def everything(project: Project) -> dict[str, list[Any]]:
    """Every row of the operations store."""
    with project.operations.read() as connection:
        return {table.name: list(connection.execute(select(table))) for table in metadata.sorted_tables}


def owed(project: Project) -> set[tuple[Any, ...]]:
    found = rows(project, outbox)
    return {(e.system, e.collection, e.hub_id, e.operation, e.state, e.version, e.payload_hash) for e in found}


def shapes(project: Project) -> set[tuple[Any, ...]]:
    """Which columns are filled by a kind of call; and that each attempt has the call that it names."""
    noted = rows(project, calls)
    known = {call.sending_id for call in noted}
    assert {attempt.call_id for attempt in rows(project, attempts)} <= known
    return {
        (c.system, c.direction, c.method, c.outcome, tuple(name for name, value in c._mapping.items() if value))
        for c in noted
        if c.system != "instagaze" or c.first_line
    }
