"""What is rejected, with which words; and that nothing a record holds is ever lost or stops the run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from ipaas_dagster.contracts.staging import stage
from ipaas_dagster_tests.contracts.conftest import MICROS, OBSERVED, Staged, line_of
from ipaas_dagster_tests.contracts.samples import (
    ACCOUNT,
    BY_SOURCE,
    INVOICE,
    LINE,
    MISSING,
    PRODUCT,
    SUBSCRIPTION,
    TRANSACTION,
    with_,
)

WHOLE = "is not a whole number of minor units (of 64 bits)"
ID = "is not an id (a whole number above 0, or text)"
CURRENCY = "is no currency (an ISO 4217 code, or a symbol that means one only)"


@pytest.mark.parametrize(
    ("source", "changes", "reasons"),
    [
        ("products", {"price": "12.50"}, [f'price: "12.50" {WHOLE}']),
        ("products", {"price": "1250"}, [f'price: "1250" {WHOLE}']),
        ("products", {"price": 12.5}, [f"price: 12.5 {WHOLE}"]),
        ("products", {"price": 2**63}, [f"price: 9223372036854775808 {WHOLE}"]),
        ("products", {"price": True}, [f"price: true {WHOLE}"]),
        ("products", {"price": {"amount": 1}}, [f"price: an object {WHOLE}"]),
        ("products", {"id": MISSING}, ["id: is missing"]),
        ("products", {"id": 0}, [f"id: 0 {ID}"]),
        ("products", {"id": -1}, [f"id: -1 {ID}"]),
        ("products", {"id": 1.5}, [f"id: 1.5 {ID}"]),
        ("products", {"id": ""}, [f'id: "" {ID}']),
        ("products", {"id": " 1"}, [f'id: " 1" {ID}']),
        ("products", {"id": "a#1"}, [f'id: "a#1" {ID}']),
        ("products", {"currency": "¥"}, [f'currency: "¥" {CURRENCY}']),
        ("products", {"currency": None}, ["currency: is missing"]),
        ("products", {"currency": {"name": "Taler"}}, [f'currency.name: "Taler" {CURRENCY}']),
        ("products", {"currency": 5}, [f"currency: 5 {CURRENCY}"]),
        ("products", {"product_name": "  "}, ['product_name: "  " is empty']),
        ("products", {"product_name": ["a"]}, ["product_name: an array is not text"]),
        ("products", {"product_code": "a\u0000b"}, ['product_code: "a\\u0000b" holds a NUL character']),
        ("products", {"is_active": "yes"}, ['is_active: "yes" is neither true nor false']),
        ("products", {"product_quantity": 1.5}, ["product_quantity: 1.5 is not a whole number (of 64 bits)"]),
        ("accounts", {"account_name": None}, ["account_name: is missing"]),
        ("accounts", {"in_updated_at": "soon"}, ['in_updated_at: "soon" is not an ISO 8601 time']),
        ("accounts", {"in_updated_at": "2018-02-30T00:00:00Z"}, [
            'in_updated_at: "2018-02-30T00:00:00Z" is not an ISO 8601 time']),
        ("accounts", {"in_updated_at": "infinity"}, ['in_updated_at: "infinity" is not an ISO 8601 time']),
        ("accounts", {"in_updated_at": "0000-01-01"}, ['in_updated_at: "0000-01-01" is not an ISO 8601 time']),
        ("accounts", {"in_updated_at": 1500000000}, ["in_updated_at: 1500000000 is not an ISO 8601 time"]),
        ("accounts", {"billing_address": [1]}, ["billing_address: an array is not text"]),
        ("accounts", {"billing_address": {"latitude": "north"}}, [
            'billing_address.latitude: "north" is not a number']),
        ("accounts", {"contacts": 5}, ["contacts: 5 is not a list"]),
        ("invoices", {"account_id": None}, ["account_id: is missing"]),
        ("invoices", {"account_id": 0}, [f"account_id: 0 {ID}"]),
        ("invoices", {"number": MISSING}, ["number: is missing"]),
        ("invoices", {"products": "[1"}, ['products: "[1" is not a list']),
        ("subscriptions", {"product_id": MISSING, "product": MISSING}, ["product_id: is missing"]),
        ("transactions", {"method": 5}, ["method: 5 is not an object"]),
        ("transactions", {"contact_id": -3}, [f"contact_id: -3 {ID}"]),
    ],
)  # fmt: skip
def test_reasons_name_field_value_and_expectation(
    staged: Any, source: str, changes: dict[str, Any], reasons: list[str]
) -> None:
    record = with_(BY_SOURCE[source], **changes)
    result = staged(source, with_(BY_SOURCE[source], id=99), record)
    rejects = [r for r in result.rows("rejects") if r["element"] == 0]
    assert [r["reasons"] for r in rejects] == [reasons]
    assert rejects[0]["line"] == 2
    assert json.loads(rejects[0]["record"]) == record


def test_all_reasons_are_told_at_once(staged: Any) -> None:
    result = staged("products", with_(PRODUCT, product_name=None, price="x", is_active=3, currency="?"))
    assert result.reasons() == [
        f'price: "x" {WHOLE}',
        f'currency: "?" {CURRENCY}',
        "is_active: 3 is neither true nor false",
        "product_name: is missing",
    ]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([1, 2], "record: an array is not an object"),
        ("text", 'record: "text" is not an object'),
        (None, "record: null is not an object"),
        (b'{"id":1,"price":1,"price":2}', "record: holds a key twice"),
        (b'{"id":1,"product_name":"\\ud800"}', "record: is not JSON in UTF-8 with whole characters"),
        (b'{"id":1,"product_name":"\xff"}', "record: is not JSON in UTF-8 with whole characters"),
        (b"[" * 900 + b"]" * 900, "record: an array is not an object"),
    ],
)
def test_what_is_no_record_is_rejected_beside_good_ones(staged: Any, record: Any, reason: str) -> None:
    result = staged("products", PRODUCT, record, with_(PRODUCT, id=2))
    assert [r["line"] for r in result.rows("items")] == [1, 3]
    reject = result.one("rejects")
    assert (reject["line"], reject["observed_at"], reject["collection"]) == (2, OBSERVED, "items")
    assert reject["reasons"] == [reason]
    assert sorted(r["line"] for r in result.rows("lines")) == [1, 2, 3]


def test_a_key_twice_is_found_far_behind_the_first_records_too(staged: Any) -> None:
    good = [with_(PRODUCT, id=number) for number in range(1, 551)]
    result = staged("products", *good, b'{"id":551,"price":1,"price":2}')
    assert result.reasons() == ["record: holds a key twice"]
    assert result.one("rejects")["line"] == 551


def test_secrets_and_card_numbers_are_not_in_reasons(staged: Any) -> None:
    method = {"card_number": ["4111111111111111"], "card_fingerprint": "f"}
    result = staged("transactions", with_(TRANSACTION, method=method, charge_message="4111111111111111\u0000"))
    assert result.reasons() == [
        'charge_message: "...1111\\u0000" holds a NUL character',
        "method.card_number: its value is not text",
    ]


def test_long_values_are_shortened(staged: Any) -> None:
    (reason,) = staged("products", with_(PRODUCT, is_active="x" * 5000)).reasons()
    assert len(reason) < 120


def test_children_of_a_rejected_parent_are_rejected_with_its_name(staged: Any) -> None:
    result = staged("accounts", with_(ACCOUNT, account_name=None), with_(ACCOUNT, id="#"))
    assert result.rows("contacts") == []
    assert result.rows("sets") == []
    children = [r for r in result.rows("rejects") if r["collection"] == "contacts"]
    assert [(r["line"], r["element"], r["hub_id"], r["parent_hub_id"]) for r in children] == [
        (1, 1, "instagaze:contacts:3", "instagaze:accounts:1"),
        (2, 1, "instagaze:contacts:3", None),
    ]
    assert children[0]["reasons"] == ["it stands in a record of customers that was rejected: instagaze:accounts:1"]
    assert json.loads(children[0]["record"]) == ACCOUNT["contacts"][0]


def test_a_bad_child_leaves_its_parent_and_siblings(staged: Any) -> None:
    lines = [LINE, with_(LINE, price="x"), None, with_(LINE, product_code="Z")]
    result = staged("invoices", with_(INVOICE, products=lines))
    assert len(result.rows("invoices")) == 1
    assert [r["line_number"] for r in result.rows("invoice_lines")] == [1, 4]
    assert result.reasons() == [f'price: "x" {WHOLE}', "record: null is not an object"]
    assert [r["hub_id"] for r in result.rows("rejects")] == ["instagaze:invoices:12#2", "instagaze:invoices:12#3"]
    assert len(result.rows("sets")) == 1


def test_a_contact_that_is_gone_needs_only_its_id(staged: Any) -> None:
    gone = {"id": 9, "is_deleted": True, "is_active": "nonsense"}
    result = staged("accounts", with_(ACCOUNT, contacts=[gone]))
    assert result.rows("rejects") == []
    row = result.one("contacts")
    assert (row["hub_id"], row["removed"]) == ("instagaze:contacts:9", True)


@pytest.mark.parametrize("contacts", [MISSING, None])
def test_an_array_that_is_not_stated_makes_no_set(staged: Any, contacts: Any) -> None:
    result = staged("accounts", with_(ACCOUNT, contacts=contacts))
    assert len(result.rows("customers")) == 1
    assert result.rows("sets") == []
    assert result.warnings() == ["contacts: is missing or null: the contacts are left as they are"]


def test_an_empty_array_is_a_set_of_none(staged: Any) -> None:
    result = staged("accounts", with_(ACCOUNT, contacts=[]))
    assert [(s["parent_hub_id"], s["collection"]) for s in result.rows("sets")] == [
        ("instagaze:accounts:1", "contacts")
    ]
    assert result.warnings() == []


def test_tombstones_are_set_apart(staged: Any) -> None:
    tombstone = b'{"line":2,"observed_at":%d,"deleted":"instagaze:products:42"}\n' % MICROS
    result = staged("products", PRODUCT, lines=[tombstone, line_of(3, with_(PRODUCT, id=2))])
    assert result.rows("tombstones") == [{"line": 2, "observed_at": OBSERVED, "hub_id": "instagaze:products:42"}]
    assert [r["line"] for r in result.rows("lines")] == [1, 3]
    assert result.rows("rejects") == []


@pytest.mark.parametrize(
    ("source", "changes", "warning"),
    [
        ("invoices", {"total": 1}, "total: 1 is neither net amount - discount + tax nor net amount + tax"),
        ("invoices", {"total": None}, "total: is missing"),
        ("transactions", {"status": "LOST"}, 'status: "LOST" is not a known status'),
        ("transactions", {"payee_email": "nobody"}, 'payee_email: "nobody" is no e-mail address'),
        ("accounts", {"billing_address": {"latitude": 91}},
         "billing_address.latitude: 91.0 is no latitude (-90 to 90)"),
        (
            "subscriptions",
            {"contract_end_date": "2017-01-01"},
            "contract_end_date: 2017-01-01 00:00:00+00:00 is before the contract's start",
        ),
    ],
)  # fmt: skip
def test_soft_rules_warn_and_keep_the_record(staged: Any, source: str, changes: dict[str, Any], warning: str) -> None:
    result = staged(source, with_(BY_SOURCE[source], **changes))
    assert result.rows("rejects") == []
    assert result.warnings() == [warning]


def test_amounts_that_add_up_either_way_are_no_warning(staged: Any) -> None:
    result = staged("subscriptions", SUBSCRIPTION, with_(SUBSCRIPTION, id=2, total=319500))
    assert result.warnings() == []


def test_the_outcome_does_not_depend_on_the_batches(staged: Any) -> None:
    records = [with_(ACCOUNT, id=n, account_name=None if n % 3 == 0 else "A") for n in range(1, 20)]
    outcomes = []
    for batch_rows in (1, 4, 50_000):
        result = staged("accounts", *records, batch_rows=batch_rows)
        outcomes.append([result.rows(t) for t in ("customers", "contacts", "rejects", "warnings", "sets", "lines")])
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize("suffix", ["zst", "gz"])
def test_both_compressions_are_read_unreadable_lines_included(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, suffix: str
) -> None:
    plain = line_of(1, PRODUCT) + line_of(2, b'{"id":2,"product_name":"\\udc00"}') + line_of(3, with_(PRODUCT, id=3))
    packed = gzip.compress(plain) if suffix == "gz" else zstandard.ZstdCompressor().compress(plain)
    path = tmp_path / f"landing.ndjson.{suffix}"
    path.write_bytes(packed)
    stage(con, path, "products")
    result = Staged(con)
    assert [r["line"] for r in result.rows("items")] == [1, 3]
    assert result.reasons() == ["record: is not JSON in UTF-8 with whole characters"]
