"""The declarations: the public columns, and what is derived from them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ipaas_dagster import contracts
from ipaas_dagster.contracts.currency import EXPONENTS, SYMBOLS, exponent, resolve

PUBLIC = {
    "customers": "name number owner_name owner_email invoice_prefix billing_street billing_city billing_state "
    "billing_postal_code billing_country billing_latitude billing_longitude autopay_only is_autopay external_id "
    "external_updated_at",
    "contacts": "customer_id name email is_active is_enrolled created_at updated_at",
    "items": "name description code unit_price_minor currency default_quantity is_active tax_code tax_description "
    "external_id",
    "invoices": "number customer_id currency price_minor quantity net_amount_minor discount_minor tax_minor "
    "total_minor salesperson contract_start contract_end due_at is_forgiven is_paid custom",
    "invoice_lines": "invoice_id line_number item_code item_name description unit_price_minor currency quantity "
    "tax_code tax_description",
    "subscriptions": "customer_id item_id currency price_minor discount_minor net_amount_minor tax_minor total_minor "
    "quantity contract_start contract_end billing_frequency",
    "payments": "customer_id contact_id invoice_id invoice_number status currency price_minor quantity "
    "net_amount_minor discount_minor tax_minor total_minor paid_minor refunded_minor salesperson contract_start "
    "contract_end due_at charge_message charged_at is_autopay payee_name payee_email source card_brand card_last4 "
    "card_exp_month card_exp_year",
}


@pytest.mark.parametrize("name", list(PUBLIC))
def test_columns_are_the_public_ones_in_order(name: str) -> None:
    assert [c.name for c in contracts.collection(name).columns] == PUBLIC[name].split()


def test_parents_stand_before_what_refers_to_them() -> None:
    names = [c.name for c in contracts.COLLECTIONS]
    for declared in contracts.COLLECTIONS:
        for target in declared.references.values():
            assert names.index(target) < names.index(declared.name)


def test_every_type_and_path_can_be_read() -> None:
    for declared in (*contracts.COLLECTIONS, *contracts.REFERENCE):
        for column in declared.columns:
            assert contracts.duckdb_type(column.type)
            assert all(path.count(".") <= 1 for path in column.source)
            assert not column.name.endswith("_minor") or column.type is contracts.Type.MONEY


def test_a_source_collection_gives_its_parent_first() -> None:
    assert [c.name for c in contracts.of_source("accounts")] == ["customers", "contacts"]
    assert [c.name for c in contracts.of_source("invoices")] == ["invoices", "invoice_lines"]
    assert [c.name for c in contracts.of_source("gateways")] == ["gateways"]


@pytest.mark.parametrize("name", ["nothing", "contacts"])
def test_an_unknown_source_collection_names_those_that_exist(name: str) -> None:
    with pytest.raises(KeyError, match="accounts"):
        contracts.of_source(name)


def test_an_unknown_collection_names_those_that_exist() -> None:
    with pytest.raises(KeyError, match="invoice_lines"):
        contracts.collection("lines")


def test_the_columns_can_be_shown_to_a_person() -> None:
    rows = contracts.schema_rows(contracts.collection("items"))
    assert ("unit_price_minor", "BIGINT", "Price of one, in the minor unit of the currency") in rows
    assert rows[-1][0] == "extra"


def test_importing_the_contracts_is_cheap() -> None:
    script = (
        "import sys, ipaas_dagster.contracts, ipaas_dagster.contracts.staging; "
        "print([m for m in ('pandas', 'pandera', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_minor_units() -> None:
    assert [exponent(code) for code in ("USD", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    with pytest.raises(KeyError, match="no ISO 4217"):
        exponent("XXX")


def test_symbols_mean_known_currencies_and_only_one() -> None:
    assert set(SYMBOLS.values()) <= set(EXPONENTS)
    assert [resolve(s) for s in ("$", " eur ", "¥", "kr", "zł")] == ["USD", "EUR", None, None, "PLN"]
    assert all(symbol == symbol.upper() for symbol in SYMBOLS)
