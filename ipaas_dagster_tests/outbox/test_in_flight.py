"""Several batches of a route under way at once: every entry still ends in exactly one state, whatever each answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ipaas_dagster.destinations.base import Batch, BatchRefused, Capabilities, Outcome, Throttled, Unreachable
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, customers

TOGETHER = 4


class Meeting(FakeSystem):
    """Answers only once all batches that may be under way are there; `answers` gives what one of them gets instead."""

    def __init__(self) -> None:
        super().__init__(Capabilities(batch_size=10, settles_doubt="ask", in_flight=TOGETHER))
        self.all_there = threading.Barrier(TOGETHER, timeout=30)
        self.one = threading.Lock()
        self.bad: dict[str, Exception] = {}

    def deliver(self, batch: Batch) -> Sequence[Outcome]:
        if len(batch.entries) == 10:
            self.all_there.wait()
        with self.one:
            for entry in batch.entries:
                problem = self.bad.get(entry.hub_id)
                if problem is not None:
                    raise problem
            return super().deliver(batch)


@pytest.fixture
def system() -> Meeting:
    return Meeting()


@pytest.fixture
def world(tmp_path: Path, system: Meeting) -> World:
    world = World(tmp_path, system=system)
    customers(world.hub, 40)
    return world


def test_batches_are_under_way_at_once_and_share_their_commits(world: World, system: Meeting):
    result = world.deliver()
    assert result.routes["customers"].delivered == 40
    assert result.calls == TOGETHER
    assert len(system.records) == len(set(system.applied)) == 40
    world.assert_balanced()


def test_one_refused_batch_is_halved_until_its_bad_record_stands_alone(world: World, system: Meeting):
    bad = world.hub.log[15].hub_id
    system.bad[bad] = BatchRefused("no")
    result = world.deliver()
    assert result.routes["customers"].delivered == 39
    assert [e.hub_id for e in world.entries(state="dead")] == [bad]
    world.assert_balanced()


@pytest.mark.parametrize("problem", [Unreachable("gone"), Throttled(1000, "later")])
def test_what_stops_one_batch_loses_no_answer_of_the_others(world: World, system: Meeting, problem: Exception):
    system.bad[world.hub.log[15].hub_id] = problem
    result = world.deliver()
    assert result.stopped
    assert sorted(world.states()) == ["delivered"] * 30 + ["pending"] * 10
    system.bad.clear()
    system.all_there = threading.Barrier(1)
    assert world.deliver().routes["customers"].delivered == 10
    assert len(system.applied) == 40
    world.assert_balanced()


def test_an_exception_that_nobody_foresaw_leaves_only_its_own_batch_in_doubt(world: World, system: Meeting):
    system.bad[world.hub.log[15].hub_id] = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        world.deliver()
    assert sorted(world.states()) == ["delivered"] * 30 + ["sending"] * 10
    system.bad.clear()
    system.all_there = threading.Barrier(1)
    assert world.deliver().routes["customers"].delivered == 10
    assert len(system.applied) == 40
    world.assert_balanced()
