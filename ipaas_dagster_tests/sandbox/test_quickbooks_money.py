"""Invoices and payments of QuickBooks: exact amounts, and balances that follow."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.sandbox.quickbooks_client import (
    Client,
    Record,
    connect,
    invoice,
    line,
    payment,
    stopped_server,
)

CENT = Decimal("0.01")


@pytest.fixture
def server() -> QuickBooks:
    return stopped_server()[0]


@pytest.fixture
def client(server: QuickBooks) -> Client:
    return connect(server)


@pytest.fixture
def customer(client: Client) -> Record:
    return client.customer()


@pytest.fixture
def item(client: Client) -> Record:
    return client.item()


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [(3, 19.99, 59.97), (1, 0.1, 0.1), (128.35, 14.5, 1861.08), (0.5, 0.01, 0.01), (-1, 5, -5)],
)
def test_an_amount_is_quantity_times_price_half_cents_up(
    client: Client, customer: Record, item: Record, quantity: Any, price: Any, amount: Any
) -> None:
    lines = [line(item, 10, 10), line(item, quantity, price, amount)]
    assert client.post("invoice", invoice(customer, *lines))["Line"][1]["Amount"] == Decimal(str(amount))
    wrong = [line(item, 10, 10), line(item, quantity, price, round(amount - 0.01, 2))]
    assert client.refused("invoice", invoice(customer, *wrong))["code"] == "6070"


def test_a_total_is_lines_less_discount_plus_tax(client: Client, customer: Record, item: Record) -> None:
    detail = {"PercentBased": True, "DiscountPercent": 12.5, "DiscountAccountRef": {"value": "54"}}
    lines = [
        line(item, 3, "19.99"),
        {"DetailType": "DescriptionOnly", "Description": "As agreed"},
        {"DetailType": "SubTotalLineDetail", "Amount": 4711, "SubTotalLineDetail": {}},
        {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail},
        line(item, 1, "0.10"),
    ]
    made = client.post("invoice", invoice(customer, *lines, TxnTaxDetail={"TotalTax": 3.33}, TotalAmt=1))
    kinds = [one["DetailType"] for one in made["Line"]]
    assert kinds == [
        "SalesItemLineDetail", "DescriptionOnly", "SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail",
    ]  # fmt: skip
    assert [one.get("Amount") for one in made["Line"]][-2:] == [Decimal("60.07"), Decimal("7.51")]
    assert made["TotalAmt"] == made["Balance"] == Decimal("55.89")
    assert [one.get("Id") for one in made["Line"]] == ["1", "2", "3", None, None]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9999), st.integers(0, 10_000_000)), min_size=1, max_size=12))
def test_sums_are_exact(sold: list[tuple[int, int]]) -> None:
    client = connect(stopped_server()[0])
    customer, item = client.customer(), client.item()
    lines, total = [], Decimal(0)
    for thousandths, cents in sold:
        quantity, price = Decimal(thousandths) / 1000, Decimal(cents) / 100
        worth = (quantity * price).quantize(CENT, ROUND_HALF_UP)
        lines.append(line(item, str(quantity), str(price), str(worth)))
        total += worth
    made = client.post("invoice", invoice(customer, *lines))
    assert made["TotalAmt"] == made["Balance"] == client.get("customer/1")["Balance"] == total


def test_amounts_are_numbers_with_two_decimals_in_the_text(client: Client, customer: Record, item: Record) -> None:
    lines = [line(item, 1, "0.10"), line(item, 1, "0.20")]
    answer = client.ask("POST", "invoice", invoice(customer, *lines))
    assert b'"TotalAmt":0.30,' in answer.body


def test_a_payment_takes_from_a_balance_and_gives_it_back(
    server: QuickBooks, client: Client, customer: Record, item: Record
) -> None:
    owed = client.post("invoice", invoice(customer, line(item, 1, 100)))
    paid = client.post("payment", payment(customer, "70.50", {owed["Id"]: "60.25"}))
    assert (paid["UnappliedAmt"], paid["DepositToAccountRef"]) == (Decimal("10.25"), {"value": "4"})
    now = client.get("invoice/1")
    assert (now["Balance"], now["LinkedTxn"]) == (Decimal("39.75"), [{"TxnId": paid["Id"], "TxnType": "Payment"}])
    assert client.get("customer/1")["Balance"] == Decimal("29.50")
    less = {"Id": paid["Id"], "SyncToken": "0", **payment(customer, "70.50", {owed["Id"]: "10"})}
    assert client.post("payment", less)["UnappliedAmt"] == Decimal("60.50")
    assert client.get("invoice/1")["Balance"] == 90
    gone = client.post("payment", {"Id": paid["Id"], "SyncToken": "1"}, operation="delete")
    assert gone == {"status": "Deleted", "domain": "QBO", "Id": "1"}
    assert (client.get("invoice/1")["Balance"], client.get("customer/1")["Balance"]) == (100, 100)
    assert server.truth("Payment") == []


def test_a_sparse_update_of_a_payment_keeps_what_it_applied(client: Client, customer: Record, item: Record) -> None:
    client.post("invoice", invoice(customer, line(item, 1, 100)))
    client.post("payment", payment(customer, 100, {"1": 100}))
    changed = client.post("payment", {"Id": "1", "SyncToken": "0", "sparse": True, "PrivateNote": "cash"})
    assert (changed["Line"][0]["Amount"], client.get("invoice/1")["Balance"]) == (100, 0)


def test_the_same_invoice_cannot_be_paid_twice(client: Client, customer: Record, item: Record) -> None:
    client.post("invoice", invoice(customer, line(item, 1, 100)))
    client.post("payment", payment(customer, 100, {"1": 100}))
    assert client.refused("payment", payment(customer, 100, {"1": "0.01"}))["code"] == "6000"
    twice = [{"Amount": 60, "LinkedTxn": [{"TxnId": "2", "TxnType": "Invoice"}]}] * 2
    client.post("invoice", invoice(customer, line(item, 1, 100)))
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 120, "Line": twice}
    assert client.refused("payment", body)["code"] == "6000"


def test_a_payment_of_somebody_else_cannot_be_linked(client: Client, customer: Record, item: Record) -> None:
    client.post("invoice", invoice(customer, line(item, 1, 100)))
    assert client.refused("payment", payment(client.customer("Other"), 5, {"1": 5}))["code"] == "620"


@pytest.mark.parametrize("moves", [True, False])
def test_a_payment_moves_the_token_of_its_invoice_if_so_set(
    server: QuickBooks, client: Client, customer: Record, item: Record, moves: bool
) -> None:
    server.configure(payment_moves_invoice=moves)
    client.post("invoice", invoice(customer, line(item, 1, 100)))
    client.post("payment", payment(customer, 5, {"1": 5}))
    assert client.get("invoice/1")["SyncToken"] == ("1" if moves else "0")


def test_an_update_keeps_what_was_paid_and_cannot_fall_below_it(client: Client, customer: Record, item: Record) -> None:
    client.post("invoice", invoice(customer, line(item, 1, 100), DocNumber="A"))
    client.post("payment", payment(customer, 40, {"1": 40}))
    more = client.post("invoice", {**invoice(customer, line(item, 2, 100)), "Id": "1", "SyncToken": "1"})
    assert (more["TotalAmt"], more["Balance"], more["DocNumber"]) == (200, 160, "A")
    less = {**invoice(customer, line(item, 1, 39)), "Id": "1", "SyncToken": "2"}
    assert client.refused("invoice", less)["code"] == "6000"


@pytest.mark.parametrize("operation", ["void", "delete"])
def test_a_void_or_deleted_invoice_leaves_its_payment_unapplied(
    server: QuickBooks, client: Client, customer: Record, item: Record, operation: str
) -> None:
    client.post("invoice", invoice(customer, line(item, 1, 100)))
    client.post("payment", payment(customer, 40, {"1": 40}))
    client.post("invoice", {"Id": "1", "SyncToken": "1"}, operation=operation)
    kept = client.get("payment/1")
    assert (kept["UnappliedAmt"], kept["Line"], kept["SyncToken"]) == (40, [], "1")
    assert client.get("customer/1")["Balance"] == -40
    left = [(one["TotalAmt"], one["Balance"], one["PrivateNote"]) for one in server.truth("Invoice")]
    assert left == ([(0, 0, "Voided")] if operation == "void" else [])


def test_lines_keep_their_ids_if_they_are_sent_with_them(client: Client, customer: Record, item: Record) -> None:
    made = client.post("invoice", invoice(customer, line(item, 1, 1), line(item, 1, 2)))
    again = {**made["Line"][1], "Amount": 2}
    kept = [line(item, 1, 3), *[again] * 2, {**line(item, 1, 4), "Id": "77"}]
    changed = client.post("invoice", {**invoice(customer, *kept), "Id": "1", "SyncToken": "0"})
    assert [one["Id"] for one in changed["Line"][:4]] == ["3", "2", "4", "5"]


def test_several_currencies_need_a_company_that_uses_them() -> None:
    client = connect(stopped_server(multicurrency=True)[0])
    euro, item = client.customer("Euro", CurrencyRef={"value": "EUR"}), client.item()
    made = client.post("invoice", invoice(euro, line(item, 1, 100), ExchangeRate=1.08125))
    assert (made["CurrencyRef"]["value"], made["HomeTotalAmt"]) == ("EUR", Decimal("108.13"))
    wrong = invoice(euro, line(item, 1, 100), CurrencyRef={"value": "USD"})
    assert client.refused("invoice", wrong)["code"] == "6000"
    change = {"Id": euro["Id"], "SyncToken": "0", "sparse": True, "CurrencyRef": {"value": "USD"}}
    assert client.refused("customer", change)["code"] == "6000"
