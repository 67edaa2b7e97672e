"""What is blocked for good is told once, in the run that finds it; what merely waits is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.deliver import DeliverResult
from ipaas_dagster.destinations.base import Batch, Capabilities, Outcome
from ipaas_dagster.findings import NAMED, of_delivery
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World

A = "instagaze:accounts:1"
CONTACT, INVOICE, LINE = "instagaze:contacts:1", "instagaze:invoices:1", "instagaze:invoices:1#1"


@pytest.fixture
def system() -> FakeSystem:
    return FakeSystem()


@pytest.fixture
def world(tmp_path: Path, system: FakeSystem) -> World:
    return World(tmp_path, system=system)


def new_blocked(result: DeliverResult) -> dict[str, int]:
    return {name: counts.new_blocked for name, counts in result.routes.items() if counts.new_blocked}


def told(world: World, result: DeliverResult) -> list[str]:
    return [one for one in of_delivery(world.project, result) if " is blocked: " in one]


def test_a_record_whose_parent_never_came_is_told_once_and_known_later(world: World) -> None:
    world.hub.put("contacts", CONTACT, customer_id=A)
    result = world.deliver()
    assert told(world, result) == [
        f"{result.system}: contacts {CONTACT} is blocked: waits for customers {A}, which is not in the hub: "
        "it never came, or was rejected (ipaas rejects list)"
    ]
    again = world.deliver()
    assert of_delivery(world.project, again) == []
    assert again.routes["contacts"].blocked_for_good == 1


def test_what_waits_for_a_blocked_record_is_blocked_too(world: World) -> None:
    world.hub.put("invoices", INVOICE, customer_id=A)
    world.hub.put("invoice_lines", LINE, invoice_id=INVOICE)
    assert new_blocked(world.deliver()) == {"invoices": 1, "invoice_lines": 1}
    world.hub.put("customers", A, name="a")
    assert new_blocked(world.deliver()) == {}
    assert (world.states("invoices"), world.states("invoice_lines")) == (["delivered"], ["delivered"])


def not_now(batch: Batch) -> list[Outcome]:
    return [Outcome(entry.entry_id, "retry", reason="busy") for entry in batch.entries]


def test_a_parent_that_will_be_tried_again_is_only_waited_for(tmp_path: Path) -> None:
    system = FakeSystem(capabilities=Capabilities(batch_size=50, waits=(3600.0,)), trouble=[not_now])
    world = World(tmp_path, system=system)
    world.hub.put("customers", A, name="a")
    world.hub.put("contacts", CONTACT, customer_id=A)
    result = world.deliver()
    assert result.routes["contacts"].states == {"blocked": 1}
    assert (new_blocked(result), of_delivery(world.project, result)) == ({}, [])
    system.refuses = lambda entry: "no"
    world.clock.wait(7200)
    result = world.deliver()
    assert new_blocked(result) == {"contacts": 1}
    assert told(world, result)[0].endswith(f"waits for customers {A}, which is dead: name: no")


def test_what_waits_for_another_one_next_is_told_of_it(world: World) -> None:
    world.hub.put("payments", "instagaze:transactions:1", customer_id=A, invoice_id=INVOICE)
    assert new_blocked(world.deliver()) == {"payments": 1}
    world.hub.put("customers", A, name="a")
    result = world.deliver()
    assert new_blocked(result) == {"payments": 1}
    assert f"waits for invoices {INVOICE}" in told(world, result)[0]


def test_many_are_counted_beside_the_first_ones(world: World) -> None:
    for n in range(NAMED + 5):
        world.hub.put("contacts", f"instagaze:contacts:{n}", customer_id=A)
    result = world.deliver()
    found = of_delivery(world.project, result)
    assert len(told(world, result)) == NAMED
    assert found[-1] == f"{result.system}: contacts: 5 more are blocked"
