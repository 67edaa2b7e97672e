"""What executes steps is a setting; a wrong one stops with words, and a broker's password is shown nowhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import JobDataSnap

from ipaas_dagster.errors import SettingsError
from ipaas_dagster.orchestration import build_definitions
from ipaas_dagster.orchestration.executors import celery_settings, executor
from ipaas_dagster.project import Project
from ipaas_dagster.settings import Settings, load

DATA = Path(__file__).parents[2] / "data"
BROKER = "redis://:hunter2@127.0.0.1:6379/0"


def settings(tmp_path: Path, **given: str) -> Settings:
    return load({"IPAAS_STATE": str(tmp_path), "IPAAS_CONFIG": str(DATA), **given}, tmp_path / "no.env")


def definitions(chosen: Settings) -> dg.Definitions:
    def open_project(run_id: str | None = None, say: Callable[[str], None] | None = None) -> Project:
        return Project(chosen)

    return build_definitions(open_project)


def executor_of(made: dg.Definitions) -> Any:
    return made.get_repository_def().get_job("sync").executor_def


def test_without_a_setting_a_run_is_one_process(tmp_path: Path) -> None:
    assert executor_of(definitions(settings(tmp_path))).name == "in_process"


def test_with_celery_the_jobs_are_the_same_and_their_steps_go_to_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dagster_celery")
    monkeypatch.setenv("IPAAS_CELERY_BROKER_URL", BROKER)
    chosen = settings(tmp_path, IPAAS_EXECUTOR="celery", IPAAS_CELERY_BROKER_URL=BROKER)
    made, embedded = definitions(chosen), definitions(settings(tmp_path))
    assert executor_of(made).name == "celery"
    names = [{job.name for job in one.get_repository_def().get_all_jobs()} for one in (made, embedded)]
    assert names[0] == names[1]


def test_a_brokers_password_stands_in_no_definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery")
    monkeypatch.setenv("IPAAS_CELERY_BROKER_URL", BROKER)
    chosen = settings(tmp_path, IPAAS_EXECUTOR="celery", IPAAS_CELERY_BROKER_URL=BROKER)
    job = definitions(chosen).get_repository_def().get_job("sync")
    shown = JobDataSnap.from_job_def(job, include_parent_snapshot=True)
    assert "hunter2" not in dg.serialize_value(shown)
    assert "hunter2" not in repr(chosen)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"IPAAS_EXECUTOR": "slurm"}, "in_process, celery, kubernetes"),
        ({"IPAAS_EXECUTOR": "celery"}, "IPAAS_CELERY_BROKER_URL"),
        ({"IPAAS_EXECUTOR": "celery", "IPAAS_CELERY_BROKER_URL": BROKER}, "in the environment"),
    ],
)
def test_a_wrong_choice_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    pytest.importorskip("dagster_celery")
    monkeypatch.delenv("IPAAS_CELERY_BROKER_URL", raising=False)
    with pytest.raises(SettingsError, match=says):
        executor(settings(tmp_path, **given))


def test_results_are_kept_by_the_broker_unless_said_otherwise(tmp_path: Path) -> None:
    broker = {"IPAAS_CELERY_BROKER_URL": BROKER}
    assert celery_settings(settings(tmp_path, **broker))["backend"] == BROKER
    other = settings(tmp_path, IPAAS_CELERY_RESULTS_URL="redis://other/1", **broker)
    assert celery_settings(other)["backend"] == "redis://other/1"
    assert json.dumps(celery_settings(other))


def test_a_systems_deliveries_may_have_a_queue_of_their_own(tmp_path: Path) -> None:
    made = definitions(settings(tmp_path, IPAAS_CELERY_QUEUES="sql=near")).get_repository_def()
    sql, files = (
        made.get_job(f"deliver_{name}").graph.node_named(f"deliver_to_{name}").tags for name in ("sql", "files")
    )
    assert sql["dagster-celery/queue"] == "near"
    assert "dagster-celery/queue" not in files
    steps = {name: made.get_job("reconcile").graph.node_named(f"compare_{name}").tags for name in ("sql", "files")}
    assert steps["sql"]["dagster-celery/queue"] == "near"
    assert "dagster-celery/queue" not in steps["files"]
    with pytest.raises(SettingsError, match="quickbooks=books"):
        settings(tmp_path, IPAAS_CELERY_QUEUES="quickbooks")
