"""What of the hub's changes becomes owed, and the balance of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipaas_dagster.outbox.queue import Candidate, Known, decide
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, config_of, customers

A = "instagaze:accounts:1"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, system=FakeSystem())


def test_an_empty_hub_writes_nothing(world: World) -> None:
    result = world.deliver()
    assert (result.calls, world.entries(), world.counters()) == (0, [], {})


def test_changes_of_one_record_are_one_entry(world: World) -> None:
    for name in "abc":
        world.hub.put("customers", A, name=name)
    result = world.deliver()
    counts = result.routes["customers"]
    assert (counts.changes, counts.queued, counts.coalesced, counts.delivered) == (3, 1, 2, 1)
    assert isinstance(world.system, FakeSystem)
    assert world.system.holds("customers")[A]["name"] == "c"
    world.assert_balanced()


def test_a_second_run_does_nothing(world: World) -> None:
    customers(world.hub, 3)
    world.deliver()
    before = (world.entries(), world.counters())
    result = world.deliver()
    assert result.calls == 0
    assert (world.entries(), world.counters()) == before


def test_a_change_that_changes_nothing_there_is_not_sent(world: World) -> None:
    world.hub.put("customers", A, name="a")
    world.deliver()
    world.hub.put("customers", A, name="a", extra={"only": "in the hub"})
    counts = world.deliver().routes["customers"]
    assert (counts.same_as_delivered, counts.queued) == (1, 0)
    world.assert_balanced()


def test_back_to_what_was_delivered_is_sent_while_something_is_open(world: World) -> None:
    """a was confirmed, b may be there: a must be sent again."""
    system = world.system
    assert isinstance(system, FakeSystem)
    world.hub.put("customers", A, name="a")
    world.deliver()
    system.refuses = lambda entry: "not today" if (entry.payload or {})["name"] == "b" else None
    world.hub.put("customers", A, name="b")
    assert world.deliver().routes["customers"].new_dead == 1
    world.hub.put("customers", A, name="a")
    counts = world.deliver().routes["customers"]
    assert (counts.same_as_delivered, counts.queued, counts.delivered) == (0, 1, 1)
    assert world.states() == ["delivered", "superseded", "delivered"]
    world.assert_balanced()


def test_a_delete_of_what_was_never_delivered_is_not_needed(world: World) -> None:
    world.hub.put("customers", A, name="a")
    world.hub.drop("customers", A)
    counts = world.deliver().routes["customers"]
    assert (counts.changes, counts.coalesced, counts.not_needed, counts.queued) == (2, 1, 1, 0)
    world.assert_balanced()


def test_a_delete_supersedes_what_was_never_sent(world: World) -> None:
    world.system.trouble = [_unreachable]  # type: ignore[union-attr]
    world.hub.put("customers", A, name="a")
    assert world.deliver().stopped == "no route to host"
    world.hub.drop("customers", A)
    counts = world.deliver().routes["customers"]
    assert (counts.not_needed, world.states()) == (1, ["superseded"])
    world.assert_balanced()


def test_a_delivered_record_is_deleted_there(world: World) -> None:
    world.hub.put("customers", A, name="a")
    world.deliver()
    world.hub.drop("customers", A)
    world.deliver()
    assert world.system.holds("customers") == {}  # type: ignore[union-attr]
    world.hub.put("customers", A, name="back")
    world.deliver()
    assert world.system.holds("customers")[A]["name"] == "back"  # type: ignore[union-attr]
    world.assert_balanced()


def test_the_route_may_keep_what_is_deleted_here(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config", {"customers": {"fields": "all"}}, deletes={"customers": "keep"})
    world = World(tmp_path, system=FakeSystem(), config=config)
    world.hub.put("customers", A, name="a")
    world.deliver()
    world.hub.drop("customers", A)
    counts = world.deliver().routes["customers"]
    assert (counts.filtered, counts.queued) == (1, 0)
    assert list(world.system.holds("customers")) == [A]  # type: ignore[union-attr]
    world.assert_balanced()


def test_a_record_that_leaves_the_filter_is_deleted_there(tmp_path: Path) -> None:
    mapping = {"customers": {"fields": {"name": "name"}, "filter": {"billing_country": "UK"}}}
    world = World(tmp_path, system=FakeSystem(), config=config_of(tmp_path / "config", mapping))
    other = "instagaze:accounts:2"
    world.hub.put("customers", A, name="a", billing_country="UK")
    world.hub.put("customers", other, name="b", billing_country="FR")
    counts = world.deliver().routes["customers"]
    assert (counts.queued, counts.filtered) == (1, 1)
    world.hub.put("customers", A, billing_country="FR")
    world.deliver()
    assert world.system.holds("customers") == {}  # type: ignore[union-attr]
    world.assert_balanced()


def test_what_cannot_be_rendered_is_dead_by_field_and_does_not_stop_the_others(tmp_path: Path) -> None:
    mapping = {"customers": {"fields": {"name": {"from": "name", "required": True}}}}
    world = World(tmp_path, system=FakeSystem(), config=config_of(tmp_path / "config", mapping))
    world.hub.put("customers", A)
    world.hub.put("customers", "instagaze:accounts:2", name="b")
    counts = world.deliver().routes["customers"]
    assert (counts.queued, counts.new_dead, counts.delivered) == (2, 1, 1)
    dead = world.entries(state="dead")
    assert dead[0].hub_id == A
    assert dead[0].reason.startswith("name: is required")
    assert world.deliver().routes["customers"].new_dead == 0, "known ones are not new again"
    world.hub.put("customers", A, name="now")
    world.deliver()
    assert world.states() == ["superseded", "delivered", "delivered"]
    world.assert_balanced()


@pytest.mark.parametrize("busy", ["sending", "in_doubt"])
def test_the_verdict_on_a_delete_waits_for_a_doubt(busy: str) -> None:
    gone = Candidate(A, 2, 2, deleted=True)
    assert decide(gone, Known(), "delete") == "not_needed"
    assert decide(gone, Known(busy=[1]), "delete") == "delete"


@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["put", "same", "drop", "run", "down"])), max_size=40)
)
@settings(max_examples=12, deadline=None)
def test_any_history_ends_with_the_system_equal_to_the_hub(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    world = World(tmp_path_factory.mktemp("history"), system=FakeSystem())
    system = world.system
    assert isinstance(system, FakeSystem)
    for number, (record, step) in enumerate(steps):
        hub_id = f"instagaze:accounts:{record}"
        alive = world.hub.alive("customers")
        if step == "put":
            world.hub.put("customers", hub_id, name=f"name {number}")
        elif step == "same" and hub_id in alive:
            world.hub.put("customers", hub_id)
        elif step == "drop" and hub_id in alive:
            world.hub.drop("customers", hub_id)
        elif step == "down":
            system.trouble = [_unreachable]
            world.deliver()
            system.trouble = []
        elif step == "run":
            world.deliver()
        world.assert_balanced()
    world.deliver()
    world.assert_balanced()
    held = {i: payload["name"] for i, payload in system.holds("customers").items()}
    assert held == {i: record["name"] for i, record in world.hub.alive("customers").items()}


def test_chunks_commit_with_their_position(world: World) -> None:
    """A crash between two chunks: what was queued stays, the rest follows, nothing twice."""
    world.chunk = 4
    customers(world.hub, 10)
    read = world.hub.changes
    calls = []

    def crash(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return read(*args, **kwargs)  # type: ignore[arg-type]

    world.hub.changes = crash  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    world.hub.changes = read  # type: ignore[method-assign]
    assert len(world.entries()) == 8
    world.assert_balanced()
    world.deliver()
    assert world.states() == ["delivered"] * 10
    world.assert_balanced()


def _unreachable(batch: object) -> None:
    from ipaas_dagster.destinations.base import Unreachable

    raise Unreachable("no route to host")
