"""What the document's own POST and PATCH requests hold, for a portal that takes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ipaas_dagster.sandbox.instagaze.answers import Problem

DOCUMENTED: Mapping[str, frozenset[str]] = {
    "accounts": frozenset(
        [
            "account_name",
            "account_owner",
            "account_owner_email",
            "invoice_prefix",
            "billing_address",
            "account_number",
            "autopay_only",
            "contacts",
        ]
    ),
    "accounts.billing_address": frozenset(
        ["city", "country", "geocodeAccuracy", "latitude", "longitude", "postalCode", "state", "street"]
    ),
    "accounts.contacts": frozenset({"name", "email"}),
    "products": frozenset(
        [
            "product_name",
            "product_description",
            "price",
            "product_code",
            "product_quantity",
            "currency",
            "tax_code",
            "tax_description",
        ]
    ),
    "invoices": frozenset(
        [
            "account_id",
            "number",
            "products",
            "currency",
            "price",
            "quantity",
            "net_amount",
            "discount",
            "tax",
            "total",
            "payment_due_date",
            "forgiven",
            "paid",
        ]
    ),
    "invoices.products": frozenset(
        [
            "price",
            "tax_code",
            "portal_id",
            "currency_id",
            "product_code",
            "product_name",
            "tax_description",
            "product_quantity",
            "product_description",
        ]
    ),
    "subscriptions": frozenset(
        [
            "account_id",
            "product_id",
            "quantity",
            "currency",
            "price",
            "discount",
            "net_amount",
            "tax",
            "total",
            "contract_start_date",
            "contract_end_date",
            "billing_frequency",
        ]
    ),
    "subscriptions.billing_frequency": frozenset({"id"}),
}
"""What the bodies of the document's POST and PATCH requests hold."""


def refuse_undocumented(name: str, given: Any) -> None:
    """Also of nested records, in lists or not."""
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, dict) or name not in DOCUMENTED:
            continue
        for field, value in one.items():
            if field not in DOCUMENTED[name]:
                raise Problem(422, f"{name} has no field {field} that can be written.", field)
            refuse_undocumented(f"{name}.{field}", value)
