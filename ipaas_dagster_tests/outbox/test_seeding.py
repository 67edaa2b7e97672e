"""When changes alone do not tell what a system should hold: another hub, another template, a route back again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from ipaas_dagster.operations.tables import positions
from ipaas_dagster.outbox.positions import approve_deletes, held_deletes
from ipaas_dagster_tests.outbox.fake_hub import FakeHub
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, config_of, customers

A = "instagaze:accounts:000000"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, system=FakeSystem())


def replace_hub(world: World, count: int) -> FakeHub:
    """Another hub, restored from a source that now has the first `count` of the customers."""
    world.hub = FakeHub("epoch-2")
    world.project.__dict__["hub"] = world.hub
    customers(world.hub, count)
    return world.hub


def test_a_new_route_reads_the_hub_from_its_first_change(world: World) -> None:
    customers(world.hub, 7)
    world.hub.drop("customers", A)
    counts = world.deliver().routes["customers"]
    assert (counts.changes, counts.queued, counts.not_needed, counts.coalesced) == (8, 6, 1, 1)
    assert world.counters()["seeded"] == 0
    world.assert_balanced()


def test_another_hub_with_the_same_records_sends_nothing(world: World) -> None:
    customers(world.hub, 7)
    world.deliver()
    replace_hub(world, 7)
    counts = world.deliver().routes["customers"]
    assert (counts.changes, counts.same_as_delivered, counts.queued) == (7, 7, 0)
    world.assert_balanced()


def test_another_hub_repairs_differences_and_deletes_what_it_does_not_know(world: World) -> None:
    system = world.system
    assert isinstance(system, FakeSystem)
    ids = customers(world.hub, 7)
    world.deliver()
    hub = replace_hub(world, 5)
    hub.put("customers", ids[0], name="restored")
    world.deliver()
    assert sorted(system.holds("customers")) == ids[:5]
    assert system.holds("customers")[ids[0]]["name"] == "restored"
    assert world.deliver().calls == 0
    world.assert_balanced()


def test_a_missing_hub_deletes_nothing(world: World) -> None:
    customers(world.hub, 3)
    world.deliver()
    replace_hub(world, 0)
    world.hub.epoch = ""
    world.deliver()
    assert len(world.system.holds("customers")) == 3  # type: ignore[union-attr]


def test_mass_deletes_of_another_hub_wait_for_a_person(world: World) -> None:
    customers(world.hub, 200)
    world.deliver()
    hub = replace_hub(world, 0)
    hub.put("customers", "instagaze:accounts:new", name="new")
    result = world.deliver()
    system = world.system
    assert isinstance(system, FakeSystem)
    assert len(system.holds("customers")) == 201, "the new one arrived, nothing was deleted"
    assert "200 records that it holds are not in this hub" in result.notes[0]
    assert [(h.system, h.collection, h.deletes) for h in held_deletes(world.project.operations)] == [
        ("sql", "customers", 200)
    ]
    assert approve_deletes(world.project.operations, "sql", "customers", world.clock())
    world.deliver()
    assert sorted(system.holds("customers")) == ["instagaze:accounts:new"]
    assert held_deletes(world.project.operations) == []
    world.assert_balanced()


def test_held_deletes_end_by_themselves_when_the_records_come_back(world: World) -> None:
    customers(world.hub, 200)
    world.deliver()
    replace_hub(world, 10)
    assert world.deliver().notes
    customers(world.hub, 200)
    assert world.deliver().notes == ()
    assert held_deletes(world.project.operations) == []
    assert len(world.system.holds("customers")) == 200  # type: ignore[union-attr]
    world.assert_balanced()


def test_another_template_compares_every_record(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config", {"customers": {"fields": {"name": "name"}}})
    world = World(tmp_path, system=FakeSystem(), config=config)
    ids = customers(world.hub, 7, number="N1")
    world.deliver()
    (config / "mappings" / "sql.yaml").write_text(
        json.dumps({"customers": {"fields": {"name": "name", "code": "number"}}})
    )
    again = World(tmp_path, system=world.system, config=config)
    again.hub = world.hub
    again.project.__dict__["hub"] = world.hub
    again.chunk = 3
    counts = again.deliver().routes["customers"]
    assert (counts.changes, counts.queued, counts.delivered) == (7, 7, 7)
    assert again.system.holds("customers")[ids[0]]["code"] == "N1"  # type: ignore[union-attr]
    assert again.counters()["seeded"] == 7
    assert again.deliver().calls == 0
    assert len({e.request_key for e in again.entries()}) == 14, "another delivery has another key"
    again.assert_balanced()


@pytest.mark.parametrize("crash_at", [1, 2, 3])
def test_a_seeding_goes_on_where_it_was_interrupted(world: World, crash_at: int) -> None:
    customers(world.hub, 10)
    world.deliver()
    world.chunk = 4
    with world.project.operations.write() as connection:
        connection.execute(update(positions).values(template_digest="another"))
    read, calls = world.hub.current, []

    def crash(*args: object) -> object:
        calls.append(args)
        if len(calls) == crash_at:
            raise KeyboardInterrupt
        return read(*args)  # type: ignore[arg-type]

    world.hub.current = crash  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    world.assert_balanced()
    world.hub.current = read  # type: ignore[method-assign]
    world.deliver()
    assert world.counters()["seeded"] == 10, "each record once"
    world.assert_balanced()


def test_a_route_that_was_away_is_compared_when_it_is_back(tmp_path: Path) -> None:
    both = {"customers": {"fields": "all"}, "items": {"fields": "all"}}
    world = World(tmp_path, system=FakeSystem(), config=config_of(tmp_path / "both", both))
    ids = customers(world.hub, 3)
    world.deliver()
    only = World(tmp_path, system=world.system, config=config_of(tmp_path / "only", {"items": {"fields": "all"}}))
    only.project.__dict__["hub"] = world.hub
    only.deliver()
    world.hub.put("customers", ids[1], name="while it was away")
    result = world.deliver()
    assert result.routes["customers"].delivered == 1
    assert world.system.holds("customers")[ids[1]]["name"] == "while it was away"  # type: ignore[union-attr]
    assert world.counters()["seeded"] == 3
    world.assert_balanced()
