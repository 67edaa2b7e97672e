"""DAGSTER_HOME, dagster.yaml and .env are made once and never changed."""

from pathlib import Path

import dagster as dg
import pytest
import yaml

from ipaas_dagster import dagster_home
from ipaas_dagster.errors import NotSetUp
from ipaas_dagster.settings import Settings, load, read_env_file


def settings_of(folder: Path, **environment: str) -> Settings:
    return load({"IPAAS_STATE": str(folder / "state"), **environment}, folder / ".env")


def test_it_makes_home_yaml_and_env_with_an_absolute_path(tmp_path: Path) -> None:
    made = dagster_home.prepare(settings_of(tmp_path), tmp_path)
    assert made.home == tmp_path / "state" / "dagster"
    assert {path.name for path in made.made} == {"dagster.yaml", ".env"}
    assert read_env_file(tmp_path / ".env")["DAGSTER_HOME"] == str(made.home)
    assert made.notes == ()


def test_what_was_there_is_never_changed(tmp_path: Path) -> None:
    (tmp_path / "state" / "dagster").mkdir(parents=True)
    (tmp_path / "state" / "dagster" / "dagster.yaml").write_text("mine", encoding="utf-8")
    (tmp_path / ".env").write_text("INSTAGAZE_TOKEN=secret\n", encoding="utf-8")
    made = dagster_home.prepare(settings_of(tmp_path), tmp_path)
    assert made.made == ()
    assert (made.home / "dagster.yaml").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / ".env").read_text(encoding="utf-8") == "INSTAGAZE_TOKEN=secret\n"
    assert "DAGSTER_HOME=" in made.notes[0]
    assert "secret" not in made.notes[0]


def test_a_second_time_makes_nothing(tmp_path: Path) -> None:
    dagster_home.prepare(settings_of(tmp_path), tmp_path)
    assert dagster_home.prepare(settings_of(tmp_path), tmp_path).made == ()
    assert not list(tmp_path.rglob("tmp*"))


def test_an_environment_that_says_it_all_needs_no_env_file(tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    made = dagster_home.prepare(settings_of(tmp_path, DAGSTER_HOME=str(home)), tmp_path)
    assert made.home == home
    assert (home / "dagster.yaml").is_file()
    assert not (tmp_path / ".env").exists()
    assert made.notes == ()


def test_it_says_when_env_file_and_environment_disagree(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DAGSTER_HOME={tmp_path / 'one'}\n", encoding="utf-8")
    made = dagster_home.prepare(settings_of(tmp_path, DAGSTER_HOME=str(tmp_path / "two")), tmp_path)
    assert (tmp_path / "one" / "dagster.yaml").is_file()
    assert (tmp_path / "two" / "dagster.yaml").is_file()
    assert str(tmp_path / "one") in made.notes[0]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    with pytest.raises(NotSetUp, match="IPAAS_STATE"):
        dagster_home.prepare(settings_of(tmp_path), tmp_path)


def test_dagster_takes_the_yaml_and_sends_no_telemetry(tmp_path: Path) -> None:
    made = dagster_home.prepare(settings_of(tmp_path), tmp_path)
    with dg.DagsterInstance.from_config(str(made.home)) as instance:
        assert instance.telemetry_enabled is False
        assert instance.run_monitoring_enabled
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 4
    assert yaml.safe_load(dagster_home.DAGSTER_YAML)["sensors"]["use_threads"] is True
