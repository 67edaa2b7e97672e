"""The use case with the product's own templates: what the books hold equals the hub."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.destinations.quickbooks.world import (
    Company,
    assert_exactly_once,
    customer,
    invoice,
    item,
    line,
    one,
    payment,
    trade,
)


def test_an_invoice_has_its_customer_lines_and_totals_and_a_payment_takes_from_its_balance(
    world: Company, quickbooks: QuickBooks
) -> None:
    customer(world, 1, name="O'Neil:\tSöhne 🚀", billing_street="1 Rue de l'Église", billing_country="France")
    item(world, 1)
    item(world, 2, description="About it")
    invoice(world, 7, 1, ((1, 2), (2, 3)), contract_start=datetime(2026, 11, 1, tzinfo=UTC))
    payment(world, 9, 1, 7, 5000)
    world.delivered()
    who, bill, paid = one(quickbooks, "Customer"), one(quickbooks, "Invoice"), one(quickbooks, "Payment")
    assert (who["DisplayName"], who["BillAddr"]["City"]) == ("O'Neil Söhne 🚀", "Lyon")
    assert (bill["CustomerRef"]["value"], bill["DocNumber"], bill["TxnDate"]) == (who["Id"], "INV00007", "2026-11-01")
    sales = [one for one in bill["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    items = {record["Id"]: record["Sku"] for record in quickbooks.truth("Item")}
    details = [one["SalesItemLineDetail"] for one in sales]
    assert [(items[d["ItemRef"]["value"]], d["Qty"], d["UnitPrice"]) for d in details] == [
        ("P-1", 2, 10),
        ("P-2", 3, 20),
    ]
    assert [one["Amount"] for one in sales] == [Decimal("20.00"), Decimal("60.00")]
    assert [one["Amount"] for one in bill["Line"] if one["DetailType"] == "DiscountLineDetail"] == [Decimal("1.00")]
    assert (bill["TxnTaxDetail"]["TotalTax"], bill["TotalAmt"]) == (Decimal("8.00"), Decimal("87.00"))
    assert (paid["TotalAmt"], paid["TxnDate"], bill["Balance"]) == (Decimal("50.00"), "2026-11-19", Decimal("37.00"))
    assert paid["Line"][0]["LinkedTxn"] == [{"TxnId": bill["Id"], "TxnType": "Invoice"}]


def test_a_second_run_sends_nothing(world: Company, quickbooks: QuickBooks) -> None:
    trade(world, 40)
    assert world.delivered().calls == 1 + 1 + 2 + 2
    before = quickbooks.journal.total
    assert world.deliver().calls == 0
    assert quickbooks.journal.total == before
    assert_exactly_once(world, quickbooks)
    assert world.notes() == []


def test_a_change_of_a_line_changes_the_invoice_that_holds_it(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1, ((1, 2), (1, 1)))
    payment(world, 1, 1, 1, 1000)
    world.delivered()
    line(world, 1, 2, quantity=4)
    world.hub.put("invoices", "instagaze:invoices:1", net_amount_minor=6000, total_minor=6000 - 100 + 300)
    assert world.delivered().calls == 1
    bill = one(quickbooks, "Invoice")
    assert (bill["TotalAmt"], bill["Balance"]) == (Decimal("62.00"), Decimal("52.00"))
    assert quickbooks.counts["Invoice update"] == 1


def test_what_somebody_added_there_stays_and_what_is_emptied_here_is_emptied(
    world: Company, quickbooks: QuickBooks
) -> None:
    customer(world, 1, billing_street="1 Road")
    world.delivered()
    theirs = {"GivenName": "Ada", "Notes": "pays late ipaas:instagaze:accounts:1"}
    quickbooks.command("change", {"entity": "Customer", "id": "1", "fields": theirs})
    customer(world, 1, name="Renamed", billing_street=None)
    world.delivered()
    record = one(quickbooks, "Customer")
    assert (record["DisplayName"], record["GivenName"], record["Notes"]) == ("Renamed", "Ada", theirs["Notes"])
    assert "Line1" not in record["BillAddr"]


def test_dates_that_quickbooks_set_itself_stay(world: Company, quickbooks: QuickBooks, sandbox: Sandbox) -> None:
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1, due_at=None)
    world.delivered()
    dated = one(quickbooks, "Invoice")["TxnDate"]
    sandbox.clock.advance(10 * 86_400)
    world.hub.put("invoices", hub_id, number="INV-2")
    world.delivered()
    bill = one(quickbooks, "Invoice")
    assert (bill["DocNumber"], bill["TxnDate"], bill["DueDate"]) == ("INV-2", dated, dated)


def test_deletes_children_first_and_customers_and_items_are_made_inactive(
    world: Company, quickbooks: QuickBooks
) -> None:
    trade(world, 5)
    world.delivered()
    for collection in ("customers", "items", "invoices", "invoice_lines", "payments"):
        for hub_id in list(world.hub.alive(collection)):
            world.hub.drop(collection, hub_id)
    world.delivered()
    assert (quickbooks.truth("Invoice"), quickbooks.truth("Payment")) == ([], [])
    assert {record["Active"] for record in quickbooks.truth("Customer") + quickbooks.truth("Item")} == {False}


def test_an_inactive_customer_that_comes_back_is_made_active_again(world: Company, quickbooks: QuickBooks) -> None:
    hub_id = customer(world, 1)
    world.delivered()
    world.hub.drop("customers", hub_id)
    world.delivered()
    customer(world, 1)
    world.delivered()
    record = one(quickbooks, "Customer")
    assert (record["Active"], record["DisplayName"]) == (True, "Customer 1")


def test_void_by_the_preset(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment, on_delete="void")
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1)
    world.delivered()
    world.hub.drop("invoices", hub_id)
    world.delivered()
    bill = one(sandbox.quickbooks, "Invoice")
    assert (bill["PrivateNote"], bill["TotalAmt"]) == ("Voided", Decimal("0.00"))


def test_only_payments_by_which_money_came_in_are_sent(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    for number, status in enumerate(("AUTHORIZED", "DECLINED", "REFUNDED", "PENDING", "VOIDED"), 1):
        payment(world, number, 1, None, 500, status=status)
    payment(world, 6, 1, None, 0)
    world.delivered()
    assert [record["PaymentRefNum"] for record in quickbooks.truth("Payment")] == ["1", "3"]
    world.hub.put("payments", "instagaze:transactions:1", status="CHARGEBACK")
    world.delivered()
    assert [record["PaymentRefNum"] for record in quickbooks.truth("Payment")] == ["3"]


def test_an_invoice_without_lines_has_one_of_its_net_amount(sandbox: Sandbox, tmp_path: Path) -> None:
    quickbooks = sandbox.quickbooks
    made = {"Name": "Anything", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
    quickbooks.command("seed", {"entity": "Item", "records": [made]})
    world = Company(tmp_path, sandbox.environment, default_item="Anything")
    customer(world, 1)
    invoice(world, 1, 1, (), net_amount_minor=4200, discount_minor=0, tax_minor=0, total_minor=4200)
    world.delivered()
    assert one(quickbooks, "Invoice")["TotalAmt"] == Decimal("42.00")


def test_a_line_that_quickbooks_would_not_count_is_refused_before(world: Company, quickbooks: QuickBooks) -> None:
    """QuickBooks takes a line without an item for a remark and ignores its amount."""
    customer(world, 1)
    item(world, 1)
    unknown, bare = invoice(world, 1, 1, ((9, 1),)), invoice(world, 2, 1, (), net_amount_minor=4200)
    priceless = invoice(world, 3, 1)
    line(world, 3, 2, item_code="P-1", unit_price_minor=None)
    world.deliver()
    for hub_id in (unknown, bare):
        assert world.entry(hub_id).reason.startswith("ItemRef: the item of the line")
        assert "default_item" in world.entry(hub_id).reason
    assert world.entry(priceless).reason == "Amount: a line has neither an amount nor a price"
    assert quickbooks.truth("Invoice") == []


def test_another_currency_is_refused_by_name_and_the_rest_goes_on(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1)
    foreign = invoice(world, 2, 1, currency="EUR")
    world.deliver()
    assert [record["DocNumber"] for record in quickbooks.truth("Invoice")] == ["INV00001"]
    entry = world.entry(foreign)
    assert entry.state == "dead"
    assert "CurrencyRef: EUR cannot be booked: this company keeps its books in USD only" in entry.reason


def test_several_currencies_where_the_preset_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.quickbooks.configure(multicurrency=True)
    world = Company(tmp_path, sandbox.environment, multicurrency="true")
    customer(world, 1)
    payment(world, 1, 1, None, 500, currency="USD")
    payment(world, 2, 1, None, 1000, currency="JPY")
    world.delivered()
    assert [(r["CurrencyRef"]["value"], r["TotalAmt"]) for r in sandbox.quickbooks.truth("Payment")] == [
        ("USD", Decimal("5.00")),
        ("JPY", Decimal("1000.00")),
    ]


def test_a_total_that_quickbooks_computes_otherwise_is_told(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1, total_minor=2_099)
    says = "total differs: 20.99 here, 21.00 in QuickBooks"
    assert world.deliver().notes == (f"invoices {hub_id}: {says}",)
    assert (world.entry(hub_id).state, world.entry(hub_id).reason) == ("delivered", says)
    assert world.deliver().notes == ()


@pytest.mark.parametrize(
    ("columns", "field"),
    [({"name": "x" * 501}, "DisplayName"), ({"name": None}, "DisplayName")],
)
def test_what_cannot_be_rendered_is_dead_by_name_of_field(world: Company, columns: dict[str, str], field: str) -> None:
    hub_id = customer(world, 1, **columns)
    customer(world, 2)
    world.deliver()
    assert world.entry(hub_id).state == "dead"
    assert world.entry(hub_id).reason.startswith(field)
    assert world.states(system="quickbooks") == ["dead", "delivered"]


def test_check_says_whose_books_and_where_items_book_to(world: Company, sandbox: Sandbox, tmp_path: Path) -> None:
    says = world.destination().check()
    assert says.startswith("Sandbox Company, books in USD; new items book to Services")
    assert "batches of 30 a minute" in says
    wrong = Company(tmp_path / "wrong", sandbox.environment, income_account="No such account")
    with pytest.raises(
        Unreachable, match="no active Account 'No such account'; look at the preset's field income_account"
    ):
        wrong.destination().check()


def test_reads_back_by_id_and_what_is_inactive_is_not_there(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    customer(world, 2)
    world.delivered()
    world.hub.drop("customers", "instagaze:accounts:1")
    world.delivered()
    found = world.destination().read("customers", "Customer", ["1", "2", "3"])
    assert {id: record and record["DisplayName"] for id, record in found.items()} == {
        "1": None,
        "2": "Customer 2",
        "3": None,
    }
