"""A mass change waits for a person before it goes to a system, and is looked at again when it may go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ipaas_dagster.approvals import approve
from ipaas_dagster.errors import UsageError
from ipaas_dagster.orchestration.owed import owed
from ipaas_dagster.outbox.change_holds import waiting
from ipaas_dagster.recovery import note_head
from ipaas_dagster_tests.outbox.world import World, customers

HOLD = "sql/customers.changes"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.project.settings = replace(world.project.settings, hold_change_records=10, hold_change_share=0.5)
    customers(world.hub, 20)
    world.deliver()
    return world


def _rename(world: World, which: range, name: str = "Renamed") -> None:
    for number in which:
        world.hub.put("customers", f"instagaze:accounts:{number:06d}", name=f"{name} {number}")


def _sent(world: World) -> int:
    return world.states().count("delivered")


def test_a_first_load_and_a_smaller_change_do_not_wait(world: World) -> None:
    assert _sent(world) == 20
    _rename(world, range(10))
    assert world.deliver().notes == ()
    assert _sent(world) == 30


def test_a_mass_change_waits_with_what_follows_it_and_goes_when_approved(world: World) -> None:
    _rename(world, range(15))
    assert world.deliver().notes == (
        "15 of 20 customers (75%) that sql holds were changed at once, by landing landing-1; they wait for "
        f"`ipaas approve {HOLD}`, and so does what changed after them",
    )
    for number in (12, 13, 14):  # taken back at the source
        world.hub.put("customers", f"instagaze:accounts:{number:06d}", name=f"Customer {number:06d}")
    world.hub.put("customers", "instagaze:accounts:000020", name="New")
    assert world.deliver().notes == ()  # told once
    assert _sent(world) == 20
    assert [hold.hold_id for hold in waiting(world.project.operations)] == [HOLD]
    world.assert_balanced()

    approve(world.project, HOLD)
    assert waiting(world.project.operations) == []
    world.chunk = 4  # what was taken back is read after what it took back
    world.deliver()
    sent = {entry.hub_id for entry in world.entries(state="delivered") if entry.seq > 20}
    assert sent == {f"instagaze:accounts:{number:06d}" for number in (*range(12), 20)}
    assert len(world.entries()) == 20 + 13  # what was taken back meanwhile is not sent
    world.assert_balanced()
    with pytest.raises(UsageError):
        approve(world.project, HOLD)


def test_a_change_that_renders_the_same_is_none(world: World) -> None:
    for number in range(20):
        world.hub.put("customers", f"instagaze:accounts:{number:06d}")
    assert world.deliver().notes == ()
    assert world.counters()["same_as_delivered"] == 20


def test_a_route_that_waits_launches_nothing(world: World) -> None:
    _rename(world, range(15))
    world.deliver()
    with world.project.operations.write() as connection:
        note_head(connection, world.hub.head(), world.clock())
    assert "customers" not in owed(world.project).get("sql", "")
    approve(world.project, HOLD)
    assert "customers" in owed(world.project)["sql"]
