"""A system that takes nothing for long is paused: nothing is lost, nothing is tried, until a person lets it go on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ipaas_dagster import findings
from ipaas_dagster.destinations.base import Batch, Capabilities, Entry, Outcome, Paused, Throttled
from ipaas_dagster.outbox.pauses import resume
from ipaas_dagster.status import read_status
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, customers

REASON = "the calls of this month are used up"


def used_up(batch: Batch) -> None:
    raise Paused(REASON)


def gone(batch: Batch) -> None:
    raise Paused("410: the receiver is gone", route_only=True)


def world_with(folder: Path, system: FakeSystem) -> World:
    return World(folder, system=system)


def test_a_paused_system_is_left_alone_until_it_is_resumed(tmp_path: Path) -> None:
    system = FakeSystem(capabilities=Capabilities(batch_size=2))
    world = world_with(tmp_path, system)
    customers(world.hub, 5)
    system.trouble = [None, used_up]
    first = world.deliver()
    assert (first.paused, first.new_pauses) == ({"sql": REASON}, ("sql",))
    assert any("ipaas resume sql" in said for said in findings.of_delivery(world.project, first))
    assert world.states() == ["delivered", "delivered", "pending", "pending", "pending"]
    assert {e.attempts for e in world.entries(state="pending")} == {0}

    again = world.deliver()
    assert (again.paused, again.new_pauses, len(system.batches)) == ({"sql": REASON}, (), 2)
    assert findings.of_delivery(world.project, again) == []

    with world.project.operations.write() as connection:
        assert resume(connection, "sql") == 1
    world.deliver()
    assert world.states() == ["delivered"] * 5
    assert len(system.holds("customers")) == 5
    world.assert_balanced()


def test_a_paused_route_leaves_the_others_alone(tmp_path: Path) -> None:
    system = FakeSystem()
    world = world_with(tmp_path, system)
    customers(world.hub, 2)
    world.hub.put("items", "instagaze:products:1", name="Item")
    system.trouble = [gone]
    result = world.deliver()
    assert list(result.paused) == ["sql/customers"]
    assert world.states("items") == ["delivered"]
    assert world.states("customers") == ["pending", "pending"]
    world.hub.put("items", "instagaze:products:1", name="Other")
    world.deliver()
    assert world.states("items") == ["delivered", "delivered"]
    assert world.states("customers") == ["pending", "pending"]


def test_status_says_what_is_paused(tmp_path: Path) -> None:
    system = FakeSystem()
    world = World(tmp_path, system=system)
    customers(world.hub, 1)
    system.trouble = [used_up]
    world.deliver()
    world.project.__dict__.pop("hub")
    (sql,) = [one for one in read_status(world.project).systems if one.system == "sql"]
    assert sql.paused == {"sql": REASON}


class Asked(FakeSystem):
    """Its first questions about what is in doubt are answered by these instead."""

    says: ClassVar[list[Exception]] = []

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        if self.says:
            raise self.says.pop(0)
        return super().resolve(entries)


def lost(batch: Batch) -> list[Outcome]:
    return [Outcome(entry.entry_id, "in_doubt") for entry in batch.entries]


def test_a_question_that_must_wait_is_asked_again(tmp_path: Path) -> None:
    system = Asked()
    system.says = [Throttled(5.0), Throttled(5.0)]
    system.after = [lost]
    world = World(tmp_path, system=system)
    customers(world.hub, 3)
    result = world.deliver()
    assert (result.stopped, world.states()) == (None, ["delivered"] * 3)
    assert len(system.holds("customers")) == 3


def test_a_question_that_finds_the_system_paused_says_so(tmp_path: Path) -> None:
    system = Asked()
    system.says = [Paused(REASON)]
    system.after = [lost]
    world = World(tmp_path, system=system)
    customers(world.hub, 3)
    result = world.deliver()
    assert result.new_pauses == ("sql",)
    assert world.states() == ["in_doubt"] * 3
    with world.project.operations.write() as connection:
        resume(connection, "sql")
    world.clock.wait(3600)
    world.deliver()
    assert world.states() == ["delivered"] * 3
    world.assert_balanced()
