"""A plan is what the next delivery would send; applying it sends exactly that, or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ipaas_dagster.deliver import deliver
from ipaas_dagster.destinations.base import Batch, Capabilities, Outcome
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import UsageError
from ipaas_dagster.operations.tables import metadata
from ipaas_dagster.outbox.dead import DeadFilter, dead_retry
from ipaas_dagster.plan import PlanFile, apply, make_plan, read_plan
from ipaas_dagster.plan.apply import PlanMoved
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, config_of, customers

SYSTEM = Capabilities(batch_size=10, settles_doubt="resend")


@dataclass
class Wired(FakeSystem):
    """Sends each batch as one request whose body holds everything; `wire` is what arrived."""

    capabilities: Capabilities = SYSTEM
    wire: list[Request] = field(default_factory=list)
    says: str = ""
    """Stands in every body: what the system was found to hold decides what is sent."""

    def requests(self, batch: Batch) -> list[Request]:
        records = [[e.hub_id, e.operation, e.external_id, e.payload] for e in batch.entries]
        body = (json.dumps(records, sort_keys=True, default=str) + self.says).encode()
        return [Request("POST", f"/{batch.collection}", body, entries=[e.entry_id for e in batch.entries])]

    def deliver(self, batch: Batch) -> Sequence[Outcome]:
        self.wire += self.requests(batch)
        return super().deliver(batch)


MAPPINGS = {
    "customers": {"object": "Customer", "fields": {"name": "name", "number": "number"}},
    "contacts": {"object": "Contact", "fields": {"name": "name", "customer": {"reference": "customer_id"}}},
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, system=Wired(), config=config_of(tmp_path / "config", MAPPINGS))


def system_of(world: World) -> Wired:
    assert isinstance(world.system, Wired)
    return world.system


def plan_of(world: World, out: Path) -> PlanFile:
    return make_plan(world.project, "sql", out, lambda project, name: system_of(world))


def dump(world: World) -> dict[str, Any]:
    with world.project.operations.read() as connection:
        return {name: list(map(tuple, connection.execute(select(t)))) for name, t in metadata.tables.items()}


def assert_arrived_as_planned(plan: PlanFile, arrived: Sequence[Request], ids: dict[str, str]) -> None:
    planned = [request for batch in plan.batches() for request in batch.requests]
    assert len(planned) == len(arrived)
    for wanted, real in zip(planned, arrived, strict=True):
        body = wanted.body
        for hole in wanted.holes:
            assert hole.kind == "created_id"
            body = body.replace(hole.marker, ids[str(hole.hub_id)])
        assert (wanted.method, wanted.path, body.encode()) == (real.method, real.path, real.body)


def with_contacts(world: World, count: int = 25) -> list[str]:
    parents = customers(world.hub, count)
    for n, parent in enumerate(parents):
        world.hub.put("contacts", f"instagaze:contacts:{n}", name=f"Contact {n}", customer_id=parent)
    return parents


def test_what_arrives_is_what_was_planned(world: World, tmp_path: Path) -> None:
    """Children are planned with a hole for the id that their parent gets in the same plan."""
    parents = with_contacts(world)
    plan = plan_of(world, tmp_path / "plan")
    assert system_of(world).wire == []
    assert plan.summary.requests == 6
    applied = apply(world.project, plan, world.means)
    assert (applied.batches, applied.skipped) == (6, [])
    ids = {p: str(system_of(world).id_of("customers", p)) for p in parents}
    assert_arrived_as_planned(plan, system_of(world).wire, ids)
    assert len(system_of(world).holds("contacts")) == 25
    world.assert_balanced()
    world.deliver()
    assert len(system_of(world).wire) == 6, "nothing is owed any more"


def test_planning_changes_nothing(world: World, tmp_path: Path) -> None:
    with_contacts(world, 3)
    world.deliver()
    customers(world.hub, 5, number="new")
    before, sent = dump(world), len(system_of(world).wire)
    plan_of(world, tmp_path / "plan")
    plan_of(world, tmp_path / "plan")
    assert dump(world) == before
    assert len(system_of(world).wire) == sent


def test_a_plan_is_a_difference_to_what_was_confirmed(world: World, tmp_path: Path) -> None:
    first, second = customers(world.hub, 2)
    world.deliver()
    world.hub.put("customers", first, number="7")
    world.hub.drop("customers", second)
    third = world.hub.put("customers", "instagaze:accounts:9", name="New").hub_id
    plan = plan_of(world, tmp_path / "plan")
    entries = {entry.hub_id: entry for batch in plan.batches() for entry in batch.entries}
    assert {hub_id: entry.does for hub_id, entry in entries.items()} == {
        first: "update",
        third: "create",
        second: "delete",
    }
    assert entries[first].changes == {"number": [None, "7"]}
    assert entries[third].changes == {"hub_id": [None, third], "name": [None, "New"]}
    assert plan.summary.records == {"customers": {"update": 1, "create": 1, "delete": 1}}


def test_a_record_that_moved_on_is_named_and_nothing_is_sent(world: World, tmp_path: Path) -> None:
    ids = customers(world.hub, 12)
    plan = plan_of(world, tmp_path / "plan")
    world.hub.put("customers", ids[4], number="changed")
    with pytest.raises(PlanMoved) as moved:
        apply(world.project, plan, world.means)
    assert [one.hub_id for one in moved.value.moved] == [ids[4]]
    assert ids[4] in str(moved.value)
    assert system_of(world).wire == []
    world.deliver()
    assert len(system_of(world).holds("customers")) == 12


def test_records_that_came_later_are_no_part_of_it(world: World, tmp_path: Path) -> None:
    customers(world.hub, 5)
    plan = plan_of(world, tmp_path / "plan")
    later = world.hub.put("customers", "instagaze:accounts:later", name="Later").hub_id
    apply(world.project, plan, world.means)
    assert later not in system_of(world).holds("customers")
    assert len(system_of(world).holds("customers")) == 5
    world.deliver()
    assert later in system_of(world).holds("customers")


def test_what_was_delivered_meanwhile_is_not_sent_again(world: World, tmp_path: Path) -> None:
    customers(world.hub, 5)
    plan = plan_of(world, tmp_path / "plan")
    world.deliver()
    sent = len(system_of(world).wire)
    with pytest.raises(PlanMoved, match="is delivered by now"):
        apply(world.project, plan, world.means)
    assert len(system_of(world).wire) == sent


def test_another_template_or_hub_is_refused(world: World, tmp_path: Path) -> None:
    customers(world.hub, 2)
    plan = plan_of(world, tmp_path / "plan")
    mappings = {**MAPPINGS, "customers": {"object": "Customer", "fields": {"name": "name"}}}
    other = World(tmp_path, system=world.system, config=config_of(tmp_path / "other", mappings))
    other.project.__dict__["hub"] = world.hub
    with pytest.raises(PlanMoved, match="template of customers"):
        apply(other.project, plan, other.means)
    world.hub.epoch = "epoch-2"
    with pytest.raises(PlanMoved, match="another one"):
        apply(world.project, plan, world.means)
    assert system_of(world).wire == []


def test_a_repeat_of_what_is_in_doubt_is_planned_as_it_was_sent(world: World, tmp_path: Path) -> None:
    customers(world.hub, 3)
    system_of(world).after.append(lambda batch: [Outcome(e.entry_id, "in_doubt") for e in batch.entries])
    deliver(world.project, "sql", replace(world.means, patience=0.0))
    plan = plan_of(world, tmp_path / "plan")
    (batch,) = plan.batches()
    assert batch.repeat
    first = system_of(world).wire[0]
    assert batch.requests[0].body.encode() == first.body
    apply(world.project, plan, world.means)
    assert system_of(world).wire[-1].body == first.body
    assert len(system_of(world).holds("customers")) == 3


def test_what_would_be_other_bytes_is_not_sent(world: World, tmp_path: Path) -> None:
    """The outbox is as it was, but the system is not: an update would be a create, say."""
    customers(world.hub, 12)
    plan = plan_of(world, tmp_path / "plan")
    system_of(world).says = "found otherwise"
    applied = apply(world.project, plan, world.means)
    assert applied.result.stopped is not None
    assert "not what was planned" in applied.result.stopped
    assert (applied.batches, system_of(world).wire, system_of(world).batches) == (0, [], [])
    assert set(world.states()) == {"pending"}
    world.deliver()
    assert len(system_of(world).holds("customers")) == 12
    world.assert_balanced()


def test_a_rejected_parent_leaves_its_children_owed(world: World, tmp_path: Path) -> None:
    with_contacts(world, 3)
    system = system_of(world)
    system.refuses = lambda entry: "no" if entry.hub_id == "instagaze:accounts:000001" else None
    plan = plan_of(world, tmp_path / "plan")
    applied = apply(world.project, plan, world.means)
    assert applied.batches == 1
    assert "instagaze:accounts:000001" in applied.skipped[0]
    assert applied.result.routes["customers"].new_dead == 1
    assert len(system.wire) == 1
    world.assert_balanced()


def test_dead_letters_that_were_queued_again_are_planned(world: World, tmp_path: Path) -> None:
    (hub_id,) = customers(world.hub, 1)
    system_of(world).refuses = lambda entry: "no"
    world.deliver()
    system_of(world).refuses = lambda entry: None
    dead_retry(world.project, DeadFilter(system="sql"))
    plan = plan_of(world, tmp_path / "plan")
    assert [e.hub_id for batch in plan.batches() for e in batch.entries] == [hub_id]
    apply(world.project, plan, world.means)
    assert hub_id in system_of(world).holds("customers")


def test_a_file_that_is_no_whole_plan_is_refused(world: World, tmp_path: Path) -> None:
    customers(world.hub, 3)
    path = tmp_path / "plan"
    plan_of(world, path)
    whole = path.read_bytes()
    for wrong in (b"", b"{}\n", whole[:-40], whole.replace(b"Customer 000001", b"Customer 000009")):
        path.write_bytes(wrong)
        with pytest.raises(UsageError, match="plan"):
            read_plan(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_plan(tmp_path / "none")


def test_nothing_owed_is_a_plan_too(world: World, tmp_path: Path) -> None:
    plan = plan_of(world, tmp_path / "plan")
    assert (list(plan.batches()), plan.summary.requests) == ([], 0)
    assert apply(world.project, plan, world.means).batches == 0


def test_a_switched_off_system_has_no_plan(tmp_path: Path) -> None:
    config = config_of(tmp_path / "config", MAPPINGS)
    (config / "presets.yaml").write_text(json.dumps({"sql": {"url": "env:NOT_THERE"}}))
    world = World(tmp_path, system=Wired(), config=config)
    with pytest.raises(UsageError, match="NOT_THERE"):
        plan_of(world, tmp_path / "plan")
