"""A route that follows a pipeline: pinned the first time, afterwards changed only when a person says so."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard
from typer.testing import CliRunner

from ipaas_dagster.cli.app import app
from ipaas_dagster.mapping.pins import pin_file
from ipaas_dagster.pipelines import approve, standings
from ipaas_dagster.plan import make_plan
from ipaas_dagster.project import Project
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.instagaze.pipelines import PUSHES_ACCOUNTS
from ipaas_dagster.settings import load
from ipaas_dagster.sync import Outcome, sync

DATA = Path(__file__).parents[2] / "data"
SNAPSHOTS = ("objects", "schemas", "pipelines")
HOSTILE = "data => { while (true) {} }"
OTHER = "data => 'B: ' + data.substring(0, 60)"


@dataclass
class Following:
    """An installation with nothing but a second org, of which nothing is pinned yet."""

    sandbox: Sandbox
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        given = self.sandbox.environment
        kept = {n: v for n, v in given.items() if n.startswith(("INSTAGAZE_BASE", "INSTAGAZE_TOKEN", "SALESFORCE_B"))}
        return kept | {"IPAAS_STATE": str(self.folder / "state"), "IPAAS_CONFIG": str(self.folder / "config")}

    def project(self) -> Project:
        return Project(load(self.environment, self.folder / "no.env"))

    def sync(self, *collections: str) -> Outcome:
        return sync(
            self.project(), [(name, None) for name in collections or ("accounts", *SNAPSHOTS)], ["salesforce_b"]
        )

    def names(self) -> list[str]:
        return sorted(str(one["Name"]) for one in self.sandbox.salesforce_b.truth("Account"))

    def upstream(self, *, modifier: str | None = None, **changes: Any) -> None:
        """The pipeline as somebody changed it at Instagaze, and as the hub has it then."""
        record = {**copy.deepcopy(PUSHES_ACCOUNTS), **changes}
        if modifier is not None:
            record["mappings"][1]["push_modifier"] = modifier
        self.sandbox.instagaze.put("pipelines", record)

    @property
    def pin(self) -> Path:
        return pin_file(self.folder / "config", "salesforce_b", "customers")


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    config = tmp_path / "config"
    (config / "mappings").mkdir(parents=True)
    shutil.copy(DATA / "presets.yaml", config)
    systems = {"instagaze": {"kind": "instagaze"}, "salesforce_b": {"kind": "salesforce"}}
    rows = [
        {"collection": "customers", "system": "instagaze", "direction": "to"},
        {"collection": "customers", "system": "salesforce_b", "direction": "from", "template": "instagaze"},
    ]
    (config / "worksheet.yaml").write_text(yaml.safe_dump({"systems": systems, "rows": rows}))
    with running_sandbox() as sandbox:
        yield Following(sandbox, tmp_path)


def test_the_first_time_it_is_pinned_and_used(following: Following) -> None:
    assert following.sync().findings == []
    accounts = following.sandbox.instagaze.truth("accounts")
    assert following.names() == sorted(one["account_name"] for one in accounts)
    pinned = yaml.safe_load(following.pin.read_text())
    assert pinned["fields"]["Name"]["push_modifier"] == "data => data.substring(0, 80)"
    assert pinned["pipeline"]["id"] == "7"
    assert "password" not in following.pin.read_text()
    assert following.sync().delivered[0].calls == 0
    assert [one.state for one in standings(following.project())] == ["as approved"]


def test_a_change_is_told_once_and_waits_for_approval(following: Following) -> None:
    following.sync()
    before = following.names()
    following.upstream(modifier=OTHER)
    following.sandbox.instagaze.insert("accounts", {"account_name": "New one"})
    told = following.sync().findings
    assert len(told) == 1
    assert "changed (Name); the approved mapping goes on" in told[0]
    assert following.names() == sorted([*before, "New one"]), "by the approved mapping"
    assert following.sync().findings == []
    (standing,) = standings(following.project())
    (difference,) = standing.differences
    assert (difference.field, difference.what) == ("Name", "push_modifier")
    assert (difference.approved, difference.now) == ("data => data.substring(0, 80)", OTHER)
    approve(following.project(), "salesforce_b/customers")
    assert following.sync().findings == []
    assert following.names() == sorted(f"B: {name}" for name in [*before, "New one"])


def test_differences_are_field_by_field(following: Following) -> None:
    following.sync()
    mappings = copy.deepcopy(PUSHES_ACCOUNTS["mappings"])
    del mappings[2]
    mappings[3 - 1]["read_only"] = True
    mappings.append({**mappings[0], "external": "BillingCity", "read_only": False})
    mappings[-1]["pp_field"] = {"id": 9, "field": "billing_address.city", "is_required": False}
    following.upstream(mappings=mappings)
    following.sync()
    (standing,) = standings(following.project())
    assert [(one.field, one.what, one.approved, one.now) for one in standing.differences] == [
        ("Owner_Name__c", "read_only", False, True),
        ("BillingCity", "field", None, "billing_address.city"),
        ("AccountNumber", "field", "account_number, data => data.trim().toUpperCase().substring(0, 40)", None),
    ]


def test_a_hostile_modifier_is_refused_the_first_time_and_as_a_change(following: Following) -> None:
    following.upstream(modifier=HOSTILE)
    told = following.sync().findings
    assert "longer than its 0.25 s; nothing is sent of it" in told[0]
    assert (following.names(), following.pin.exists()) == ([], False)
    assert approve(following.project())[0] == []
    following.upstream()
    assert following.sync().findings == []
    assert len(following.names()) == 2
    following.upstream(modifier=HOSTILE)
    assert "the approved mapping goes on" in following.sync().findings[0]
    pinned, left = approve(following.project())
    assert (pinned, [one.state for one in left]) == ([], ["refused"])
    assert "while" not in following.pin.read_text()


def test_a_pipeline_that_is_switched_off_or_gone_leaves_the_approved_mapping(following: Following) -> None:
    following.sync()
    following.upstream(is_active=False)
    told = following.sync().findings
    assert "PUSH, not active" in told[0]
    following.sandbox.instagaze.insert("accounts", {"account_name": "New one"})
    assert following.sync().findings == []
    assert "New one" in following.names()


def test_among_several_the_row_or_the_address_decides(following: Following) -> None:
    following.upstream(id=8, instance={"name": "Third", "url": "https://elsewhere.example.com"})
    assert "several active pipelines push customers to salesforce (7, 8)" in following.sync().findings[0]
    worksheet = following.folder / "config" / "worksheet.yaml"
    text = worksheet.read_text()
    worksheet.write_text(text.replace("template: instagaze", "template: instagaze\n  pipeline: 8"))
    assert following.sync().findings == []
    assert yaml.safe_load(following.pin.read_text())["pipeline"]["id"] == "8"
    worksheet.write_text(text)
    following.pin.unlink()
    following.upstream(id=8, instance={"name": "Third", "url": following.environment["SALESFORCE_B_URL"]})
    following.sync()
    assert yaml.safe_load(following.pin.read_text())["pipeline"]["id"] == "8"


def test_a_plan_pins_nothing(following: Following) -> None:
    from ipaas_dagster.merge import merge
    from ipaas_dagster.pull import pull

    project = following.project()
    for name in ("accounts", *SNAPSHOTS):
        pull(project, name)
    merge(project, None)
    assert make_plan(project, "salesforce_b", following.folder / "plan").summary.batches == 0
    assert not following.pin.exists()


def test_credentials_of_its_instance_are_nowhere(following: Following) -> None:
    following.sync()
    secrets = [one["instance"]["password"].encode() for one in following.sandbox.instagaze.truth("pipelines")]
    assert len(secrets) == 4
    contents = {path: _opened(path) for path in following.folder.rglob("*") if path.is_file()}
    assert any(b"Second org" in content for content in contents.values()), "what stands beside them is there"
    assert [path for path, content in contents.items() if any(secret in content for secret in secrets)] == []
    with following.project().hub.reading() as connection:
        assert connection is not None
        rows = connection.execute("SELECT record::VARCHAR FROM instagaze.pipelines").fetchall()
    assert (len(rows), "plain-text-fake" in str(rows)) == (4, False)


def _opened(path: Path) -> bytes:
    """Landings are compressed."""
    content = path.read_bytes()
    if content[:4] != b"\x28\xb5\x2f\xfd":
        return content
    return bytes(zstandard.ZstdDecompressor().stream_reader(content).read())


def test_the_command_shows_and_takes_over(following: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    following.sync()
    following.upstream(modifier="data => data.split('')[0]")
    following.sync()
    for name, value in following.environment.items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke
    shown = run(app, ["pipelines", "diff"])
    assert (shown.exit_code, "data => data.split('')[0]" in shown.stdout) == (1, True)
    document = json.loads(run(app, ["pipelines", "diff", "--json"]).stdout)
    assert document["pipelines"][0]["differences"][0]["field"] == "Name"
    assert run(app, ["pipelines", "approve", "salesforce_b/invoices"]).exit_code == 2
    assert run(app, ["pipelines", "approve", "salesforce_b/customers"]).exit_code == 0
    assert run(app, ["pipelines", "diff"]).exit_code == 0
