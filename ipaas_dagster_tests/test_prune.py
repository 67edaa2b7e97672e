"""`ipaas prune` forgets old landings too, where that is set; and a trace still tells where a record was seen."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select
from typer.testing import CliRunner

from ipaas_dagster.cli.app import app
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.prune import prune
from ipaas_dagster.records import utc_now
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sync import sync
from ipaas_dagster_tests.flow.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Accounts that were read twice."""
    with running_sandbox(accounts=4, seed=3, samples=None) as sandbox:
        made = World(sandbox, tmp_path / "state", (("IPAAS_LAG_SECONDS", "0"),))
        for _ in range(2):
            sandbox.instagaze.mutate("accounts", change=2, seed=1)
            project = made.project()
            sync(project, [("accounts", None)], [])
            project.operations.dispose()
        yield made


def age(world: World, days: int) -> None:
    """Everything was observed so many days earlier."""
    project = world.project()
    with project.operations.write() as connection:
        for row in connection.execute(select(landings)).all():
            earlier = {"observed_to": row.observed_to - timedelta(days=days)}
            connection.execute(landings.update().where(landings.c.landing_id == row.landing_id).values(earlier))
    project.operations.dispose()


def run(world: World, *words: str, **variables: str) -> Result:
    environment = {name: "" for name in os.environ} | world.environment | variables
    return CliRunner().invoke(app, [*words, "--json"], env=environment)


def files(world: World) -> set[str]:
    return {file.name for file in (world.state / "landings").rglob("*.zst")}


def test_landings_are_kept_unless_a_number_of_days_is_set(world: World) -> None:
    age(world, 400)
    before = files(world)
    assert json.loads(run(world, "prune").stdout)["pruned"]["landings"] == []
    assert files(world) == before
    pruned = run(world, "prune", IPAAS_LANDINGS_DAYS="500")
    assert (json.loads(pruned.stdout)["pruned"]["landings"], files(world)) == ([], before)
    pruned = run(world, "prune", IPAAS_LANDINGS_DAYS="300")
    assert pruned.exit_code == 0, pruned.output
    (accounts,) = json.loads(pruned.stdout)["pruned"]["landings"]
    assert (accounts["collection"], accounts["landings"]) == ("accounts", 2)
    assert len(files(world)) == 1, "the baseline"
    assert run(world, "replay").exit_code == 0


def test_a_damaged_landing_stops_the_pruning_and_is_told(world: World) -> None:
    age(world, 400)
    before = sorted(files(world))
    next((world.state / "landings").rglob(before[0])).write_bytes(b"nothing of it is left")
    pruned = run(world, "prune", IPAAS_LANDINGS_DAYS="300")
    assert pruned.exit_code == 1
    assert "landings of accounts were not pruned" in json.loads(pruned.stdout)["findings"][0]
    assert sorted(files(world)) == before


def test_a_trace_of_pruned_landings_misses_none_of_its_sightings(world: World) -> None:
    before = json.loads(run(world, "trace", "accounts/1001").stdout)
    age(world, 400)
    assert run(world, "prune", IPAAS_LANDINGS_DAYS="300").exit_code == 0
    after = json.loads(run(world, "trace", "accounts/1001").stdout)
    seen = [[e["details"]["line"] for e in one["events"] if e["what"] == "seen"] for one in (before, after)]
    assert seen[0] == seen[1] != []
    assert after["notes"] == [], "their sightings are kept, so nothing is left to be searched"
    project = world.project()
    project.clock = lambda: utc_now() + timedelta(days=100)
    assert prune(project).sightings > 0
    project.operations.dispose()
    (note,) = json.loads(run(world, "trace", "accounts/1001", "--deep").stdout)["notes"]
    assert "2 landings of accounts were pruned, and no sightings of them are kept" in note


def test_a_trace_goes_on_where_a_landing_is_damaged(world: World) -> None:
    for file in (world.state / "landings").rglob("*.zst"):
        file.write_bytes(b"nothing of it is left")
    traced = run(world, "trace", "accounts/1001", "--records")
    assert traced.exit_code == 0, traced.output
    assert [event["what"] for event in json.loads(traced.stdout)["events"]][:2] == ["seen", "version"]
