"""What Instagaze calls its fields in pipelines, and where the hub has them.

Most are those of its records, which the hub's contracts name as the sources of their columns. A pipeline has a few
words of its own beside them: EXTRA.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Type

HUB_ID = "hub_id"


class Place(NamedTuple):
    """`word` of a template's field, and the column it takes."""

    word: Literal["from", "reference"]
    column: str
    is_text: bool = True


OBJECTS: Mapping[str, str] = {
    "Account": "customers",
    "Contact": "contacts",
    "Product": "items",
    "Invoice": "invoices",
    "Subscription": "subscriptions",
    "Transaction": "payments",
}
"""Instagaze's object -> the hub's collection."""

MODULES: Mapping[str, str] = {"salesforce": "salesforce", "intacct": "intacct", "quickbooks": "quickbooks"}
"""Kind of system -> what a pipeline's module says, in small letters."""

_OWN_ID = Place("from", HUB_ID)
"""The record's id in the other system, which its link knows."""

EXTRA: Mapping[str, Mapping[str, Place]] = {
    "customers": {"in_instance_id": _OWN_ID},
    "contacts": {
        "in_instance_id": _OWN_ID,
        "in_contact_account_id": Place("reference", "customer_id"),
    },
    "invoices": {
        "in_instance_id": _OWN_ID,
        "in_invoice_account_id": Place("reference", "customer_id"),
    },
    "payments": {
        "in_instance_id": _OWN_ID,
        "in_transaction_account_id": Place("reference", "customer_id"),
        "in_transaction_invoice_id": Place("reference", "invoice_id"),
    },
}


@cache
def places(collection: str) -> Mapping[str, Place]:
    """Instagaze's field -> where the hub's collection has it."""
    found: dict[str, Place] = {}
    for column in contracts.collection(collection).columns:
        for path in column.source:
            word: Literal["from", "reference"] = "reference" if column.references else "from"
            found.setdefault(path, Place(word, column.name, column.type in (Type.TEXT, Type.TIME)))
    return {**found, **EXTRA.get(collection, {})}
