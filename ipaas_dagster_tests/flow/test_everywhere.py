"""Deletes and returns in every system at once: each leaves within one reconcile, a mass of them waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ipaas_dagster.approvals import approve, open_holds
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sync import Outcome, reconcile_all
from ipaas_dagster_tests.flow.world import World

SYSTEMS = ("sql", "files", "salesforce", "quickbooks", "intacct", "ipaas_com", "portal_b", "webhook")


def _world(sandbox: Sandbox, folder: Path) -> World:
    sandbox.quickbooks.configure(requests_per_second=None, requests_per_minute=None, batches_per_minute=None)
    settings = {"IPAAS_HOLD_RECORDS": "3", "IPAAS_LAG_SECONDS": "0"}
    for name in SYSTEMS[2:]:
        settings |= getattr(sandbox, name).environment(sandbox.origin)
    return World(sandbox, folder / "state", tuple(settings.items()))


def _customers(world: World) -> Mapping[str, list[str]]:
    """By each system's own word."""
    there = world.sandbox
    found = {
        "sql": [row["name"] for row in world.sql()["customers"].values()],
        "files": [row["name"] for row in world.files()["customers"].values()],
        "salesforce": [one["Name"] for one in there.salesforce.truth("Account")],
        "quickbooks": [one["DisplayName"] for one in there.quickbooks.truth("Customer") if one["Active"]],
        "intacct": [one["NAME"] for one in there.intacct.truth("CUSTOMER") if one["STATUS"] == "active"],
        "ipaas_com": [one["name"] for one in there.ipaas_com.truth("company")],
        "portal_b": [one["account_name"] for one in there.portal_b.truth("accounts")],
        "webhook": [one["name"] for one in there.webhook.truth("customers")],
    }
    return {system: sorted(names) for system, names in found.items()}


def _reconcile(world: World) -> Outcome:
    project = world.project()
    outcome = reconcile_all(project, ["accounts"], SYSTEMS, compare=SYSTEMS)
    assert not outcome.unexpected, outcome.findings
    assert sum(one.different for one in outcome.compared) == 0, [one.differences for one in outcome.compared]
    return outcome


@pytest.mark.slow
def test_what_the_source_deleted_leaves_every_system_and_comes_back_everywhere(tmp_path: Path) -> None:
    with running_sandbox(samples=None) as sandbox:
        world, source = _world(sandbox, tmp_path), sandbox.instagaze
        made = [source.insert("accounts", {"account_name": f"Account {n}"}) for n in range(10)]
        names = [f"Account {n}" for n in range(10)]
        world.sync(["accounts"])
        assert _customers(world) == dict.fromkeys(SYSTEMS, names)

        source.delete("accounts", made[0]["id"])
        assert _reconcile(world).findings == []
        assert _customers(world) == dict.fromkeys(SYSTEMS, names[1:])

        for record in made[1:7]:  # two thirds of what is left
            source.delete("accounts", record["id"])
        asked = _reconcile(world)
        assert any("holds deletes for a person" in finding for finding in asked.findings)
        assert _customers(world) == dict.fromkeys(SYSTEMS, names[1:])
        (hold,) = (one for one in open_holds(world.project()) if one.collection == "customers")
        approve(world.project(), hold.hold_id)
        for one in open_holds(world.project()):
            approve(world.project(), one.hold_id)  # their contacts
        _reconcile(world)
        assert _customers(world) == dict.fromkeys(SYSTEMS, names[7:])

        for record in made[:7]:
            source.put("accounts", record)
        world.sync(["accounts"])
        assert _customers(world) == dict.fromkeys(SYSTEMS, names)
        _reconcile(world)
        world.check_books()
