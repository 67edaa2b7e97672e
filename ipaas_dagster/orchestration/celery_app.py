"""The Celery workers' app: `celery -A ipaas_dagster.orchestration.celery_app worker` executes steps of runs.

Dagster's own worker app dials its default broker whatever it is told; this one is made of the same parts with our
settings. A worker that dies loses no step: what it had begun is executed again, by it or by another, and what that step
had done already is found done, since each use case goes on from what is committed.
"""

from collections.abc import Mapping
from typing import Any

from celery import Task
from celery.exceptions import Ignore
from dagster import DagsterEventType, DagsterInstance
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from ipaas_dagster.errors import Stopped
from ipaas_dagster.orchestration.celery_alive import StaysAlive
from ipaas_dagster.orchestration.executors import celery_settings
from ipaas_dagster.settings import load

BEGUN_AT_MOST = 3
"""A step that takes its worker down with it (memory, mostly) is not given to worker after worker for ever."""


class Step(Task):  # type: ignore[misc]
    """A step of a run, taken up again after a death where that is of use."""

    def before_start(self, task_id: str, args: tuple[object, ...], kwargs: Mapping[str, Any]) -> None:
        """Raises Ignore for a step of a run that has ended meanwhile, and Stopped, which fails the run, where the
        step began too often."""
        step = _step_of(kwargs["execute_step_args_packed"])
        with DagsterInstance.from_ref(step.instance_ref) as instance:
            run = instance.get_run_by_id(step.run_id)
            if run is None or run.is_finished:
                raise Ignore
            (key,) = step.step_keys_to_execute
            starts = instance.all_logs(step.run_id, of_type=DagsterEventType.STEP_START)
        begun = sum(entry.step_key == key for entry in starts)
        if begun >= BEGUN_AT_MOST:
            raise Stopped(f"{key} began {begun} times, and its worker died each time: has it memory enough?")


def _step_of(packed: Mapping[str, Any]) -> Any:
    from dagster._grpc.types import ExecuteStepArgs
    from dagster._serdes import unpack_value

    return unpack_value(packed, as_type=ExecuteStepArgs)


app = make_app(celery_settings(load()))
app.steps["consumer"].add(StaysAlive)
execute_plan = create_task(app, base=Step)
