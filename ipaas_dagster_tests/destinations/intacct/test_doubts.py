"""Answers that are lost, processes that are killed: each record is there exactly once, and the balances are right."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ipaas_dagster.deliver import setting
from ipaas_dagster.destinations.intacct.api import Api
from ipaas_dagster.destinations.intacct.preset import read_company
from ipaas_dagster.outbox.dead import DeadFilter, dead_retry
from ipaas_dagster.sandbox import Fault, Sandbox
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.destinations.intacct.world import (
    Company,
    assert_exactly_once,
    customer,
    invoice,
    item,
    one,
    payment,
    trade,
)

WRITES = "<uniqueid>true"


def test_a_fifth_of_all_answers_is_lost_and_many_are_asked_to_wait(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment, batch_size="7")
    intacct = sandbox.intacct
    lost = [Fault("lost_answer", 0.2), Fault("broken_json", 0.1), Fault("late_error", 0.1, status=503)]
    intacct.faults.set([*lost, Fault("status", 0.1, status=429, retry_after="2"), Fault("reset", 0.05)], seed=3)
    trade(world, 40)
    for _ in range(4):
        world.deliver()
        world.clock.wait(3600)
    intacct.faults.clear()
    world.delivered()
    assert_exactly_once(world, intacct)
    assert intacct.command("counters", {})["throttled"] == 0, "a fault, not the limit, said 429"


@pytest.mark.parametrize(("number", "when"), [(1, "after"), (4, "after"), (8, "before"), (9, "after")])
def test_killed_around_a_write(sandbox: Sandbox, tmp_path: Path, number: int, when: str) -> None:
    module = "ipaas_dagster_tests.destinations.intacct.killed"
    words = [sys.executable, "-m", module, str(tmp_path), sandbox.origin, "60", str(number), when]
    done = subprocess.run(words, check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == -signal.SIGKILL
    world = Company(tmp_path, sandbox.environment, batch_size="20")
    trade(world, 60)
    world.delivered()
    assert_exactly_once(world, sandbox.intacct)
    counted = sandbox.intacct.command("counters", {})["functions"]
    assert (counted["create_invoice"], counted["create_arpayment"]) == (60, 60)


def test_a_repeat_is_told_by_its_text_or_by_an_errorno_of_the_preset(sandbox: Sandbox, tmp_path: Path) -> None:
    """Which error says so is not documented, so both are tried with another one than the text expects."""
    sandbox.intacct.command("settings", {"repeated_errorno": "XX01"})
    presets = {1: {}, 2: {"repeated_errorno": "XX01, XX02", "repeated_text": "zzz"}, 3: {"repeated_text": "zzz"}}
    for number, preset in presets.items():
        world = Company(tmp_path / str(number), sandbox.environment, **preset)
        hub_id = customer(world, number)
        sandbox.intacct.faults.set([Fault("lost_answer", times=1, body=WRITES)])
        world.deliver()
        assert world.entry(hub_id).state == ("dead" if number == 3 else "delivered"), "3 knows neither"
    dead_retry(world.project, DeadFilter(system="intacct"))
    world.delivered()
    assert len(sandbox.intacct.truth("CUSTOMER")) == 3


def test_control_ids_that_intacct_has_forgotten_are_no_reason_for_a_double(world: Company, intacct: Intacct) -> None:
    """What is there is found by its key."""
    trade(world, 5)
    for count in (1, 2, 3, 4, 5):
        intacct.faults.set([Fault("lost_answer", times=1, body=WRITES, skip=count - 1)])
        intacct.command("settings", {"control_ids_kept_seconds": 0})
        world.deliver()
        world.clock.wait(3600)
    intacct.faults.clear()
    world.delivered()
    assert_exactly_once(world, intacct)


def test_an_update_whose_answer_is_lost(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1)
    world.delivered()
    customer(world, 1, name="Renamed")
    world.hub.put("invoices", hub_id, discount_minor=0, total_minor=2200)
    intacct.faults.set([Fault("lost_answer", times=2, body=WRITES)])
    world.delivered()
    assert (one(intacct, "CUSTOMER")["NAME"], one(intacct, "ARINVOICE")["TOTALDUE"]) == ("Renamed", "22.00")


def test_a_changed_payment_whose_answers_are_lost(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1)
    hub_id = payment(world, 1, 1, 1, 1100)
    world.delivered()
    world.hub.put("payments", hub_id, paid_minor=300)
    intacct.faults.set([Fault("lost_answer", times=3, body=WRITES)])
    for _ in range(3):
        world.deliver()
        world.clock.wait(3600)
    world.delivered()
    assert_exactly_once(world, intacct)
    assert [r["STATE"] for r in intacct.truth("ARPYMT")] == ["Reversed", "Complete"]


def test_a_delete_whose_answer_is_lost(world: Company, intacct: Intacct) -> None:
    trade(world, 5)
    world.delivered()
    for collection in ("customers", "items", "invoices", "invoice_lines", "payments"):
        for hub_id in list(world.hub.alive(collection)):
            world.hub.drop(collection, hub_id)
    intacct.faults.set([Fault("lost_answer", 0.5, body=WRITES)], seed=5)
    for _ in range(3):
        world.deliver()
        world.clock.wait(3600)
    intacct.faults.clear()
    world.delivered()
    assert (intacct.truth("ARINVOICE"), intacct.truth("ITEM")) == ([], [])
    assert {r["STATUS"] for r in intacct.truth("CUSTOMER")} <= {"inactive"}


def test_what_intacct_says_was_done_but_does_not_hold_is_dead_and_a_retry_makes_it(
    world: Company, intacct: Intacct
) -> None:
    hub_id = customer(world, 1)
    intacct.faults.set([Fault("lost_answer", times=1, body=WRITES)])
    real = world.clock.wait

    def wait(seconds: float) -> None:
        if intacct.truth("CUSTOMER"):
            intacct.command("delete", {"object": "CUSTOMER", "key": "C-1"})
        real(seconds)

    world.clock.wait = wait  # type: ignore[method-assign]
    world.deliver()
    assert world.entry(hub_id).state == "dead"
    assert "holds no such record" in world.entry(hub_id).reason
    dead_retry(world.project, DeadFilter(system="intacct"))
    world.delivered()
    assert one(intacct, "CUSTOMER")["NAME"] == "Customer 1"


@pytest.mark.parametrize("kind", ["lost_answer", "broken_json"])
def test_a_page_whose_answer_is_lost_is_missing_from_no_look_up(world: Company, intacct: Intacct, kind: str) -> None:
    """readMore gives each page once, so that asking it again would skip one; its records would be made anew."""
    made = [{"CUSTOMERID": f"T-{number}", "NAME": "theirs", "STATUS": "active"} for number in range(2_500)]
    intacct.command("seed", {"object": "CUSTOMER", "records": made})
    intacct.faults.set([Fault(kind, times=1, body="<readMore>")])
    made_setting = replace(setting(world.project, "intacct"), wait=world.clock.wait)
    found = Api(made_setting, read_company(made_setting)).find("CUSTOMER", ("CUSTOMERID",), {"STATUS": ["active"]})
    assert {record["CUSTOMERID"] for record in found} == {record["CUSTOMERID"] for record in made}
