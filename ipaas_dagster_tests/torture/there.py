"""What each system must hold for the source's records, and what it holds by its own word: one row a record, so that a
lost one, a doubled one and a stale one all show. Written apart from the product's templates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster_tests.flow.oracle import Row, Rows
from ipaas_dagster_tests.flow.world import typed

Hub = Mapping[str, Rows]
Told = Iterable[tuple[Any, ...]]

NO_MONEY = {"PENDING", "PROCESSING", "FAILED", "DECLINED", "ERROR", "VOIDED", "CANCELLED", "CANCELED", "CHARGEBACK"}


@dataclass(frozen=True)
class Spot:
    """One collection there. `wanted` of what the hub must hold; `told` by the system's stand-in."""

    system: str
    collection: str
    wanted: Callable[[Hub], Told]
    told: Callable[[Any], Told]

    def differences(self, sandbox: Sandbox, hub: Hub) -> list[str]:
        wanted, told = Counter(self.wanted(hub)), Counter(self.told(getattr(sandbox, self.system)))
        where = f"{self.system}.{self.collection}"
        lost = [f"{where}: not there: {row}" for row in (wanted - told).elements()]
        return lost + [f"{where}: too much, or stale: {row}" for row in (told - wanted).elements()]


def money(minor: int) -> str:
    return f"{Decimal(minor) / 100:.2f}"


def _amount(value: Any) -> str:
    return f"{Decimal(str(value)):.2f}"


def _clean(name: str) -> str:
    return re.sub(r"[:\t\r\n]+", " ", name).strip()


def _in_dollars(rows: Rows) -> Iterable[tuple[str, Row]]:
    return ((key, row) for key, row in rows.items() if row["currency"] == "USD")


def _came_in(rows: Rows) -> Iterable[tuple[str, Row]]:
    return ((k, r) for k, r in _in_dollars(rows) if (r["paid_minor"] or 0) >= 1 and r["status"] not in NO_MONEY)


def _salesforce(collection: str, its_object: str, columns: Mapping[str, tuple[str, Callable[[Any, Row], Any]]]) -> Spot:
    def wanted(hub: Hub) -> Told:
        for key, row in hub[collection].items():
            yield (key, *(as_there(row[column], row) for column, as_there in columns.values()))

    def told(there: Any) -> Told:
        for record in there.truth(its_object):
            yield (record["Ipaas_Hub_Id__c"], *(_as_told(record[name]) for name in columns))

    return Spot("salesforce", collection, wanted, told)


