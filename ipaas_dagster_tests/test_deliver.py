"""The use case with the real destinations: what they hold equals the hub, after every kind of end."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ipaas_dagster.deliver import setting
from ipaas_dagster.destinations.files import current
from ipaas_dagster.errors import DeclarationError, LockTimeout
from ipaas_dagster_tests.outbox.killed import build, change
from ipaas_dagster_tests.outbox.world import World, config_of, customers

SYSTEMS = ["sql", "files"]
A = "instagaze:accounts:1"


def held(world: World, system: str, collection: str) -> dict[str, dict[str, Any]]:
    """What the system holds, by hub id, read past the product where that is possible."""
    if system == "files":
        folder = Path(setting(world.project, "files").fields["folder"])
        return {record["hub_id"]: record for record in current(folder, collection)}
    engine = create_engine(setting(world.project, "sql").fields["url"])
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT * FROM {collection}")).mappings().all()
    engine.dispose()
    return {row["hub_id"]: dict(row) for row in rows}


def assert_equal_to_hub(world: World, system: str) -> None:
    for collection in ("customers", "contacts"):
        there = {i: r["name"] for i, r in held(world, system, collection).items()}
        assert there == {i: r["name"] for i, r in world.hub.alive(collection).items()}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_system_holds_what_the_hub_holds(tmp_path: Path, system: str) -> None:
    world = build(tmp_path)
    result = world.deliver(system)
    assert (result.stopped, result.switched_off, result.routes["customers"].delivered) == (None, None, 20)
    change(world)
    world.deliver(system)
    assert_equal_to_hub(world, system)
    assert world.deliver(system).calls == 0
    world.assert_balanced()


def test_every_column_with_its_value(tmp_path: Path) -> None:
    world = World(tmp_path)
    columns = {
        "number": "RE-1", "customer_id": A, "currency": "USD", "price_minor": 2**53 + 1, "total_minor": -5,
        "contract_start": datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC), "is_paid": False,
        "custom": {"gl": "4000", "nested": [1, None, "é"]},
    }  # fmt: skip
    world.hub.put("invoices", "instagaze:invoices:1", **columns)
    world.deliver("sql")
    world.deliver("files")
    row = held(world, "sql", "invoices")["instagaze:invoices:1"]
    assert row["price_minor"] == 2**53 + 1
    assert row["contract_start"] == "2026-01-31T23:59:59.123456+00:00"
    assert row["custom"] == '{"gl": "4000", "nested": [1, null, "é"]}'
    assert (row["is_paid"], row["is_forgiven"], row["customer_id"]) == (0, None, A)
    record = held(world, "files", "invoices")["instagaze:invoices:1"]
    assert (record["price_minor"], record["custom"]) == (2**53 + 1, columns["custom"])


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("commit", "when"),
    [
        (2, "before"),  # between two chunks of the queue
        (11, "before"),  # ready to send
        (11, "after"),  # the intent is committed, nothing was sent
        (12, "before"),  # sent, the answer is not committed
        (12, "after"),
        (14, "before"),  # a delete was sent
    ],
)
def test_killed_at_any_commit_and_delivered_again(tmp_path: Path, system: str, when: str, commit: int) -> None:
    world = build(tmp_path)
    world.deliver(system)
    words = [str(tmp_path), system, "", str(commit), when]
    ended = subprocess.run(
        [sys.executable, "-m", "ipaas_dagster_tests.outbox.killed", *words], check=False, capture_output=True
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    change(world)
    world.assert_balanced()
    result = world.deliver(system)
    assert result.stopped is None
    assert_equal_to_hub(world, system)
    world.assert_balanced()
    assert {e.state for e in world.entries(system=system)} <= {"delivered", "superseded"}
    if system == "files":
        names = [path.stem for path in (tmp_path / "state/files/customers/batches").iterdir()]
        manifests = list((tmp_path / "state/files/customers/manifests").iterdir())
        assert len(set(names)) == len(names) == len(manifests), "each batch once"


def test_operations_in_postgresql(tmp_path: Path, postgresql: str) -> None:
    world = build(tmp_path, operations_url=postgresql)
    for system in SYSTEMS:
        world.deliver(system)
    words = [str(tmp_path), "sql", postgresql, "8", "before"]
    ended = subprocess.run([sys.executable, "-m", "ipaas_dagster_tests.outbox.killed", *words], check=False)
    assert ended.returncode == -signal.SIGKILL
    change(world)
    for system in SYSTEMS:
        world.deliver(system)
        assert_equal_to_hub(world, system)
    world.assert_balanced()
    world.project.operations.dispose()


def test_everything_in_postgresql(tmp_path: Path, postgresql: str) -> None:
    world = World(tmp_path, operations_url=postgresql, environment={"IPAAS_SQL_URL": postgresql})
    customers(world.hub, 30)
    world.deliver("sql")
    world.hub.drop("customers", "instagaze:accounts:000007")
    assert world.deliver("sql").routes["customers"].delivered == 1
    assert len(held(world, "sql", "customers")) == 29
    world.project.operations.dispose()


def test_a_system_without_credentials_is_switched_off(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config", {"customers": {"fields": "all"}})
    (config / "presets.yaml").write_text('{"sql": {"url": "env:WAREHOUSE_URL"}}')
    world = World(tmp_path, config=config)
    customers(world.hub, 3)
    result = world.deliver("sql")
    assert result.switched_off is not None
    assert "WAREHOUSE_URL" in result.switched_off
    assert (world.entries(), world.counters()) == ([], {})
    on = World(tmp_path, config=config, environment={"WAREHOUSE_URL": f"sqlite:///{tmp_path}/there.db"})
    on.project.__dict__["hub"] = world.hub
    assert on.deliver("sql").routes["customers"].delivered == 3
    assert world.deliver("sql").switched_off
    on.hub = world.hub
    world.hub.put("customers", A, name="while it was off")
    assert on.deliver("sql").routes["customers"].delivered == 1
    on.assert_balanced()


def test_an_unknown_system_is_named_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="sql"):
        World(tmp_path).deliver("sqll")


def test_one_deliverer_at_a_time(tmp_path: Path) -> None:
    world = build(tmp_path)
    from ipaas_dagster.locks import Locks

    world.project.__dict__["locks"] = Locks(tmp_path / "locks", limit_seconds=0)
    with world.project.locks.hold("deliver-sql"), pytest.raises(LockTimeout):
        world.deliver("sql")


def test_an_unreachable_system_leaves_everything_owed(tmp_path: Path) -> None:
    nowhere = "postgresql+psycopg://user:secret@127.0.0.1:1/nothing"
    world = World(tmp_path, environment={"IPAAS_SQL_URL": nowhere})
    customers(world.hub, 3)
    result = world.deliver("sql")
    assert result.stopped is not None
    assert "secret" not in result.stopped
    assert world.states() == ["pending"] * 3
    world.assert_balanced()


def test_a_table_gets_the_columns_that_a_template_gains(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config", {"customers": {"fields": {"name": "name"}}})
    world = World(tmp_path, config=config)
    world.hub.put("customers", A, name="a", number="N1")
    world.deliver("sql")
    wider = config_of(tmp_path / "config", {"customers": {"fields": {"name": "name", "number": "number"}}})
    again = World(tmp_path, config=wider)
    again.project.__dict__["hub"] = world.hub
    again.deliver("sql")
    assert held(again, "sql", "customers")[A] == {"hub_id": A, "name": "a", "number": "N1"}


def test_progress_is_told_per_batch(tmp_path: Path) -> None:
    world = build(tmp_path)
    told: list[tuple[str, int, int | None]] = []
    world.project.progress = lambda label, done, total: told.append((label, done, total))
    world.deliver("sql")
    assert ("deliver sql", 40, 40) in told
