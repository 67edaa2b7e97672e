"""An installation moves its hub to a server, and several processes work on it at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.conftest import NewDatabase
from ipaas_dagster_tests.flow.world import World


def test_the_sync_after_the_move_reads_and_sends_only_what_changed(tmp_path: Path, hub_database: NewDatabase) -> None:
    url = hub_database()
    with running_sandbox(accounts=150, seed=8, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_LAG_SECONDS", "0"), ("NEW_HUB", url)))
        assert world.sync().findings == []
        moved = run(world, "hub", "copy", "env:NEW_HUB", "--json")
        assert moved["seq"] == world.project().hub.head().seq
        assert sum(one["rows"] for one in moved["tables"]) > 1000
        world = replace(world, extra=(*world.extra, ("IPAAS_HUB_URL", url)))
        sandbox.instagaze.mutate("accounts", change=3, delete=0, seed=1)
        asked = len(sandbox.journal.entries())
        outcome = world.sync()
        assert outcome.findings == []
        full = [m for m in outcome.merged if m.scope == "full"]
        assert full == [], "a collection was loaded again"
        assert len(sandbox.journal.entries()) - asked < 40
        assert sum(r.delivered for d in outcome.delivered if d.system == "sql" for r in d.routes.values()) == 3
        assert world.hub() == world.truth()
        assert world.sql() == world.hub()
        world.check_books()


def test_processes_that_merge_and_deliver_at_once_leave_true_books(tmp_path: Path, hub_database: NewDatabase) -> None:
    extra = (("IPAAS_LAG_SECONDS", "0"), ("IPAAS_HUB_URL", hub_database()))
    with running_sandbox(accounts=150, seed=9, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", extra)
        shares = (("accounts",), ("invoices", "products"), ("subscriptions", "transactions"), ("accounts", "invoices"))
        processes = [world.command("sync", *share, "--json") for share in shares]
        said = [process.communicate(timeout=300)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0, 0, 0], said
        world.sync()
        assert world.hub() == world.truth()
        assert world.sql() == world.hub()
        world.check_books()


def run(world: World, *words: str) -> Any:
    process = world.command(*words)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    return json.loads(out[out.index("{") :])
