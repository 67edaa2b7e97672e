"""A system that is filled tells of a change there: the record is compared, and what the hub has is put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from ipaas_dagster.operations.tables import inbox
from ipaas_dagster.orchestration import UseCases
from ipaas_dagster.project import Project
from ipaas_dagster.records import utc_now
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.settings import load
from ipaas_dagster.sync import deliver_all, sync
from ipaas_dagster.webhooks.checking import check_changed
from ipaas_dagster.webhooks.event import Event
from ipaas_dagster.webhooks.rows import add_events
from ipaas_dagster_tests.flow.world import copy_declarations


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(accounts=4, samples=None) as running:
        yield running


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path) -> Project:
    """Customers in QuickBooks, delivered."""
    config = tmp_path / "config"
    copy_declarations(config)
    rows = [{"collection": "customers", "system": "instagaze", "direction": "to"}]
    rows += [{"collection": "customers", "system": "quickbooks", "direction": "from"}]
    systems = {"instagaze": {"kind": "instagaze"}, "quickbooks": {"kind": "quickbooks"}}
    (config / "worksheet.yaml").write_text(yaml.safe_dump({"systems": systems, "rows": rows}))
    given = {**sandbox.environment, "IPAAS_STATE": str(tmp_path / "state"), "IPAAS_CONFIG": str(config)}
    made = Project(load(given, tmp_path / "no.env"))
    assert sync(made, [("accounts", None)], ["quickbooks"]).findings == []
    return made


def tell(project: Project, kind: str, record: str, event_id: str = "e1") -> None:
    with project.operations.write() as connection:
        add_events(connection, [("quickbooks", Event(event_id, kind, record, "update"), utc_now(), "")])


def states(project: Project) -> list[tuple[str, str | None]]:
    with project.operations.read() as connection:
        return [tuple(row) for row in connection.execute(select(inbox.c.state, inbox.c.reason))]


def names(sandbox: Sandbox) -> set[Any]:
    return {one["DisplayName"] for one in sandbox.quickbooks.truth("Customer")}


def test_what_was_changed_there_is_put_back_by_the_next_delivery(sandbox: Sandbox, project: Project) -> None:
    before, record = names(sandbox), sandbox.quickbooks.truth("Customer")[0]
    change = {"entity": "Customer", "id": record["Id"], "fields": {"DisplayName": "Somebody else's"}}
    sandbox.quickbooks.command("change", change)
    tell(project, "customer", record["Id"])
    assert "webhooks up to" in UseCases().owed(project)["quickbooks"]
    outcome = deliver_all(project, ["quickbooks"])
    assert [(one.events, one.routes["customers"].changed) for one in outcome.checked] == [(1, 1)]
    assert names(sandbox) == before
    assert states(project) == [("done", None)]
    assert "quickbooks" not in UseCases().owed(project)


def test_our_own_change_is_looked_at_and_nothing_is_sent(sandbox: Sandbox, project: Project) -> None:
    tell(project, "customer", sandbox.quickbooks.truth("Customer")[0]["Id"])
    tell(project, "customer", "999", "of a record that is none of ours")
    (checked,) = deliver_all(project, ["quickbooks"]).checked
    assert (checked.events, checked.routes["customers"].queued) == (2, 0)
    assert {state for state, _ in states(project)} == {"done"}


def test_what_it_is_not_sent_is_ignored(project: Project) -> None:
    tell(project, "vendor", "5")
    assert check_changed(project, "quickbooks").ignored == 1
    assert states(project) == [("ignored", "it is sent no vendor")]


def test_while_the_system_is_down_the_event_waits(sandbox: Sandbox, project: Project) -> None:
    from ipaas_dagster.sandbox import Fault

    tell(project, "customer", sandbox.quickbooks.truth("Customer")[0]["Id"])
    sandbox.quickbooks.faults.set([Fault("status", 1.0, status=503)])
    checked = check_changed(project, "quickbooks")
    assert checked.trouble
    assert [state for state, _ in states(project)] == ["pending"]
    sandbox.quickbooks.faults.clear()
    check_changed(project, "quickbooks")
    assert states(project) == [("done", None)]


def test_the_command_tells_what_came_in_and_what_cannot_be_switched(project: Project) -> None:
    import json

    from typer.testing import CliRunner

    from ipaas_dagster.cli.app import app

    tell(project, "vendor", "5")
    check_changed(project, "quickbooks")
    environment = dict(project.settings.environment)
    said = CliRunner().invoke(app, ["webhooks", "list", "--json"], env=environment)
    (row,) = json.loads(said.stdout)["inbox"]
    assert (row["system"], row["state"], row["reason"], row["events"]) == (
        "quickbooks", "ignored", "it is sent no vendor", 1,
    )  # fmt: skip
    refused = CliRunner().invoke(app, ["webhooks", "on", "quickbooks"], env=environment)
    assert refused.exit_code == 2
    assert "developer.intuit.com" in refused.stderr
