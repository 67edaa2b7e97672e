"""What was settled long ago is forgotten, and the books still balance."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from ipaas_dagster.ledger.route_balance import RouteBalance, route_balance
from ipaas_dagster.operations.space import give_back
from ipaas_dagster.operations.tables import attempts, outbox, payloads
from ipaas_dagster.outbox.pruning import prunable, prune_entries
from ipaas_dagster.outbox.sending import states_of
from ipaas_dagster_tests.outbox.world import FakeSystem, World, customers


def _counts(world: World) -> list[int]:
    with world.project.operations.read() as connection:
        return [connection.scalar(select(func.count()).select_from(t)) or 0 for t in (outbox, attempts, payloads)]


def _books(world: World) -> RouteBalance:
    return next(one for one in route_balance(world.project.operations) if one.collection == "customers")


def test_settled_entries_go_and_nothing_that_is_owed_or_the_last_word_of_a_record(tmp_path: Path) -> None:
    system = FakeSystem(refuses=lambda entry: "no such currency" if entry.hub_id.endswith("19") else None)
    world = World(tmp_path, system=system)
    ids = customers(world.hub, 20)
    world.deliver()
    for name in ("Second", "Third"):
        for hub_id in ids[:10]:
            world.hub.put("customers", hub_id, name=f"{name} {hub_id}")
        world.deliver()
    before = _books(world)
    assert _counts(world) == [40, 40, 40]

    world.clock.now += timedelta(days=10)
    world.hub.put("customers", ids[0], name="Young")
    world.deliver()
    limit = world.clock() - timedelta(days=5)
    assert prunable(world.project.operations, limit) == 21
    assert prune_entries(world.project.operations, limit, chunk=7) == 21
    assert prune_entries(world.project.operations, limit) == 0
    assert _counts(world) == [20, 20, 20]
    assert [entry.hub_id for entry in world.entries(state="dead")] == [ids[19]]
    assert {entry.hub_id for entry in world.entries(state="delivered")} == set(ids[:19])

    after = _books(world)
    assert after.findings == ()
    assert after.queued == before.queued + 1
    with world.project.operations.read() as connection:
        assert states_of(connection, "sql")["customers"] == {"delivered": 40, "dead": 1}

    world.hub.put("customers", ids[1], name="Goes on")
    assert world.deliver().routes["customers"].delivered == 1
    assert _books(world).findings == ()


def test_the_space_is_given_back_to_the_disk(tmp_path: Path) -> None:
    world = World(tmp_path, system=FakeSystem())
    for name in ("First", "Second"):
        for hub_id in customers(world.hub, 500):
            world.hub.put("customers", hub_id, name=f"{name} {hub_id}")
        world.deliver()
    world.clock.now += timedelta(days=10)
    file = tmp_path / "state" / "operations.db"
    assert prune_entries(world.project.operations, world.clock()) > 400
    freed = give_back(world.project.operations)
    if world.project.operations.url.get_backend_name() == "postgresql":
        assert freed == 0  # its autovacuum does it
        return
    assert freed > 100_000
    assert give_back(world.project.operations) == 0
    assert file.stat().st_size > 0