def _as_told(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _text(value: str | None, _: Row | None = None) -> str | None:
    return (value or "").strip() or None


def _in_major(minor: int, row: Row) -> float:
    return float(minor) if row["currency"] == "JPY" else round(minor / 100, 2)


def _bool(value: Any, _: Row) -> bool:
    return bool(value)


def _float(value: Any, _: Row) -> float:
    return float(value)


def _webhook(collection: contracts.Collection) -> Spot:
    def wanted(hub: Hub) -> Told:
        return ((key, *sorted(row.items())) for key, row in hub[collection.name].items())

    def told(there: Any) -> Told:
        for record in there.truth(collection.name):
            yield (record["hub_id"], *sorted(typed(collection, record).items()))

    return Spot("webhook", collection.name, wanted, told)


SPOTS: tuple[Spot, ...] = (
    _salesforce("customers", "Account", {"Name": ("name", _text), "BillingCity": ("billing_city", _text)}),
    _salesforce("contacts", "Contact", {"LastName": ("name", _text)}),
    _salesforce(
        "items",
        "Product2",
        {"Description": ("description", _text), "Unit_Price__c": ("unit_price_minor", _in_major)},
    ),
    _salesforce("invoices", "Invoice__c", {"Is_Paid__c": ("is_paid", _bool)}),
    _salesforce("invoice_lines", "Invoice_Line__c", {"Line_Number__c": ("line_number", _float)}),
    _salesforce("subscriptions", "Subscription__c", {"Total__c": ("total_minor", _in_major)}),
    _salesforce("payments", "Payment__c", {"Charge_Message__c": ("charge_message", _text)}),
    *(_webhook(collection) for collection in contracts.COLLECTIONS),
    Spot(
        "quickbooks",
        "customers",
        lambda hub: (("ipaas:" + key, _clean(row["name"])) for key, row in hub["customers"].items()),
        lambda there: ((r["Notes"], r["DisplayName"]) for r in there.truth("Customer") if r["Active"]),
    ),
    Spot(
        "quickbooks",
        "items",
        lambda hub: ((_clean(r["name"]), money(r["unit_price_minor"])) for _, r in _in_dollars(hub["items"])),
        lambda there: ((r["Name"], _amount(r["UnitPrice"])) for r in there.truth("Item") if r["Active"]),
    ),
    Spot(
        "quickbooks",
        "invoices",
        lambda hub: (("ipaas:" + key, row["number"]) for key, row in _in_dollars(hub["invoices"])),
        lambda there: ((r["PrivateNote"], r["DocNumber"]) for r in there.truth("Invoice")),
    ),
    Spot(
        "quickbooks",
        "payments",
        lambda hub: (("ipaas:" + key, money(row["paid_minor"])) for key, row in _came_in(hub["payments"])),
        lambda there: ((r["PrivateNote"], _amount(r["TotalAmt"])) for r in there.truth("Payment")),
    ),
    Spot(
        "intacct",
        "customers",
        lambda hub: (("ipaas:" + key, row["name"].strip()[:100]) for key, row in hub["customers"].items()),
        lambda there: ((r["COMMENTS"], r["NAME"].strip()) for r in there.truth("CUSTOMER") if r["STATUS"] == "active"),
    ),
    Spot(
        "intacct",
        "contacts",
        lambda hub: ((f"Contact {k.rpartition(':')[2]}", _text(r["name"])) for k, r in hub["contacts"].items()),
        lambda there: ((r["CONTACTNAME"], r["PRINTAS"]) for r in there.truth("CONTACT") if r["STATUS"] == "active"),
    ),
    Spot(
        "intacct",
        "items",
        lambda hub: (("ipaas:" + key, money(row["unit_price_minor"])) for key, row in _in_dollars(hub["items"])),
        lambda there: ((r["NOTE"], _amount(r["BASEPRICE"])) for r in there.truth("ITEM") if r["STATUS"] == "active"),
    ),
    Spot(
        "intacct",
        "invoices",
        lambda hub: (("ipaas:" + key, row["number"]) for key, row in _in_dollars(hub["invoices"])),
        lambda there: ((r["DESCRIPTION"], r["RECORDID"]) for r in there.truth("ARINVOICE")),
    ),
    Spot(
        "intacct",
        "payments",
        lambda hub: ((f"IG-{k.rpartition(':')[2]}", money(r["paid_minor"])) for k, r in _came_in(hub["payments"])),
        lambda there: ((r["DOCNUMBER"], r["TOTALENTERED"]) for r in there.truth("ARPYMT") if r["STATE"] != "Reversed"),
    ),
    Spot(
        "ipaas_com",
        "customers",
        lambda hub: ((key, row["name"]) for key, row in hub["customers"].items()),
        lambda there: ((_own(r), r["name"]) for r in there.truth("company")),
    ),
    Spot(
        "ipaas_com",
        "contacts",
        lambda hub: ((key, key.split(":")[1]) for name in ("customers", "contacts") for key in hub[name]),
        lambda there: ((_own(r), "accounts" if r["company"] else "contacts") for r in there.truth("customer")),
    ),
    Spot(
        "ipaas_com",
        "items",
        lambda hub: ((key, money(row["unit_price_minor"])) for key, row in _in_dollars(hub["items"])),
        lambda there: ((_own(r), _amount(r["default_price"])) for r in there.truth("product")),
    ),
    Spot(
        "ipaas_com",
        "invoices",
        lambda hub: ((row["number"], "Paid" if row["is_paid"] else "Open") for _, row in _in_dollars(hub["invoices"])),
        lambda there: ((r["transaction_number"], r["status"]) for r in there.truth("transaction")),
    ),
    Spot(
        "portal_b",
        "customers",
        lambda hub: ((row["name"], row["billing_city"]) for row in hub["customers"].values()),
        lambda there: ((r["account_name"], r["billing_address"]["city"]) for r in there.truth("accounts")),
    ),
    Spot(
        "portal_b",
        "items",
        lambda hub: ((row["code"], row["unit_price_minor"]) for row in hub["items"].values()),
        lambda there: ((r["product_code"], r["price"]) for r in there.truth("products")),
    ),
    Spot(
        "portal_b",
        "invoices",
        lambda hub: ((row["number"], row["is_paid"]) for row in hub["invoices"].values()),
        lambda there: ((r["number"], r["paid"]) for r in there.truth("invoices")),
    ),
    Spot(
        "portal_b",
        "subscriptions",
        lambda hub: ((row["total_minor"],) for row in hub["subscriptions"].values()),
        lambda there: ((r["total"],) for r in there.truth("subscriptions")),
    ),
    Spot(
        "salesforce_b",
        "customers",
        lambda hub: ((_text(row["name"]),) for row in hub["customers"].values()),
        lambda there: ((_text(r["Name"]),) for r in there.truth("Account")),
    ),
)


def _own(record: Mapping[str, Any]) -> str:
    """The external id that is kept there for our system; a doubled one shows as two."""
    return "+".join(one["external_id"] for one in record["external_ids"])
