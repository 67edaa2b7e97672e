"""Invoices, without their lines (see invoice_lines)."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection, Column, Type
from ipaas_dagster.contracts.shorthand import (
    ADDS_UP,
    CONTRACT_IN_ORDER,
    amounts,
    boolean,
    currency,
    integer,
    money,
    reference,
    text,
    time,
)

INVOICES = Collection(
    name="invoices",
    source="invoices",
    description="What customers owe.",
    expectations=(ADDS_UP, CONTRACT_IN_ORDER),
    columns=(
        text("number", "number", "Number of the invoice", required=True),
        reference("customer_id", "account_id", "customers", "The customer who owes it", required=True),
        currency(),
        money("price_minor", "price", "Price"),
        integer("quantity", "quantity", "Quantity"),
        *amounts(),
        text("salesperson", "salesperson", "Who sold it (a name or an e-mail address)"),
        time("contract_start", "contract_start_date", "When the contract begins"),
        time("contract_end", "contract_end_date", "When the contract ends"),
        time("due_at", "payment_due_date", "When payment is due"),
        boolean("is_forgiven", "forgiven", "Whether the debt was forgiven"),
        boolean("is_paid", "paid", "Whether it is paid"),
        Column("custom", Type.JSON, ("custom",), "The company's own fields of the invoice"),
    ),
)
