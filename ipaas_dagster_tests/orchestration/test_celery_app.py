"""What a worker does with a step that comes to it again, and how it keeps the one that it works on."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from ipaas_dagster.cli.processes import free_port
from ipaas_dagster.errors import Stopped

pytest.importorskip("dagster_celery")


@dg.op
def one() -> None: ...


@dg.job
def played() -> None:
    one()


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("IPAAS_CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    from ipaas_dagster.orchestration.celery_app import execute_plan

    return execute_plan


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def packed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, Any]:
    from dagster._core.code_pointer import ModuleCodePointer
    from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
    from dagster._grpc.types import ExecuteStepArgs
    from dagster._serdes import pack_value

    origin = JobPythonOrigin("played", RepositoryPythonOrigin("python", ModuleCodePointer("played", "played")))
    return {"execute_step_args_packed": pack_value(ExecuteStepArgs(origin, run.run_id, ["one"], instance.get_ref()))}


def begin(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    from dagster._core.events import DagsterEvent, DagsterEventType

    instance.report_dagster_event(DagsterEvent(DagsterEventType.STEP_START.value, "played", step_key="one"), run.run_id)


def test_a_step_is_executed_again_after_a_death_but_not_for_ever(step: Any, instance: dg.DagsterInstance) -> None:
    run = instance.create_run_for_job(played, status=dg.DagsterRunStatus.STARTED)
    for _ in range(3):
        step.before_start("task", (), packed(instance, run))
        begin(instance, run)
    with pytest.raises(Stopped, match="one began 3 times"):
        step.before_start("task", (), packed(instance, run))


def test_a_step_of_a_run_that_has_ended_is_not_executed(step: Any, instance: dg.DagsterInstance) -> None:
    from celery.exceptions import Ignore

    run = instance.create_run_for_job(played, status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run)
    with pytest.raises(Ignore):
        step.before_start("task", (), packed(instance, run))


def test_a_worker_says_what_it_waits_for_by_its_settings(step: Any) -> None:
    from ipaas_dagster.orchestration.executors import LOOK_SECONDS, TAKEN_UP_AFTER

    assert step.app.conf.task_acks_late
    assert step.app.conf.task_reject_on_worker_lost
    assert step.app.conf.broker_transport_options["visibility_timeout"] == TAKEN_UP_AFTER > 3 * LOOK_SECONDS


@dataclass(frozen=True)
class Held:
    channel: Any
    tag: str

    @property
    def index(self) -> str:
        return str(self.channel.unacked_index_key)

    def look(self) -> None:
        """As every worker does, every ten seconds."""
        self.channel.qos.restore_visible(interval=1)

    def waits(self) -> bool:
        return self.channel._size("steps") == 1


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (apt-get)")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert any("Ready to accept connections" in line for line in server.stdout)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


@pytest.fixture
def held(redis: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """A step that a worker took two minutes ago, where redis takes it away after one."""
    from celery.worker import state
    from kombu import Connection

    options = {"visibility_timeout": 60}
    with Connection(redis, transport_options=options) as worker, Connection(redis, transport_options=options) as other:
        worker.SimpleQueue("steps").put("a step")
        message = worker.SimpleQueue("steps").get(timeout=30)
        monkeypatch.setattr(state, "reserved_requests", [SimpleNamespace(message=message)])
        found = Held(other.default_channel, message.delivery_tag)
        found.channel.client.zadd(found.index, {found.tag: time.time() - 120})
        yield found


def test_what_a_living_worker_renews_goes_to_nobody_else(held: Held) -> None:
    from ipaas_dagster.orchestration.celery_alive import renew

    renew()
    held.look()
    assert not held.waits()


def test_what_nobody_renews_goes_to_another_worker(held: Held) -> None:
    held.look()
    assert held.waits()


def test_what_was_taken_away_is_not_taken_back(held: Held) -> None:
    from ipaas_dagster.orchestration.celery_alive import renew

    held.look()
    renew()
    assert held.channel.client.zscore(held.index, held.tag) is None
