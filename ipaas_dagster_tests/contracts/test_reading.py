"""What a good record becomes, in every spelling that the API document has for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ipaas_dagster_tests.contracts.conftest import OBSERVED
from ipaas_dagster_tests.contracts.samples import (
    ACCOUNT,
    INVOICE,
    LINE,
    MISSING,
    PRODUCT,
    SUBSCRIPTION,
    TRANSACTION,
    with_,
)


def test_an_account_becomes_a_customer(staged: Any) -> None:
    row = staged("accounts", ACCOUNT).one("customers")
    assert row["hub_id"] == "instagaze:accounts:1"
    assert row["source_id"] == "1"
    assert (row["line"], row["element"], row["observed_at"]) == (1, 0, OBSERVED)
    assert (row["name"], row["number"], row["invoice_prefix"]) == ("Acme Inc.", "98888", "")
    assert (row["billing_street"], row["billing_postal_code"]) == ("1900 Lafayette Street", "95050")
    assert (row["billing_latitude"], row["billing_longitude"]) == (37.35, -121.95)
    assert (row["autopay_only"], row["is_autopay"]) == (False, True)
    assert row["external_updated_at"] == datetime(2018, 4, 17, 6, 1, 25, tzinfo=UTC)
    assert json.loads(row["extra"]) == {"portal_id": 1, "billing_address": {"geocodeAccuracy": None}}


def test_a_contact_belongs_to_the_account_it_stands_in(staged: Any) -> None:
    contact = with_(ACCOUNT["contacts"][0], account_id=69)
    result = staged("accounts", with_(ACCOUNT, contacts=[contact]))
    row = result.one("contacts")
    assert (row["hub_id"], row["element"]) == ("instagaze:contacts:3", 1)
    assert row["customer_id"] == row["parent_hub_id"] == "instagaze:accounts:1"
    assert json.loads(row["extra"]) == {"portal_id": 1, "is_deleted": False, "account_id": 69}
    assert result.warnings() == ["account_id: 69 is not the record it stands in (1), which holds"]


def test_an_account_id_that_agrees_is_not_kept_twice(staged: Any) -> None:
    assert "account_id" not in json.loads(staged("accounts", ACCOUNT).one("contacts")["extra"])


def test_invoice_lines_are_numbered_from_one_and_take_the_invoices_currency(staged: Any) -> None:
    euro = with_(LINE, currency="€", product_code="B")
    rows = staged("invoices", with_(INVOICE, products=[LINE, euro])).rows("invoice_lines")
    assert [r["hub_id"] for r in rows] == ["instagaze:invoices:12#1", "instagaze:invoices:12#2"]
    assert [(r["line_number"], r["invoice_id"]) for r in rows] == [(n, "instagaze:invoices:12") for n in (1, 2)]
    assert [(r["currency"], r["unit_price_minor"], r["quantity"]) for r in rows] == [
        ("USD", 299500, 1),
        ("EUR", 299500, 1),
    ]
    assert json.loads(rows[0]["extra"]) == {"portal_id": 1, "currency_id": 1}


def test_lines_given_as_json_in_a_text_are_read(staged: Any) -> None:
    as_list = staged("invoices", INVOICE).one("invoice_lines")
    as_text = staged("invoices", with_(INVOICE, products=json.dumps([LINE]))).one("invoice_lines")
    assert as_text == as_list


def test_a_subscription_keeps_its_embedded_records_in_extra(staged: Any) -> None:
    row = staged("subscriptions", SUBSCRIPTION).one("subscriptions")
    assert (row["customer_id"], row["item_id"]) == ("instagaze:accounts:1", "instagaze:products:1")
    assert (row["billing_frequency"], row["total_minor"]) == ("monthly", 309500)
    assert json.loads(row["extra"]) == {
        "portal_id": 1,
        "account": SUBSCRIPTION["account"],
        "product": SUBSCRIPTION["product"],
        "billing_frequency": {"id": 5},
    }


def test_embedded_ids_serve_where_the_plain_ones_are_missing(staged: Any) -> None:
    row = staged("subscriptions", with_(SUBSCRIPTION, account_id=MISSING, product_id=None)).one("subscriptions")
    assert (row["customer_id"], row["item_id"]) == ("instagaze:accounts:1", "instagaze:products:1")


def test_a_transaction_becomes_a_payment_without_card_secrets(staged: Any) -> None:
    row = staged("transactions", TRANSACTION).one("payments")
    assert row["contact_id"] == "instagaze:contacts:1"
    assert row["invoice_id"] == "instagaze:invoices:8"
    assert (row["card_brand"], row["card_last4"], row["card_exp_month"], row["card_exp_year"]) == (
        "DISCOVER",
        "1117",
        5,
        2021,
    )
    extra = json.loads(row["extra"])
    assert extra["products"] == [LINE]
    assert extra["currency"] == {"id": 1, "prefix": "$"}
    assert extra["method"] == {"id": 2, "autopay": True, "card_expiry": "5/2021", "card_payee_name": "Customer1"}


def test_a_full_card_number_leaves_four_digits(staged: Any) -> None:
    method = {"card_number": "4111111111111111", "card_last4": "1111", "card_type": "VISA"}
    result = staged("transactions", with_(TRANSACTION, method=method))
    assert result.one("payments")["card_last4"] == "1111"
    assert "4111" not in repr([result.rows(t) for t in ("payments", "rejects", "warnings")])


@pytest.mark.parametrize(
    ("currency", "code"),
    [
        ("$", "USD"),
        ("USD", "USD"),
        ("usd", "USD"),
        ({"name": "USD"}, "USD"),
        ({"id": 2, "name": "EUR", "prefix": "€"}, "EUR"),
        ({"name": "US dollar", "prefix": "$"}, "USD"),
        ("£", "GBP"),
        ("JPY", "JPY"),
    ],
)
def test_every_form_of_a_currency(staged: Any, currency: Any, code: str) -> None:
    assert staged("products", with_(PRODUCT, currency=currency)).one("items")["currency"] == code


@pytest.mark.parametrize("name", ["postalCode", "postal_code"])
def test_both_spellings_of_the_postal_code(staged: Any, name: str) -> None:
    row = staged("accounts", with_(ACCOUNT, billing_address={name: "01234"})).one("customers")
    assert row["billing_postal_code"] == "01234"
    assert json.loads(row["extra"]) == {"portal_id": 1}


def test_a_second_spelling_that_differs_stays_in_extra(staged: Any) -> None:
    address = {"postal_code": "1", "postalCode": "2"}
    row = staged("accounts", with_(ACCOUNT, billing_address=address)).one("customers")
    assert row["billing_postal_code"] == "1"
    assert json.loads(row["extra"])["billing_address"] == {"postalCode": "2"}


def test_an_address_in_one_text_is_its_street(staged: Any) -> None:
    row = staged("accounts", with_(ACCOUNT, billing_address="123 Main Street, Cupertino")).one("customers")
    assert (row["billing_street"], row["billing_city"]) == ("123 Main Street, Cupertino", None)
    assert json.loads(row["extra"]) == {"portal_id": 1}


def test_a_method_in_one_text_is_kept_and_warned_of(staged: Any) -> None:
    result = staged("transactions", with_(TRANSACTION, method="CASH"))
    assert json.loads(result.one("payments")["extra"])["method"] == "CASH"
    assert result.warnings() == ["method: is text, not an object: kept in extra"]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2018-04-17T06:01:25.123456Z", datetime(2018, 4, 17, 6, 1, 25, 123456, tzinfo=UTC)),
        ("2018-04-17T06:01:25+02:00", datetime(2018, 4, 17, 4, 1, 25, tzinfo=UTC)),
        ("2018-04-17T06:01:25-0330", datetime(2018, 4, 17, 9, 31, 25, tzinfo=UTC)),
        ("2018-04-17 06:01:25", datetime(2018, 4, 17, 6, 1, 25, tzinfo=UTC)),
        ("2018-04-17", datetime(2018, 4, 17, tzinfo=UTC)),
    ],
)
def test_times_become_utc_and_those_without_offset_are_utc(staged: Any, text: str, utc: datetime) -> None:
    assert staged("accounts", with_(ACCOUNT, in_updated_at=text)).one("customers")["external_updated_at"] == utc


@pytest.mark.parametrize("name", ["  two  spaces ", "Ünïcøde 漢字 🎉", "tab\tand\nline", "x" * 200_000, '"quoted\\'])
def test_text_is_kept_exactly(staged: Any, name: str) -> None:
    assert staged("accounts", with_(ACCOUNT, account_name=name)).one("customers")["name"] == name


def test_numbers_where_text_is_expected_are_kept_as_their_text(staged: Any) -> None:
    assert staged("accounts", with_(ACCOUNT, account_number=98888)).one("customers")["number"] == "98888"


@pytest.mark.parametrize(
    ("price", "minor"),
    [(0, 0), (-5, -5), (299500.0, 299500), (b"2.995e5", 299500), (2**63 - 1, 2**63 - 1), (None, None)],
)
def test_whole_amounts(staged: Any, price: Any, minor: int | None) -> None:
    record = json.dumps(with_(PRODUCT, price="PRICE")).encode()
    text = price if isinstance(price, bytes) else json.dumps(price).encode()
    row = staged("products", record.replace(b'"PRICE"', text)).one("items")
    assert row["unit_price_minor"] == minor


@pytest.mark.parametrize(("id_", "text"), [(7, "7"), ("7", "7"), (7.0, "7"), ("a-B_9", "a-B_9"), (10**30, str(10**30))])
def test_ids_are_kept_as_text(staged: Any, id_: Any, text: str) -> None:
    row = staged("products", with_(PRODUCT, id=id_)).one("items")
    assert (row["source_id"], row["hub_id"]) == (text, f"instagaze:products:{text}")


def test_unknown_fields_are_kept_whole(staged: Any) -> None:
    unknown = {"deep": [{"b": [1, None, {"z": 1}], "a": "\u0000"}], "big": 123456789012345678901234567890}
    row = staged("products", with_(PRODUCT, unknown=unknown)).one("items")
    assert json.loads(row["extra"]) == {"unknown": unknown}


def test_snapshots_are_kept_whole(staged: Any) -> None:
    record = {"id": 1, "ppobject_id": 4, "field": "account_name", "label": "Account", "is_required": True}
    row = staged("schemas", record).one("schemas")
    assert (row["source_id"], row["field"], row["ppobject_id"]) == ("4:1", "account_name", "4")
    assert row["hub_id"] == "instagaze:schemas:4:1"
    assert json.loads(row["record"]) == record
