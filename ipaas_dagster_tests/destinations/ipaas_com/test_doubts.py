"""Answers that are lost, conflicts, refusals: each record once, and the words of iPaaS.com kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Fault, Sandbox
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.destinations.ipaas_com.world import (
    Company,
    account,
    amounts,
    assert_each_once,
    bill,
    contact,
    customer,
    invoice,
    item,
    known_as,
    one,
    payment,
)


@pytest.mark.parametrize("kind", ["lost_answer", "late_error", "truncated", "broken_json", "reset"])
@pytest.mark.parametrize("path", ["/v2/Customer", "/v2/Transaction", "/External/", "/v2/Catalog"])
def test_a_trouble_with_any_call(world: Company, there: IpaasCom, kind: str, path: str) -> None:
    for skip in range(3):
        there.faults.set([Fault(kind, times=2, path=path, skip=skip)])
        number = skip + 1
        customer(world, number)
        contact(world, number, number)
        item(world, number)
        invoice(world, number, number, ((number, 1),))
        payment(world, number, number, number, 500)
        payment(world, 10 + number, number, number, 300)
        world.delivered()
        assert sum(there.faults.struck().values()) == 2 or skip
    assert_each_once(world, there)
    assert {record["transaction_number"]: len(record["payments"]) for record in there.truth("transaction")} == {
        f"INV0000{number}": 2 for number in (1, 2, 3)
    }


def test_many_faults_over_many_runs(world: Company, there: IpaasCom) -> None:
    chance = random.Random(4)
    kinds = ("lost_answer", "late_error", "reset", "truncated", "broken_json")
    for round_ in range(4):
        there.faults.set([Fault(kind, 0.06) for kind in kinds], seed=round_)
        for number in range(1, 6):
            customer(world, number, name=f"Customer {number} v{chance.randrange(3)}")
            contact(world, number, number, name=f"Ann {chance.randrange(3)}")
            item(world, number)
            invoice(world, number, number, ((number, 1 + chance.randrange(3)),))
            payment(world, number, number, 1 + chance.randrange(5), 100 * (1 + chance.randrange(3)))
        if round_ % 2:
            world.hub.drop("payments", f"instagaze:transactions:{1 + round_}")
        world.deliver()
    there.faults.clear()
    world.clock.wait(3600)
    world.delivered()
    assert_each_once(world, there)
    for record in there.truth("transaction"):
        wanted = {
            p["source_id"]: p["paid_minor"] / 100
            for p in world.hub.alive("payments").values()
            if [p["invoice_id"]] == known_as(record)
        }
        assert {number: float(amount) for number, amount in amounts(record).items()} == wanted
    names = {r["name"] for r in world.hub.alive("customers").values()}
    assert {r["name"] for r in there.truth("company")} == names


@pytest.mark.parametrize("form", ["coded", "plain", "json"])
def test_made_by_somebody_else_between_the_look_up_and_the_create(world: Company, there: IpaasCom, form: str) -> None:
    """The look-up says that nothing is linked, the create that the id is taken."""
    there.configure(errors=form)
    linked = [{"system_id": 7001, "external_id": "instagaze:products:1"}]
    there.command("seed", {"model": "product", "records": [{"sku": "X", "name": "Old", "external_ids": linked}]})
    there.faults.set([Fault("status", status=404, path="LookupSpecial", times=1)])
    item(world, 1)
    world.delivered()
    assert (one(there, "product")["sku"], one(there, "product")["name"]) == ("P-1", "Plan 1")
    assert world.entry("instagaze:products:1").attempts == 2


def test_an_external_id_that_a_deleted_record_keeps(world: Company, there: IpaasCom) -> None:
    there.configure(deleted_ids_block=True)
    hub_id = item(world, 1)
    world.delivered()
    world.hub.drop("items", hub_id)
    world.delivered()
    item(world, 1)
    world.deliver()
    entry = world.entry(hub_id)
    assert entry.state == "dead"
    assert "BIZL-1003" in entry.reason
    assert "deleted there" in entry.reason


@pytest.mark.parametrize(
    ("form", "words"),
    [("coded", "VALD-1001: The field email_address"), ("plain", "The field email_address"), ("json", '"VALD-1001"')],
)
def test_a_refusal_keeps_its_words_and_names_the_field(world: Company, there: IpaasCom, form: str, words: str) -> None:
    there.configure(errors=form)
    contact(world, 1, 1, email="nobody")
    customer(world, 1)
    customer(world, 2)
    world.deliver()
    entry = world.entry("instagaze:contacts:1")
    assert (entry.state, entry.reason.startswith("email_address: ")) == ("dead", True)
    assert words in entry.reason
    assert len(there.truth("company")) == 2
    contact(world, 1, 1, email="ann@example.com")
    world.delivered()
    assert_each_once(world, there)


def test_a_long_answer_is_kept_in_part(world: Company, there: IpaasCom) -> None:
    contact(world, 1, 1, email="nobody " + "x" * 5_000)
    customer(world, 1)
    there.configure(longest_text=100)
    item(world, 1, name="y" * 200)
    world.deliver()
    assert len(world.entry("instagaze:contacts:1").reason) < 1_000
    assert "name: " in world.entry("instagaze:products:1").reason


def test_a_company_that_is_refused_says_that_it_is_the_company(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment)
    sandbox.ipaas_com.configure(longest_text=40)
    world.hub.put("customers", account(1), name="fits", number="x" * 30)
    world.hub.put("customers", account(2), name="z" * 60, number="N-2")
    world.deliver()
    assert world.entry(account(1)).state == "delivered"
    assert world.entry(account(2)).state == "dead"


def test_a_payment_whose_transaction_is_gone_behind_our_back(world: Company, there: IpaasCom) -> None:
    bill(world)
    world.delivered()
    there.command("delete", {"model": "transaction", "id": one(there, "transaction")["id"]})
    hub_id = payment(world, 1, 1, 7, 1000)
    world.deliver()
    assert "is not in iPaaS.com any more" in world.entry(hub_id).reason
    assert world.entry(hub_id).state == "dead"
    invoice(world, 7, 1, ((1, 1),), is_paid=True)
    payment(world, 1, 1, 7, 1200)
    world.delivered()
    assert amounts(one(there, "transaction")) == {"1": 12}


def test_nobody_there_in_the_middle_stops_the_system(world: Company, there: IpaasCom) -> None:
    for number in range(1, 12):
        item(world, number)
    there.faults.set([Fault("lost_answer", path="/v2/Catalog")])
    stopped = world.deliver().stopped
    assert stopped is not None
    assert "lost one after the other" in stopped
    there.faults.clear()
    world.clock.wait(3600)
    world.delivered()
    assert_each_once(world, there)
