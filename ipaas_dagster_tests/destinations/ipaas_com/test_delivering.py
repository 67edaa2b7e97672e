"""The use case with the product's own templates: what is there equals the hub."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.destinations.ipaas_com.world import (
    Company,
    Record,
    account,
    amounts,
    assert_each_once,
    bill,
    contact,
    customer,
    invoice,
    item,
    known_as,
    line,
    one,
    payment,
)


def test_an_account_with_everything(world: Company, there: IpaasCom) -> None:
    name = "O'Neil & Söhne 🚀"
    owner = {"owner_name": "Ada  King Lovelace", "owner_email": "ada@example.com"}
    world.hub.put("customers", account(1), name=name, number="N-1", **owner)
    contact(world, 5, 1, name="Plato")
    item(world, 1, description="About it")
    item(world, 2)
    invoice(world, 7, 1, ((1, 2), (2, 3)))
    payment(world, 9, 1, 7, 5000, source="CARD", card_brand="Visa", card_last4="4242")
    world.delivered()
    assert_each_once(world, there)
    company, (who, person), sold = one(there, "company"), there.truth("customer"), one(there, "transaction")
    assert (company["name"], company["account_number"]) == (name, "N-1")
    assert [who[f] for f in ("company", "customer_number", "first_name", "last_name", "email_address")] == [
        *(name, "N-1", "Ada  King", "Lovelace", "ada@example.com")
    ]
    assert (person["first_name"], person["last_name"]) == ("", "Plato")
    assert person["custom_fields"] == [{"custom_field_name": "Customer Of", "value": str(who["id"])}]
    assert (sold["customer_id"], sold["type"], sold["status"], sold["system_id"]) == (
        who["id"],
        "Invoice",
        "Open",
        7001,
    )
    money = [sold[name] for name in ("subtotal", "discount_amount", "tax_amount", "total")]
    assert money == [Decimal("80.00"), Decimal("1.00"), Decimal("8.00"), Decimal("87.00")]
    assert [(r["sku"], r["qty"], r["unit_price"], r["extended_price"]) for r in sold["lines"]] == [
        ("P-1", 2, 10, 20),
        ("P-2", 3, 20, 60),
    ]
    (paid,) = sold["payments"]
    assert (paid["method"], paid["amount"], paid["method_info"]) == ("CARD", 50, {"brand": "Visa", "last4": "4242"})
    assert world.entry("instagaze:transactions:9").state == "delivered"
    assert {r["sku"]: r["default_price"] for r in there.truth("product")} == {"P-1": 10, "P-2": 20}


def test_a_second_run_sends_nothing(world: Company, there: IpaasCom) -> None:
    bill(world, 1000, 2000)
    world.delivered()
    before = there.journal.total
    assert world.deliver().calls == 0
    assert there.journal.total == before


@pytest.mark.parametrize(("put", "updates"), [("replace", "whole"), ("merge", "whole"), ("merge", "changed")])
def test_an_update_keeps_what_is_not_ours(
    sandbox: Sandbox, tmp_path: Path, put: Literal["replace", "merge"], updates: str
) -> None:
    there = sandbox.ipaas_com
    there.configure(put=put)
    world = Company(tmp_path, sandbox.environment, updates=updates)
    bill(world, 1000)
    world.delivered()
    before, (who,) = one(there, "transaction"), there.truth("customer")
    there.command("change", {"model": "customer", "id": who["id"], "fields": {"comment": "a good one"}})
    there.command("change", {"model": "transaction", "id": before["id"], "fields": {"shipping_amount": Decimal("4.5")}})
    customer(world, 1, name="Renamed")
    invoice(world, 7, 1, ((1, 5), (2, 3)), is_paid=True)
    line(world, 7, 3, item_code="P-1", unit_price_minor=1000, quantity=1)
    payment(world, 1, 1, 7, 1500)
    payment(world, 2, 1, 7, 700)
    world.delivered()
    assert_each_once(world, there)
    after = one(there, "transaction")
    assert (after["status"], after["shipping_amount"], after["id"]) == ("Paid", Decimal("4.5"), before["id"])
    assert [one["qty"] for one in after["lines"]] == [5, 3, 1]
    assert [one["id"] for one in after["lines"]][:2] == [one["id"] for one in before["lines"]]
    assert amounts(after) == {"1": 15, "2": 7}
    assert before["payments"][0]["id"] in [one["id"] for one in after["payments"]]
    assert [(r["company"], r["comment"]) for r in there.truth("customer")] == [("Renamed", "a good one")]
    assert one(there, "company")["name"] == "Renamed"
    world.project.operations.dispose()


def test_payments_are_changed_taken_away_and_moved(world: Company, there: IpaasCom) -> None:
    bill(world, 1000, 2000, 3000)
    invoice(world, 8, 1)
    world.delivered()
    first = one_of(there, "instagaze:invoices:7")["payments"]
    kept = [one["id"] for one in first if known_as(one) == ["instagaze:transactions:1"]]
    payment(world, 1, 1, 7, 1100)
    payment(world, 2, 1, 8, 2000)
    world.hub.drop("payments", "instagaze:transactions:3")
    world.delivered()
    assert_each_once(world, there)
    seven, eight = one_of(there, "instagaze:invoices:7"), one_of(there, "instagaze:invoices:8")
    assert (amounts(seven), amounts(eight)) == ({"1": 11}, {"2": 20})
    assert [one["id"] for one in seven["payments"]] == kept
    assert len(seven["lines"]) == 2


def one_of(there: IpaasCom, hub_id: str) -> Record:
    return next(record for record in there.truth("transaction") if known_as(record) == [hub_id])


def test_deleted_with_all_that_belongs_to_it(world: Company, there: IpaasCom) -> None:
    bill(world, 1000)
    contact(world, 5, 1)
    world.delivered()
    for collection in ("payments", "invoice_lines", "invoices", "contacts", "customers", "items"):
        for hub_id in world.hub.alive(collection):
            world.hub.drop(collection, hub_id)
    world.delivered()
    assert [there.truth(m) for m in ("customer", "company", "product", "transaction")] == [[], [], [], []]
    bill(world, 1000)
    world.delivered()
    assert_each_once(world, there)


def test_gone_there_it_is_made_anew_and_what_refers_to_it_follows(world: Company, there: IpaasCom) -> None:
    bill(world, 1000)
    world.delivered()
    (who,) = there.truth("customer")
    there.command("delete", {"model": "customer", "id": who["id"]})
    customer(world, 1, name="Renamed")
    world.delivered()
    (again,) = there.truth("customer")
    assert again["id"] != who["id"]
    assert one(there, "transaction")["customer_id"] == again["id"]
    assert_each_once(world, there)


def test_a_record_without_deletes_says_what_to_do_and_unlinking_is_another_way(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    there = sandbox.ipaas_com
    there.configure(deletes=False)
    world = Company(tmp_path / "a", sandbox.environment)
    hub_id = item(world, 1)
    world.delivered()
    world.hub.drop("items", hub_id)
    world.deliver()
    assert world.entry(hub_id).state == "dead"
    assert "on_delete: unlink" in world.entry(hub_id).reason
    other = Company(tmp_path / "b", sandbox.environment, on_delete="unlink")
    hub_id = item(other, 2)
    other.delivered()
    other.hub.drop("items", hub_id)
    other.delivered()
    assert [known_as(record) for record in there.truth("product")] == [["instagaze:products:1"], []]


def test_found_by_its_external_id_where_the_hub_knows_of_nothing(
    world: Company, there: IpaasCom, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Another installation, or one that lost its state."""
    bill(world, 1000)
    world.delivered()
    ids = {m: [r["id"] for r in there.truth(m)] for m in ("customer", "company", "product", "transaction")}
    fresh = Company(tmp_path / "fresh", sandbox.environment)
    bill(fresh, 1000)
    fresh.delivered()
    assert ids == {m: [r["id"] for r in there.truth(m)] for m in ids}
    assert_each_once(fresh, there)
    destination = fresh.destination()
    transaction = one(there, "transaction")
    key = f"{transaction['id']}|{transaction['payments'][0]['id']}"
    found = destination.read("payments", "TransactionPayment", [key, "1|1"])
    assert [record and record["amount"] for record in found.values()] == [10, None]
    assert destination.read("customers", "Customer", ["1"]) == {"1": None}


def test_a_contact_waits_for_its_customer(world: Company, there: IpaasCom) -> None:
    hub_id = contact(world, 5, 1)
    world.deliver()
    assert (world.entry(hub_id).state, world.entry(hub_id).blocked_on) == ("blocked", account(1))
    customer(world, 1)
    world.delivered()
    assert_each_once(world, there)
