"""The files of `deploy/` fit each other, this Dagster and this product."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def procfile() -> dict[str, str]:
    lines = (DEPLOY / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


def example() -> dict[str, str]:
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_dagster_keeps_its_history_where_the_example_says(
    postgresql_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dagster_postgres")
    import dagster as dg
    from sqlalchemy import create_engine, make_url, text

    driver = make_url(example()["DAGSTER_POSTGRES_URL"]).drivername
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE dagster_of_deploy"))
    engine.dispose()
    url = make_url(postgresql_server).set(drivername=driver, database="dagster_of_deploy")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url.render_as_string(hide_password=False))
    shutil.copyfile(DEPLOY / "dagster.yaml", tmp_path / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:

        @dg.asset
        def one() -> None:
            pass

        assert dg.materialize([one], instance=instance).success
        assert len(instance.get_runs()) == 1
        assert instance.run_retries_max_retries == 1


def test_the_units_run_what_the_try_out_runs() -> None:
    """Apart from paths and the way in which each refers to a variable."""
    started = procfile()
    assert {path.stem.rstrip("@") for path in UNITS} == {f"ipaas-{name}" for name in started}
    for path in UNITS:
        (command,) = re.findall(r"^ExecStart=/opt/ipaas/\.venv/bin/(.*)$", path.read_text(encoding="utf-8"), re.M)
        plain = re.sub(r"\$\{(\w+)\}", r"$\1", command).replace("/opt/ipaas/deploy", "$DEPLOY")
        plain = plain.replace("worker_%i@%%h", "$NAME@%h")
        assert plain == started[path.stem.removeprefix("ipaas-").rstrip("@")]


def test_every_variable_of_the_example_is_explained_and_none_is_a_secret() -> None:
    documents = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/deploy.md"))
    assert {name for name in example() if name not in documents} == set()
    assert [url for url in example().values() if re.search(r"://[^/]*:[^/]*@", url)] == []


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.yaml")), ids=lambda path: path.name)
def test_yaml_can_be_read(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))
