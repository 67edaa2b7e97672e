"""Stand-ins that go on where an earlier run of them ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.deliver import deliver
from ipaas_dagster.records import utc_now
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.keeping import KEPT, CannotBeRead, keep, restore
from ipaas_dagster_tests.destinations.conformance.systems import SYSTEMS
from ipaas_dagster_tests.outbox.world import World


def deliver_everything(folder: Path, sandbox: Sandbox, hub: object) -> int:
    """Calls that were made of all systems."""
    made = 0
    world = World(folder, environment=sandbox.environment)
    world.project.__dict__["hub"] = hub
    sandbox.quickbooks.configure(requests_per_second=None, requests_per_minute=None, batches_per_minute=None)
    world.project.clock = utc_now
    for system in holds(sandbox):
        result = deliver(world.project, system)
        assert result.stopped is None, (system, result.stopped)
        made += result.calls
    return made


def holds(sandbox: Sandbox) -> dict[str, object]:
    return {
        "salesforce": sandbox.salesforce.truth("Account"),
        "quickbooks": sandbox.quickbooks.truth("Customer"),
        "intacct": sandbox.intacct.truth("CUSTOMER"),
        "ipaas_com": sandbox.ipaas_com.truth("company"),
        "webhook": sandbox.webhook.truth("customers"),
        "portal_b": sandbox.portal_b.truth("accounts"),
    }


def test_what_was_there_is_there_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    first = World(tmp_path)
    for n in range(1, 4):
        first.hub.put("customers", f"instagaze:accounts:{n}", name=f"Customer {n}", number=f"N-{n}")
    with running_sandbox() as sandbox:
        assert deliver_everything(tmp_path, sandbox, first.hub) > 0
        before = holds(sandbox)
        keep(sandbox.stand_ins, file)
    first.hub.put("customers", "instagaze:accounts:2", name="Renamed", number="N-2")
    first.hub.put("customers", "instagaze:accounts:9", name="Customer 9", number="N-9")
    with running_sandbox() as sandbox:
        restore(sandbox.stand_ins, file)
        assert holds(sandbox) == before
        deliver_everything(tmp_path, sandbox, first.hub)
        names = sorted(record["Name"] for record in sandbox.salesforce.truth("Account"))
        assert names == ["Customer 1", "Customer 3", "Customer 9", "Renamed"]
        assert len(sandbox.quickbooks.truth("Customer")) == 4
        assert len(sandbox.intacct.truth("CUSTOMER")) == 4
        assert len(sandbox.portal_b.truth("accounts")) == 4


def test_every_system_of_the_conformance_suite_is_kept() -> None:
    remote = {name.split("-")[0] for name in SYSTEMS if not name.startswith(("sql", "files", "instagaze"))}
    assert remote <= set(KEPT)


def test_no_password_is_kept(tmp_path: Path) -> None:
    import zstandard

    with running_sandbox(accounts=3) as sandbox:
        keep(sandbox.stand_ins, tmp_path / "kept")
        text = zstandard.decompress((tmp_path / "kept").read_bytes())
        for name, value in sandbox.environment.items():
            if name.endswith(("_SECRET", "_PASSWORD", "_KEY")):
                assert value.encode() not in text, name


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"something else")
    with running_sandbox() as sandbox, pytest.raises(CannotBeRead):
        restore(sandbox.stand_ins, tmp_path / "kept")
