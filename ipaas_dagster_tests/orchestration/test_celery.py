"""Two Celery workers, redis and PostgreSQL on this machine: backfills over both, and what happens when one dies."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ipaas_dagster.operations.tables import links, outbox
from ipaas_dagster.sandbox import Fault, Sandbox, running_sandbox
from ipaas_dagster_tests.flow.oracle import Rows, expected
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.orchestration.deployment import WORKSPACE, Deployment, deployed, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed (apt-get)"),
]
DAYS = 30


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day(number: int) -> str:
    """So many days before today."""
    return (today() - timedelta(days=number)).date().isoformat()


@contextmanager
def installed(folder: Path, sandbox: Sandbox, **more: str) -> Iterator[tuple[World, Deployment]]:
    pytest.importorskip("dagster_celery")
    given = {"IPAAS_START_DATE": day(DAYS), **sandbox.quickbooks.environment(sandbox.origin), **more}
    state = folder / "state"
    world = World(sandbox, state, tuple(given.items()))
    with deployed(state, world.environment, "--paused") as running:
        stores = {name: running.environment[name] for name in running.environment if name.startswith("IPAAS_")}
        world.extra = tuple({**given, **stores}.items())
        yield world, running


def modified_before(sandbox: Sandbox, limit: datetime) -> dict[str, Rows]:
    """The truth of what closed days have: all but what was modified later, or has no time of modification."""

    def old(collection: str) -> list[dict[str, object]]:
        shelf = sandbox.instagaze.shelves[collection]
        times = {record["id"]: shelf.modified(record["id"]) for record in sandbox.instagaze.truth(collection)}
        stamp = int(limit.timestamp() * 1000)
        return [r for r in sandbox.instagaze.truth(collection) if (times[r["id"]] or stamp) < stamp]

    return expected(old)


def delivered(world: World, system: str, collection: str) -> list[str]:
    """Hub ids of what a system is known to hold."""
    mine = (links.c.system == system) & (links.c.collection == collection) & ~links.c.deleted
    with world.project().operations.read() as connection:
        return list(connection.scalars(select(links.c.hub_id).where(mine)))


def states(world: World, system: str) -> set[str]:
    with world.project().operations.read() as connection:
        return set(connection.scalars(select(outbox.c.state).where(outbox.c.system == system)))


def test_a_backfill_of_30_days_over_two_workers_equals_the_truth(tmp_path: Path) -> None:
    with running_sandbox(accounts=300, samples=None) as sandbox, installed(tmp_path, sandbox) as (world, running):
        words = ("-j", "sync", "--from", day(DAYS), "--to", day(1), "--noprompt")
        running.shell("dagster", "job", "backfill", "-w", WORKSPACE, *words)
        until(lambda: len(running.instance.get_runs()) == DAYS, "a run for each day")
        ends = {run.run_id: running.ended(run.run_id) for run in running.instance.get_runs()}
        assert set(ends.values()) == {"SUCCESS"}, [running.failures(run) for run in ends]
        steps = [worker for run in ends for worker in running.workers_of(run)]
        assert {name: steps.count(name) > DAYS for name in set(steps)} == {"worker_1": True, "worker_2": True}
        hub, closed = world.hub(), modified_before(sandbox, today())
        assert {name: set(rows) for name, rows in hub.items()} == {name: set(rows) for name, rows in closed.items()}
        assert running.ended(running.launch("sync", **{"dagster/partition": day(0)})) == "SUCCESS"
        assert world.hub() == world.truth()
        for system in ("sql", "files"):
            assert running.ended(running.launch(f"deliver_{system}")) == "SUCCESS"
        assert world.sql() == world.hub() == world.files()
        world.check_books()


@pytest.mark.parametrize("death", ["kill_machine", "kill_child"])
def test_a_worker_killed_in_a_scan_loses_nothing(tmp_path: Path, death: str) -> None:
    one_by_one = {"IPAAS_CONNECTIONS": "1"}
    with (
        running_sandbox(accounts=1_000, samples=None) as sandbox,
        installed(tmp_path, sandbox, **one_by_one) as (world, running),
    ):
        sandbox.instagaze.faults.set([Fault("slow", seconds=1.0, path="/accounts", skip=3)])
        run = running.launch("sync", **{"dagster/partition": day(0)})
        until(lambda: sandbox.instagaze.faults.struck().get("slow", 0) >= 3, "the middle of the scan")
        (worker,) = running.workers_of(run, "instagaze__accounts")
        getattr(running, death)(worker)
        sandbox.instagaze.faults.clear()
        assert running.ended(run) == "SUCCESS", running.failures(run)
        began = running.workers_of(run, "instagaze__accounts")
        assert len(began) == 2
        assert (began[1] != worker) or death == "kill_child"
        assert world.hub() == world.truth()
        world.check_books()


def test_a_worker_killed_in_a_delivery_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    queues = {"IPAAS_CELERY_QUEUES": "quickbooks=books", "IPAAS_WORKER_QUEUES": "dagster,books"}
    with (
        running_sandbox(accounts=300, samples=None) as sandbox,
        installed(tmp_path, sandbox, **queues) as (world, running),
    ):
        assert running.ended(running.launch("sync", **{"dagster/partition": day(0)})) == "SUCCESS"
        sandbox.quickbooks.faults.set([Fault("slow", seconds=1.0, path="/batch", skip=5)])
        run = running.launch("deliver_quickbooks")
        until(lambda: sandbox.quickbooks.faults.struck().get("slow", 0) >= 2, "the middle of the delivery")
        (worker,) = running.workers_of(run, "deliver_to_quickbooks")
        running.kill_machine(worker)
        sandbox.quickbooks.faults.clear()
        assert running.ended(run) == "SUCCESS", running.failures(run)
        assert len(running.workers_of(run, "deliver_to_quickbooks")) == 2
        for collection, entity, note in (("customers", "Customer", "Notes"), ("invoices", "Invoice", "PrivateNote")):
            there = [record[note].removeprefix("ipaas:") for record in sandbox.quickbooks.truth(entity)]
            assert sorted(there) == sorted(delivered(world, "quickbooks", collection))
        assert set(delivered(world, "quickbooks", "customers")) == set(world.hub()["customers"])
        assert states(world, "quickbooks") == {"delivered"}
        world.check_books()


def test_a_run_whose_process_is_killed_is_started_once_more(tmp_path: Path) -> None:
    with running_sandbox(accounts=300, samples=None) as sandbox, installed(tmp_path, sandbox) as (world, running):
        sandbox.instagaze.faults.set([Fault("slow", seconds=1.0, path="/accounts")])
        run = running.launch("sync", **{"dagster/partition": day(0)})
        until(lambda: sandbox.instagaze.faults.struck().get("slow", 0) >= 2, "the scan")
        running.kill_run(run)
        sandbox.instagaze.faults.clear()
        assert running.ended(run) == "FAILURE"
        until(lambda: len(running.instance.get_runs()) == 2, "another run")
        (again,) = [one.run_id for one in running.instance.get_runs() if one.run_id != run]
        assert running.ended(again) == "SUCCESS", running.failures(again)
        assert world.hub() == world.truth()
        world.check_books()
