"""The org's calls of 24 hours: counted from every answer, shown, and left to others before they are used up."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipaas_dagster.cli.app import app
from ipaas_dagster.destinations.base import Throttled
from ipaas_dagster.destinations.salesforce.preset import read_org
from ipaas_dagster.destinations.salesforce.usage import Usage
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.destinations.salesforce.stage import Stage
from ipaas_dagster_tests.outbox.world import CONFIG


def test_the_count_is_shown_and_kept(stage: Stage) -> None:
    assert stage.org is not None
    stage.org.command("usage", {"used": 17, "most": 5000})
    with stage.connected() as destination:
        destination.deliver(stage.customers(1, 2))
        assert any("5,000 API calls a day, 18 used" in line for line in destination.limits())
    assert stage.notes.kept["limits"] == {"used": 18, "of": 5000, "at": stage.world.clock().isoformat()}
    with stage.connected() as destination:
        assert any("18 used" in line for line in destination.limits()), "without asking"


def test_the_note_is_not_written_for_every_call(alone: Stage) -> None:
    usage = Usage(alone.setting(), read_org(alone.setting()))
    for used in range(1, 50):
        usage.watch({"sforce-limit-info": f"api-usage={used}/5000; per-app-api-usage=17/250(appName=sync)"})
    assert alone.notes.kept["limits"]["used"] == 1
    alone.world.clock.now += timedelta(minutes=2)
    usage.watch({"sforce-limit-info": "api-usage=50/5000"})
    assert alone.notes.kept["limits"]["used"] == 50
    usage.watch({})
    usage.watch({"sforce-limit-info": "nonsense"})
    usage.keep()
    assert alone.notes.kept["limits"]["used"] == 50


@pytest.mark.parametrize(
    ("fields", "stops_at"), [({}, 95), ({"limit_percent": "50"}, 50), ({"limit_percent": "100"}, 100)]
)
def test_it_stops_before_others_are_shut_out(stage: Stage, fields: dict[str, str], stops_at: int) -> None:
    assert stage.org is not None
    stage.org.command("usage", {"used": stops_at - 2, "most": 100})
    with stage.connected(**fields) as destination:
        destination.deliver(stage.customers(1, 2))
        destination.deliver(stage.customers(3, 4))
        with pytest.raises(Throttled, match=f"{stops_at}%") as asked:
            destination.deliver(stage.customers(5, 6))
    assert asked.value.seconds >= 600
    assert len(stage.there()) == 4


def test_a_used_up_org_leaves_everything_owed(stage: Stage) -> None:
    """Through the product: the system stops with the reason, and no attempt is used up."""
    assert stage.org is not None
    stage.org.command("usage", {"used": 100, "most": 100})
    for n in range(3):
        stage.customer(n)
    result = stage.deliver()
    assert "REQUEST_LIMIT_EXCEEDED" in str(result.stopped)
    assert [(e.state, e.attempts) for e in stage.world.entries()] == [("pending", 0)] * 3
    stage.org.command("usage", {"used": 1, "most": 100})
    assert stage.deliver().stopped is None
    assert len(stage.there()) == 3


def test_check_and_status_say_how_much_is_used(tmp_path: Path) -> None:
    with running_sandbox(samples=None) as sandbox:
        sandbox.salesforce.command("usage", {"used": 960, "most": 1000})
        environment = {name: "" for name in os.environ} | dict(sandbox.environment)
        environment |= {"IPAAS_STATE": str(tmp_path / "state"), "IPAAS_CONFIG": str(CONFIG)}

        def ipaas(*words: str) -> Any:
            return json.loads(CliRunner().invoke(app, [*words, "--json"], env=environment).stdout)

        said = {one["system"]: one for one in ipaas("check")["connections"]}
        systems = {one["system"]: one for one in ipaas("status")["systems"]}
    assert said["salesforce"]["state"] == "failed"
    assert "api usage 961/1000: it stops at 95%" in said["salesforce"]["says"]
    assert {"used": 961, "of": 1000}.items() <= systems["salesforce"]["limits"].items()
    assert systems["sql"]["limits"] is None
