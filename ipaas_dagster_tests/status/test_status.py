"""What the state says is stuck, why, since when, and what is only on its way; each entry once."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ipaas_dagster.destinations.base import Batch, Capabilities, Outcome, Paused
from ipaas_dagster.operations.tables import outbox, positions
from ipaas_dagster.outbox import change_holds
from ipaas_dagster.outbox.change_holds import ChangeHold
from ipaas_dagster.outbox.dead import DeadFilter, dead_discard, dead_list
from ipaas_dagster.status import Status, read_status
from ipaas_dagster.status.causes import cause_of
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, customers


def state_of(world: World) -> Status:
    """Of the outbox alone: there is no hub to read."""
    world.project.__dict__.pop("hub", None)
    found = read_status(world.project)
    world.project.__dict__["hub"] = world.hub
    return found


def moving(state: Status) -> Mapping[str, int]:
    return {one.what: one.count for one in state.on_its_way}


def refusing(*wrong: str) -> FakeSystem:
    """Refuses the customers whose id ends so, each in words of its own."""

    def why(entry: object) -> str | None:
        hub_id = str(getattr(entry, "hub_id", ""))
        return f"{hub_id} 'x{hub_id[-2:]}' is taken by 12345{hub_id[-1]}" if hub_id[-1] in wrong else None

    return FakeSystem(refuses=why)


def test_dead_letters_of_one_cause_are_one_and_those_behind_them_another(tmp_path: Path) -> None:
    world = World(tmp_path, system=refusing("1", "3"))
    ids = customers(world.hub, 4)
    for number, parent in enumerate(ids):
        world.hub.put("contacts", f"instagaze:contacts:{number}", customer_id=parent)
    died = world.clock.now
    world.deliver()
    world.clock.wait(3600)
    state = state_of(world)
    dead, blocked = state.stuck
    assert (dead.state, dead.where, dead.records, dead.collections) == ("dead", "sql", 2, {"customers": 2})
    assert (dead.cause, dead.since, dead.example) == ("name: … … is taken by …", died, ids[1])
    assert dead.reason == f"name: {ids[1]} 'x01' is taken by 123451"
    assert "ipaas dead retry --system sql --collection customers" in dead.mend
    says = shlex.split(dead.mend.split("`")[1])
    chosen = DeadFilter("sql", "customers", says=says[says.index("--says") + 1])
    assert [one.hub_id for one in dead_list(world.project.operations, chosen)] == [ids[1], ids[3]]
    assert (blocked.state, blocked.records, blocked.example) == ("blocked", 2, "instagaze:contacts:1")
    assert (state.verdict.state, state.verdict.stuck, state.verdict.lost) == ("stuck", 4, False)
    assert state.verdict.says.startswith("4 records are stuck; nothing is lost")
    assert moving(state) == {}


def test_who_is_let_go_is_stuck_no_more_and_stays_in_the_books(tmp_path: Path) -> None:
    world = World(tmp_path, system=refusing("1"))
    customers(world.hub, 2)
    world.deliver()
    dead_discard(world.project.operations, DeadFilter(system="sql"), "not ours", world.clock.now)
    state = state_of(world)
    assert state.stuck == []
    (sql,) = [one for one in state.systems if one.system == "sql"]
    assert (sql.delivered, sql.let_go, dict(sql.states)) == (1, 1, {})


def test_what_is_owed_to_a_paused_system_is_stuck_once_whatever_its_state(tmp_path: Path) -> None:
    def used_up(batch: Batch) -> None:
        raise Paused("the calls of this month are used up")

    system = FakeSystem(capabilities=Capabilities(batch_size=2), trouble=[None, used_up])
    world = World(tmp_path, system=system)
    customers(world.hub, 5)
    world.hub.put("items", "instagaze:products:1", name="Item")
    world.deliver()
    (paused,) = state_of(world).stuck
    assert (paused.state, paused.where, paused.records) == ("paused", "sql", 4)
    assert paused.collections == {"customers": 3, "items": 1}
    assert paused.cause == "the calls of this month are used up"
    assert "`ipaas resume sql`" in paused.mend


def test_what_a_run_will_try_again_is_on_its_way(tmp_path: Path) -> None:
    def busy(batch: Batch) -> list[Outcome]:
        return [Outcome(entry.entry_id, "retry", reason="busy") for entry in batch.entries]

    system = FakeSystem(capabilities=Capabilities(batch_size=50, waits=(3600.0,)), trouble=[busy])
    world = World(tmp_path, system=system)
    customers(world.hub, 3)
    world.hub.put("contacts", "instagaze:contacts:1", customer_id="instagaze:accounts:000001")
    world.deliver()
    state = state_of(world)
    assert (state.stuck, moving(state)) == ([], {"waiting": 3, "blocked": 1})
    (waiting,) = [one for one in state.on_its_way if one.what == "waiting"]
    assert waiting.cause == "busy"
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at > world.clock.now - timedelta(seconds=1)
    assert state.verdict.state == "on its way"


def test_books_that_do_not_balance_are_the_verdict_before_all_else(tmp_path: Path) -> None:
    world = World(tmp_path, system=refusing("1"))
    customers(world.hub, 2)
    world.deliver()
    with world.project.operations.write() as connection:
        connection.execute(update(positions).values(queued=positions.c.queued + 1))
    verdict = state_of(world).verdict
    assert (verdict.state, verdict.lost) == ("unbalanced", None)
    assert "do not balance" in verdict.says
    assert "records may be missing" in verdict.says


def test_entries_of_a_system_that_is_gone_from_the_worksheet_are_not_forgotten(tmp_path: Path) -> None:
    world = World(tmp_path, system=refusing())
    customers(world.hub, 1)
    world.deliver()
    with world.project.operations.write() as connection:
        connection.execute(update(outbox).values(system="old_crm", state="pending"))
    (left,) = state_of(world).stuck
    assert (left.state, left.where, left.records) == ("switched_off", "old_crm", 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("HTTP 503 of instagaze:accounts:1", "HTTP 503 of instagaze:accounts:22", True),
        ("HTTP 503", "HTTP 500", False),
        ('price: "twelve" is no number', 'price: "12 or so" is no number', True),
        ("total differs: 257.92 here", "total differs: 3003.34 here", True),
        ("STRING_TOO_LONG: Name (max 80)", "STRING_TOO_LONG: City (max 80)", False),
        ("0018Z00002abcDEFGH is locked", "0018Z00002xyzDEFGH is locked", True),
        ("is not an ISO 8601 time", "is not an ISO 4217 code", False),
    ],
)
def test_reasons_that_differ_in_values_alone_are_one_cause(one: str, other: str, same: bool) -> None:
    assert (cause_of(one) == cause_of(other)) is same


def test_a_route_that_waits_before_a_mass_change_is_stuck_with_all_that_it_has_not_read(tmp_path: Path) -> None:
    world = World(tmp_path, system=refusing())
    hold = ChangeHold("sql", "customers", "changes", 60, 100, world.clock.now, landing_id="l1")
    with world.project.operations.write() as connection:
        change_holds.write(connection, hold)
    (held,) = state_of(world).stuck
    assert (held.state, held.where, held.records, held.collections) == ("held", "sql", 60, {"customers": 60})
    assert "60 of 100 customers (60%)" in held.cause
    assert "`ipaas approve sql/customers.changes`" in held.mend
