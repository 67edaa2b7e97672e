"""What changed is fetched, versioned and delivered; what did not change costs one request and leaves no trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ipaas_dagster.operations.tables import landings, outbox
from ipaas_dagster.records import Scope
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster_tests.flow.oracle import Rows
from ipaas_dagster_tests.flow.world import World

POLLED = ("accounts", "products", "invoices", "subscriptions", "transactions")


def traces(world: World) -> dict[str, Any]:
    project = world.project()
    with project.operations.read() as connection:
        counted = {
            table.name: connection.scalar(select(func.count()).select_from(table)) for table in (landings, outbox)
        }
    found = {**counted, "head": project.hub.head()}
    if project.hub.shared:
        return found
    file = project.hub.path.stat()
    return {**found, "hub": (file.st_mtime_ns, file.st_size)}


def test_nothing_changed_costs_one_request_a_collection(tmp_path: Path) -> None:
    with running_sandbox(accounts=60, seed=1) as sandbox:
        world = World(sandbox, tmp_path / "state")
        world.sync()
        before, asked = traces(world), len(sandbox.journal.entries())
        assert world.sync().findings == []
        requests = [entry.path.rstrip("/") for entry in sandbox.journal.entries()[asked:]]
        objects = len(sandbox.instagaze.truth("objects"))
        assert len(requests) == 11 + objects, "12 collections, and the schema once per object"
        assert all(requests.count(path) == 1 for path in requests if not path.endswith("schema"))
        assert traces(world) == before, "no landing, change or outbox row; the hub file was not touched"


def test_only_what_changed_moves(tmp_path: Path) -> None:
    clock = SandboxClock()
    with running_sandbox(accounts=300, seed=2, samples=None, clock=clock) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_LAG_SECONDS", "0"),))
        world.sync()
        before, truth = traces(world), world.truth()
        clock.advance(5)
        for name in POLLED:
            sandbox.instagaze.mutate(name, insert=2, change=4, seed=9)
        outcome = world.sync()
        assert [pulled.fetched for pulled in outcome.pulled[:5]] == [6] * 5
        moved = differences(truth, world.truth())
        assert len(moved) > 20
        with world.project().hub.reading() as connection:
            assert connection is not None
            versions = connection.execute(
                "SELECT hub_id FROM hub.versions WHERE seq > ?", [before["head"].seq]
            ).fetchall()
        assert sorted(row[0] for row in versions) == sorted(moved), "versions hold exactly what changed"
        assert traces(world)["outbox"] == before["outbox"] + 2 * len(moved), "only that is queued, for two systems"
        assert world.hub() == world.truth() == world.sql()
        world.check_books()


def differences(before: dict[str, Rows], after: dict[str, Rows]) -> list[str]:
    """Hub ids of records that came, went or differ."""
    return [
        hub_id
        for name in after
        for hub_id in before[name].keys() | after[name].keys()
        if before[name].get(hub_id) != after[name].get(hub_id)
    ]


def test_records_read_again_within_the_lag_are_unchanged(tmp_path: Path) -> None:
    with running_sandbox(accounts=30, seed=3, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        world.sync()
        sandbox.instagaze.mutate("accounts", change=3, seed=1)
        world.sync(["accounts"])
        again = world.sync(["accounts"]).merged[0].counts["customers"]
        assert (again.fetched, again.unchanged) == (3, 3)
        world.check_books()


def test_window_fetches_that_day_and_moves_no_cursor(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    day = (now - timedelta(days=20)).replace(hour=0, minute=0, second=0, microsecond=0)
    with running_sandbox(accounts=500, seed=4, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        outcome = world.sync(["accounts"], Scope.window(day, day + timedelta(days=1)))
        of_day = {
            f"instagaze:accounts:{account['id']}"
            for account in sandbox.instagaze.truth("accounts")
            if day.timestamp() * 1000
            <= (sandbox.instagaze.modified("accounts", account["id"]) or 0)
            < (day + timedelta(days=1)).timestamp() * 1000
        }
        assert of_day, "the sandbox has records of that day"
        assert set(world.hub()["customers"]) == of_day
        assert outcome.pulled[0].fetched < 3 * len(of_day), "not everything since"
        assert outcome.pulled[0].cursor_after is None
        assert world.sync(["accounts"]).pulled[0].scope.kind == "full", "the cursor never moved"
        assert world.hub()["customers"] == world.truth()["customers"]
        world.check_books()
