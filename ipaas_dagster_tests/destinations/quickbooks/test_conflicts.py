"""What others do in the same books: names that are taken, records that change or go while we write."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.deliver import Means, deliver
from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.destinations.quickbooks.world import Company, customer, invoice, item, one, payment


def deliver_while(world: Company, happens: Callable[[], object]) -> None:
    """A delivery in which something happens once, after the look-ups and right before the first batch goes out."""
    destination, events = world.destination(), [happens]
    real = destination._api.write

    def write(*given: Any) -> Any:
        while events:
            events.pop()()
        return real(*given)

    destination._api.write = write  # type: ignore[method-assign]
    deliver(world.project, "quickbooks", Means(lambda project, system: destination, wait=world.clock.wait, patience=60))


def seed(quickbooks: QuickBooks, entity: str, **record: Any) -> str:
    (id,) = quickbooks.command("seed", {"entity": entity, "records": [record]})["ids"]
    return str(id)


def test_a_record_that_changes_meanwhile_is_read_again_and_changed_again(
    world: Company, quickbooks: QuickBooks
) -> None:
    hub_id = customer(world, 1)
    world.delivered()
    customer(world, 1, name="Ours")
    change = {"entity": "Customer", "id": "1", "fields": {"GivenName": "Theirs"}}
    deliver_while(world, lambda: quickbooks.command("change", change))
    record = one(quickbooks, "Customer")
    assert (record["DisplayName"], record["GivenName"]) == ("Ours", "Theirs")
    assert (world.entry(hub_id).state, world.entry(hub_id).attempts) == ("delivered", 2)


@pytest.mark.parametrize("while_writing", [True, False])
def test_an_invoice_deleted_there_is_made_anew_and_its_payment_applied_again(
    world: Company, quickbooks: QuickBooks, while_writing: bool
) -> None:
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1, due_at=None)
    payment(world, 1, 1, 1, 500)
    world.delivered()
    world.hub.put("invoices", "instagaze:invoices:1", number="INV-NEW")
    gone = {"entity": "Invoice", "id": "1"}
    if while_writing:
        deliver_while(world, lambda: quickbooks.command("delete", gone))
    else:
        quickbooks.command("delete", gone)
    world.delivered()
    bill = one(quickbooks, "Invoice")
    assert (bill["Id"], bill["DocNumber"], bill["Balance"]) == ("2", "INV-NEW", Decimal("16.00"))
    assert one(quickbooks, "Payment")["Line"][0]["LinkedTxn"][0]["TxnId"] == "2"


def test_what_is_gone_there_needs_no_delete(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    paid = [payment(world, number, 1, None, 500) for number in (1, 2)]
    world.delivered()
    quickbooks.command("delete", {"entity": "Payment", "id": "1"})
    for hub_id in paid:
        world.hub.drop("payments", hub_id)
    deliver_while(world, lambda: quickbooks.command("delete", {"entity": "Payment", "id": "2"}))
    assert [world.entry(hub_id).state for hub_id in paid] == ["delivered"] * 2


@pytest.mark.parametrize("entity", ["Customer", "Item", "Invoice"])
def test_a_name_that_somebody_else_uses_is_refused_and_says_whose(
    world: Company, quickbooks: QuickBooks, entity: str
) -> None:
    their = _theirs(quickbooks, entity)
    hub_id = _ours(world)[entity]
    world.deliver()
    entry = world.entry(hub_id)
    assert entry.state == "dead"
    assert ("6140" if entity == "Invoice" else "6240") in entry.reason
    assert f"taken by Id {their}" in entry.reason
    assert all("ipaas:" not in str(r) for r in quickbooks.truth(entity) if r["Id"] == their)


@pytest.mark.parametrize("entity", ["Customer", "Item", "Invoice"])
def test_it_is_adopted_where_the_preset_says_so(sandbox: Sandbox, tmp_path: Path, entity: str) -> None:
    quickbooks = sandbox.quickbooks
    their = _theirs(quickbooks, entity)
    world = Company(tmp_path, sandbox.environment, adopt="true")
    hub_id = _ours(world)[entity]
    world.delivered()
    assert _external_id(world, hub_id) == their


def test_two_of_ours_with_one_name_never_share_a_record(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment, adopt="true")
    first, second = customer(world, 1, name="Same"), customer(world, 2, name="same")
    world.deliver()
    assert [world.entry(hub_id).state for hub_id in (first, second)] == ["delivered", "dead"]
    assert "taken by Id 1, which is instagaze:accounts:1: rename one of them" in world.entry(second).reason


def test_spaces_around_a_name_hide_nothing_from_the_look_up(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment)
    customer(world, 1, name="Same")
    second = customer(world, 2, name=" same ")
    world.deliver()
    assert "which is instagaze:accounts:1" in world.entry(second).reason


def test_a_record_made_anew_under_its_old_name_waits_for_the_delete_of_the_old_one(
    world: Company, quickbooks: QuickBooks
) -> None:
    old = customer(world, 1, name="Acme")
    world.delivered()
    world.hub.drop("customers", old)
    customer(world, 2, name="Acme")
    world.delivered()
    assert [(r["DisplayName"], r["Active"]) for r in quickbooks.truth("Customer")] == [
        ("Acme (deleted)", False),
        ("Acme", True),
    ]


def test_a_number_may_stand_twice_where_the_company_allows_it(world: Company, quickbooks: QuickBooks) -> None:
    quickbooks.configure(duplicate_doc_numbers="allowed")
    _theirs(quickbooks, "Invoice")
    hub_id = _ours(world)["Invoice"]
    world.delivered()
    assert len(quickbooks.truth("Invoice")) == 2
    world.hub.put("invoices", hub_id, due_at=None)
    world.delivered()
    assert quickbooks.counts["Invoice update"] == 1


def test_one_bad_record_of_a_batch_is_refused_alone(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    item(world, 1)
    good = [invoice(world, number, 1) for number in (1, 2, 4)]
    bad = invoice(world, 3, 1, discount_minor=1_000_000)
    world.deliver()
    assert {world.entry(hub_id).state for hub_id in good} == {"delivered"}
    assert world.entry(bad).state == "dead"
    assert world.entry(bad).reason.startswith("6000")


def test_what_was_made_inactive_there_is_named(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    item(world, 1)
    world.delivered()
    quickbooks.command("change", {"entity": "Item", "id": "1", "fields": {"Active": False}})
    bad = invoice(world, 1, 1)
    world.deliver()
    assert world.entry(bad).state == "dead"
    assert "inactive" in world.entry(bad).reason


def test_a_batch_that_is_too_large_goes_in_halves(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.quickbooks.configure(batch_items=10)
    world = Company(tmp_path, sandbox.environment)
    for number in range(25):
        customer(world, number)
    world.delivered()
    assert len(sandbox.quickbooks.truth("Customer")) == 25


def _ours(world: Company) -> dict[str, str]:
    who, what = customer(world, 1, name="Acme"), item(world, 1, name="Plan")
    return {"Customer": who, "Item": what, "Invoice": invoice(world, 1, 1, number="R-1")}


def _theirs(quickbooks: QuickBooks, entity: str) -> str:
    """Theirs carry other texts, and no mark."""
    if entity == "Customer":
        return seed(quickbooks, "Customer", DisplayName="ACME", Notes="an old friend")
    account = {"IncomeAccountRef": {"value": "1"}}
    if entity == "Item":
        return seed(quickbooks, "Item", Name="Plan", Type="Service", Sku="X", **account)
    who, what = (
        seed(quickbooks, "Customer", DisplayName="They"),
        seed(quickbooks, "Item", Name="It", Type="Service", **account),
    )
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": what}}}
    return seed(quickbooks, "Invoice", DocNumber="R-1", CustomerRef={"value": who}, Line=[line])


def _external_id(world: Company, hub_id: str) -> str:
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import links

    with world.project.operations.read() as connection:
        return str(connection.scalar(select(links.c.external_id).where(links.c.hub_id == hub_id)))
