from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.outbox.dead import DeadFilter, dead_discard, dead_list, dead_retry
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, customers


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Five customers, all refused."""
    world = World(tmp_path, system=FakeSystem(refuses=lambda entry: "no"))
    customers(world.hub, 5)
    world.deliver()
    return world


def accept(world: World) -> FakeSystem:
    assert isinstance(world.system, FakeSystem)
    world.system.refuses = lambda entry: None
    return world.system


def test_list_tells_record_and_reason(world: World) -> None:
    letters = dead_list(world.project.operations)
    assert [(d.hub_id[-1], d.reason, d.attempts) for d in letters] == [(str(n), "name: no", 1) for n in range(5)]
    assert dead_list(world.project.operations, DeadFilter(collection="contacts")) == []
    chosen = DeadFilter(hub_ids=[letters[3].hub_id])
    assert [d.entry_id for d in dead_list(world.project.operations, chosen)] == [letters[3].entry_id]


def test_a_reason_may_hold_any_character(tmp_path: Path) -> None:
    world = World(tmp_path, system=FakeSystem(refuses=lambda entry: "no\x00\x1b \U0001f600"))
    customers(world.hub, 1)
    world.deliver()
    (letter,) = dead_list(world.project.operations)
    assert letter.reason == "name: no\ufffd\x1b \U0001f600"


def test_a_dead_letter_is_not_tried_again_by_itself(world: World) -> None:
    accept(world)
    assert world.deliver().calls == 0
    assert world.states() == ["dead"] * 5


def test_retry_renders_the_current_record_under_a_new_key(world: World) -> None:
    system = accept(world)
    letter = dead_list(world.project.operations)[0]
    world.hub.put("customers", letter.hub_id, name="mended")
    assert dead_retry(world.project, DeadFilter(entry_ids=[letter.entry_id])) == 1
    world.deliver()
    assert system.holds("customers")[letter.hub_id]["name"] == "mended"
    keys = [e.request_key for e in world.entries(hub_id=letter.hub_id)]
    assert len(set(keys)) == len(keys)
    assert world.states().count("dead") == 4
    world.assert_balanced()


def test_retry_of_everything(world: World) -> None:
    system = accept(world)
    assert dead_retry(world.project, DeadFilter(system="sql")) == 5
    assert world.states() == ["superseded"] * 5 + ["pending"] * 5
    world.deliver()
    assert len(system.records) == 5
    world.assert_balanced()


def test_retry_of_a_record_that_is_gone_owes_nothing(world: World) -> None:
    letter = dead_list(world.project.operations)[0]
    world.hub.drop("customers", letter.hub_id)
    dead_retry(world.project, DeadFilter(entry_ids=[letter.entry_id]))
    assert [e.state for e in world.entries(hub_id=letter.hub_id)] == ["superseded"]
    world.assert_balanced()


def test_a_refused_retry_is_dead_anew(world: World) -> None:
    dead_retry(world.project, DeadFilter())
    assert world.deliver().routes["customers"].new_dead == 5
    assert world.states() == ["superseded"] * 5 + ["dead"] * 5
    world.assert_balanced()


def test_a_discarded_one_stays_dead_with_the_persons_reason(world: World) -> None:
    letter = dead_list(world.project.operations)[0]
    chosen = DeadFilter(entry_ids=[letter.entry_id])
    assert dead_discard(world.project.operations, chosen, "a test record", world.clock()) == 1
    assert dead_discard(world.project.operations, chosen, "again", world.clock()) == 0
    entry = world.entries(entry_id=letter.entry_id)[0]
    assert (entry.state, entry.reason) == ("dead", "discarded: a test record (was: name: no)")
    assert len(dead_list(world.project.operations, DeadFilter(acknowledged=False))) == 4
    world.assert_balanced()


def test_a_later_success_resolves_older_dead_letters(world: World) -> None:
    accept(world)
    hub_id = dead_list(world.project.operations)[0].hub_id
    world.hub.put("customers", hub_id, name="later")
    world.deliver()
    assert [e.state for e in world.entries(hub_id=hub_id)] == ["superseded", "delivered"]
    world.assert_balanced()
