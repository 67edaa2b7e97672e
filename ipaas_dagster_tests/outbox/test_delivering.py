"""Sending in order, and every way in which a send can end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import select

from ipaas_dagster.destinations.base import Batch, Capabilities, Entry, Outcome
from ipaas_dagster.operations.tables import attempts, calls, links
from ipaas_dagster.outbox.catch_up import Reading, catch_up
from ipaas_dagster_tests.outbox.fake_system import FakeSystem, Trouble
from ipaas_dagster_tests.outbox.troubles import Killed, killed, lost, refused, retry, throttled, unreachable
from ipaas_dagster_tests.outbox.world import World, customers

A, B = "instagaze:accounts:1", "instagaze:accounts:2"
CONTACT, INVOICE = "instagaze:contacts:1", "instagaze:invoices:1"


@pytest.fixture
def system() -> FakeSystem:
    return FakeSystem()


@pytest.fixture
def world(tmp_path: Path, system: FakeSystem) -> World:
    return World(tmp_path, system=system)


def sent(system: FakeSystem) -> list[tuple[str, str]]:
    return [(entry.operation, entry.hub_id) for batch in system.batches for entry in batch.entries]


# --- order


def test_parents_before_children_and_deletes_the_other_way(world: World, system: FakeSystem) -> None:
    world.hub.put("contacts", CONTACT, customer_id=A, name="c")
    world.hub.put("customers", A, name="a")
    world.deliver()
    assert sent(system) == [("upsert", A), ("upsert", CONTACT)]
    assert system.holds("contacts")[CONTACT]["customer_id"] == system.id_of("customers", A)
    world.hub.drop("customers", A)
    world.hub.drop("contacts", CONTACT)
    world.deliver()
    assert sent(system)[2:] == [("delete", CONTACT), ("delete", A)]
    world.assert_balanced()


def test_first_in_first_out_in_batches_of_the_systems_size(world: World, system: FakeSystem) -> None:
    ids = customers(world.hub, 120)
    world.deliver()
    assert [len(batch.entries) for batch in system.batches] == [50, 50, 20]
    assert [hub_id for _, hub_id in sent(system)] == ids


def test_a_stuck_record_holds_up_only_its_dependants(world: World, system: FakeSystem) -> None:
    system.refuses = lambda entry: "no" if entry.hub_id == A else None
    world.hub.put("customers", A, name="a")
    world.hub.put("customers", B, name="b")
    world.hub.put("contacts", CONTACT, customer_id=A)
    world.hub.put("contacts", "instagaze:contacts:2", customer_id=B)
    result = world.deliver()
    assert result.routes["customers"].states == {"dead": 1, "delivered": 1}
    assert result.routes["contacts"].states == {"blocked": 1, "delivered": 1}
    blocked = world.entries(state="blocked")[0]
    assert (blocked.hub_id, blocked.blocked_on) == (CONTACT, A)
    assert blocked.reason == f"waits for customers {A}, which is dead: name: no"


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("absent", "is not in the hub: it never came, or was rejected"),
        ("deleted", "was deleted"),
    ],
)
def test_blocked_says_why_and_is_released_when_the_record_appears(
    world: World, system: FakeSystem, before: str, why: str
) -> None:
    if before == "deleted":
        world.hub.put("customers", A, name="gone")
        world.hub.drop("customers", A)
    world.hub.put("contacts", CONTACT, customer_id=A)
    world.deliver()
    blocked = world.entries(collection="contacts")[0]
    assert (blocked.state, blocked.blocked_on) == ("blocked", A)
    assert f"waits for customers {A}, which {why}" in blocked.reason
    world.hub.put("customers", A, name="a")
    world.deliver()
    assert world.states("contacts") == ["delivered"]
    assert system.holds("contacts")[CONTACT]["customer_id"] == system.id_of("customers", A)


def test_a_system_that_keeps_hub_ids_never_blocks(tmp_path: Path) -> None:
    system = FakeSystem(capabilities=Capabilities(batch_size=10, keeps_hub_ids=True))
    world = World(tmp_path, system=system)
    world.hub.put("contacts", CONTACT, customer_id=A)
    world.deliver()
    assert world.states("contacts") == ["delivered"]
    assert system.batches[0].entries[0].payload is not None
    assert system.batches[0].entries[0].payload["customer_id"] == A


def test_a_parents_delete_waits_for_its_childs(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    world.hub.put("contacts", CONTACT, customer_id=A)
    world.deliver()
    world.hub.drop("customers", A)
    world.hub.drop("contacts", CONTACT)
    system.refuses = lambda entry: "in use" if entry.operation == "delete" else None
    world.deliver()
    assert world.states("contacts")[-1] == "dead"
    assert world.states("customers")[-1] == "blocked"
    system.refuses = lambda entry: None
    world.hub.put("contacts", CONTACT, customer_id=None)
    world.hub.drop("contacts", CONTACT)
    world.deliver()
    assert (system.holds("contacts"), system.holds("customers")) == ({}, {})
    world.assert_balanced()


def test_another_id_of_a_parent_sends_its_children_again(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    world.hub.put("contacts", CONTACT, customer_id=A)
    world.deliver()
    first = system.id_of("customers", A)
    world.hub.drop("customers", A)
    world.deliver()
    world.hub.put("customers", A, name="again")
    result = world.deliver()
    assert system.id_of("customers", A) != first
    assert system.holds("contacts")[CONTACT]["customer_id"] == system.id_of("customers", A)
    assert result.routes["contacts"].queued == 1
    world.assert_balanced()


# --- answers


def test_a_refused_record_is_dead_with_field_and_reason_the_others_arrive(world: World, system: FakeSystem) -> None:
    ids = customers(world.hub, 5)
    system.refuses = lambda entry: "too long" if entry.hub_id == ids[2] else None
    counts = world.deliver().routes["customers"]
    assert (counts.delivered, counts.new_dead) == (4, 1)
    assert world.entries(state="dead")[0].reason == "name: too long"
    world.assert_balanced()


def test_passing_trouble_is_tried_again_later_and_then_dead(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    system.trouble = [retry] * 8
    for _ in range(8):
        world.deliver()
        world.clock.wait(3600)
    entry = world.entries()[0]
    assert (entry.state, entry.attempts) == ("dead", 8)
    assert entry.reason == "gave up after 8 attempts: record is locked"
    waits = [b - a for a, b in zip(world.clock.waited, world.clock.waited[1:], strict=False)]
    assert len(system.batches) == 8
    assert waits


def test_short_waits_are_waited_for_in_the_same_run(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    system.trouble = [retry, retry]
    world.deliver()
    assert world.states() == ["delivered"]
    assert [round(seconds) for seconds in world.clock.waited] == [1, 4]


def test_throttling_uses_up_no_attempt(world: World, system: FakeSystem) -> None:
    customers(world.hub, 3)
    system.trouble = [throttled(5, served=1)]
    world.deliver()
    assert world.clock.waited == [5]
    assert [(e.state, e.attempts) for e in world.entries()] == [("delivered", 1)] * 3
    assert sorted(b for batch in system.batches[1:] for b in (len(batch.entries),)) == [2]
    world.assert_balanced()


def test_a_long_throttle_stops_the_system_and_owes_everything(world: World, system: FakeSystem) -> None:
    customers(world.hub, 3)
    system.trouble = [throttled(600)]
    result = world.deliver()
    assert result.stopped is not None
    assert "600" in result.stopped
    assert [(e.state, e.attempts) for e in world.entries()] == [("pending", 0)] * 3


def test_an_unreachable_system_stops_and_owes_everything(world: World, system: FakeSystem) -> None:
    customers(world.hub, 120)
    system.trouble = [None, unreachable]
    result = world.deliver()
    assert (result.stopped, len(system.batches)) == ("no route to host", 2)
    assert result.routes["customers"].states == {"delivered": 50, "pending": 70}
    assert {e.attempts for e in world.entries(state="pending")} == {0}
    world.deliver()
    assert set(world.states()) == {"delivered"}
    world.assert_balanced()


def test_a_batch_refused_as_a_whole_is_split_down_to_the_bad_record(world: World, system: FakeSystem) -> None:
    ids = customers(world.hub, 40)
    system.trouble = [refused(ids[13])] * 100
    counts = world.deliver().routes["customers"]
    assert (counts.delivered, counts.new_dead) == (39, 1)
    dead = world.entries(state="dead")[0]
    assert (dead.hub_id, dead.reason) == (ids[13], "a record is malformed")
    assert len(system.batches) <= 13
    world.assert_balanced()


# --- lost answers


@pytest.mark.parametrize("how", ["ask", "resend"])
@pytest.mark.parametrize("where", ["trouble", "after"])
def test_a_lost_answer_is_settled_not_hoped_for(tmp_path: Path, how: Literal["ask", "resend"], where: str) -> None:
    """Lost before or after the system applied it: in the end everything is there exactly once."""
    system = FakeSystem(capabilities=Capabilities(batch_size=2, settles_doubt=how))
    world = World(tmp_path, system=system)
    ids = customers(world.hub, 5)
    setattr(system, where, [lost, None, lost])
    world.deliver()
    assert set(world.states()) == {"delivered"}
    assert len(system.records) == len(set(system.applied)) == len(ids)
    world.assert_balanced()


def test_each_batch_in_doubt_is_repeated_as_it_was(tmp_path: Path) -> None:
    """Several answers lost in a row: the same entries under the same batch id, never more of them together."""
    system = FakeSystem(capabilities=Capabilities(batch_size=5, settles_doubt="resend"), after=[lost, lost, lost])
    world = World(tmp_path, system=system)
    customers(world.hub, 15)
    world.deliver()
    sent = [(batch.batch_id, [entry.hub_id for entry in batch.entries]) for batch in system.batches]
    assert len(sent) == 6
    assert sorted(sent[:3]) == sorted(sent[3:])
    assert len(system.applied) == 15
    world.assert_balanced()


@pytest.mark.parametrize("how", ["ask", "resend"])
@pytest.mark.parametrize("where", ["trouble", "after"])
def test_a_process_killed_while_sending(tmp_path: Path, how: Literal["ask", "resend"], where: str) -> None:
    system = FakeSystem(capabilities=Capabilities(batch_size=2, settles_doubt=how))
    world = World(tmp_path, system=system)
    ids = customers(world.hub, 5)
    setattr(system, where, [None, killed])
    with pytest.raises(Killed):
        world.deliver()
    assert world.states().count("sending") == 2
    world.deliver()
    assert set(world.states()) == {"delivered"}
    assert len(system.records) == len(set(system.applied)) == len(ids)
    if how == "resend":
        assert system.batches[1].batch_id == system.batches[2].batch_id
        assert [e.payload for e in system.batches[1].entries] == [e.payload for e in system.batches[2].entries]
    world.assert_balanced()


def test_a_repeat_sends_the_bytes_of_the_first_time(tmp_path: Path) -> None:
    """The parent got another id meanwhile; what is repeated under the old key still has the old one."""
    system = FakeSystem(capabilities=Capabilities(batch_size=5, settles_doubt="resend"))
    world = World(tmp_path, system=system)
    world.hub.put("customers", A, name="a")
    world.hub.put("contacts", CONTACT, customer_id=A)
    system.after = [None, killed]
    with pytest.raises(Killed):
        world.deliver()
    before = system.id_of("customers", A)
    with world.project.operations.write() as connection:
        connection.execute(links.update().values(external_id="C-99"))
    world.deliver()
    repeated = system.batches[-1].entries[0].payload
    assert repeated is not None
    assert repeated["customer_id"] == before


def test_a_doubt_is_never_superseded_the_newer_waits(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    system.after = [killed]
    with pytest.raises(Killed):
        world.deliver()
    world.hub.put("customers", A, name="b")
    system.resolve = unresolved  # type: ignore[method-assign,assignment]
    world.deliver()
    assert world.states() == ["in_doubt", "pending"]
    assert len(system.batches) == 1
    del system.resolve
    world.clock.wait(3600)
    world.deliver()
    assert world.states() == ["delivered", "delivered"]
    assert system.holds("customers")[A]["name"] == "b"
    world.assert_balanced()


def test_a_delete_waits_for_the_doubt_before_it(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    system.after = [killed]
    with pytest.raises(Killed):
        world.deliver()
    world.hub.drop("customers", A)
    world.deliver()
    assert world.states() == ["delivered", "delivered"]
    assert system.holds("customers") == {}


def test_a_delete_of_what_never_arrived_ends_without_being_sent(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    system.trouble = [killed]
    with pytest.raises(Killed):
        world.deliver()
    world.hub.drop("customers", A)
    world.deliver()
    assert system.holds("customers") == {}
    assert not [e for batch in system.batches for e in batch.entries if e.operation == "delete" and not e.external_id]
    world.assert_balanced()


@pytest.mark.parametrize("answer", ["not there", "try again"])
def test_what_did_not_arrive_gives_way_to_what_is_newer(world: World, system: FakeSystem, answer: str) -> None:
    """Else the older one would be sent after, or beside, the newer."""
    world.hub.put("customers", A, name="old")
    system.trouble = [killed] if answer == "not there" else [retry_and(world)]
    if answer == "not there":
        with pytest.raises(Killed):
            world.deliver()
        world.hub.put("customers", A, name="new")
    world.deliver()
    world.clock.wait(3600)
    world.deliver()
    assert system.holds("customers")[A]["name"] == "new"
    assert world.states() == ["superseded", "delivered"]
    assert [len(batch.entries) for batch in system.batches] == [1, 1]
    world.assert_balanced()


def test_a_throttled_repeat_stays_in_doubt(tmp_path: Path) -> None:
    system = FakeSystem(capabilities=Capabilities(batch_size=5, settles_doubt="resend"))
    world = World(tmp_path, system=system)
    world.hub.put("customers", A, name="a")
    system.after = [killed]
    with pytest.raises(Killed):
        world.deliver()
    system.trouble = [throttled(900)]
    world.deliver()
    assert world.states() == ["in_doubt"]


# --- the ledger


def test_every_send_has_its_intent_before_and_its_outcome_after(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")

    def look(batch: Batch) -> None:
        with world.project.operations.read() as connection:
            assert [c.outcome for c in connection.execute(select(calls))] == ["intent"]
            assert [a.outcome for a in connection.execute(select(attempts))] == ["intent"]
        assert world.states() == ["sending"]

    system.trouble = [look]
    world.deliver()
    with world.project.operations.read() as connection:
        call = connection.execute(select(calls)).one()
        attempt = connection.execute(select(attempts)).one()
    assert (call.method, call.path, call.outcome, call.direction) == ("POST", "/customers", "ok", "write")
    assert (attempt.outcome, attempt.call_id, attempt.number) == ("delivered", call.call_id, 1)


def test_a_killed_call_is_known_as_lost(world: World, system: FakeSystem) -> None:
    world.hub.put("customers", A, name="a")
    system.after = [killed]
    with pytest.raises(Killed):
        world.deliver()
    world.deliver()
    with world.project.operations.read() as connection:
        assert [c.outcome for c in connection.execute(select(calls))] == ["in_doubt", "ok"]  # and the question about it


def retry_and(world: World) -> Trouble:
    """The system says `try again`, while another process queues a newer state of the record."""

    def trouble(batch: Batch) -> Sequence[Outcome]:
        world.hub.put("customers", A, name="new")
        route = world.project.worksheet.routes("sql")[0]
        reading = Reading(world.project.operations, world.hub, "run-2", world.clock)  # type: ignore[arg-type]
        catch_up(reading, route, world.hub.head())
        return retry(batch)

    return trouble


def unresolved(entries: list[Entry]) -> list[Outcome]:
    return [Outcome(entry.entry_id, "in_doubt") for entry in entries]
