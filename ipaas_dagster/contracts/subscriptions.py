"""Subscriptions: what is invoiced again and again."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.shorthand import (
    ADDS_UP,
    CONTRACT_IN_ORDER,
    currency,
    expected,
    integer,
    money,
    reference,
    text,
    time,
)

SUBSCRIPTIONS = Collection(
    name="subscriptions",
    source="subscriptions",
    description="What customers have subscribed to.",
    expectations=(ADDS_UP, CONTRACT_IN_ORDER),
    columns=(
        reference("customer_id", ("account_id", "account.id"), "customers", "The subscriber", required=True),
        reference("item_id", ("product_id", "product.id"), "items", "What is subscribed to", required=True),
        currency(),
        money("price_minor", "price", "Price"),
        money("discount_minor", "discount", "Discount"),
        money("net_amount_minor", "net_amount", "Net amount"),
        money("tax_minor", "tax", "Tax"),
        money("total_minor", "total", "Total", expected("is missing")),
        integer("quantity", "quantity", "Quantity"),
        time("contract_start", "contract_start_date", "When the contract begins"),
        time("contract_end", "contract_end_date", "When the contract ends"),
        text(
            "billing_frequency",
            ("billing_frequency", "billing_frequency.name"),
            "Name of how often it is invoiced",
        ),
    ),
)
