"""Payments: Instagaze's transactions, with what may be kept of the card (brand, last four digits, expiry)."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection, Column, Reading, Rule, Type
from ipaas_dagster.contracts.shorthand import (
    ADDS_UP,
    CONTRACT_IN_ORDER,
    EMAIL,
    amounts,
    boolean,
    currency,
    expected,
    integer,
    money,
    reference,
    text,
    time,
)

STATUSES = (
    *("AUTHORIZED", "CAPTURED", "SETTLED", "PAID", "PENDING", "PROCESSING", "SUCCESS", "SUCCEEDED"),
    *("COMPLETED", "FAILED", "DECLINED", "ERROR", "REFUNDED", "PARTIALLY_REFUNDED", "VOIDED"),
    *("CANCELLED", "CANCELED", "DISPUTED", "CHARGEBACK"),
)
"""The document shows AUTHORIZED only; the others are the usual ones of payment gateways."""

KNOWN_STATUS = Rule("one_of", STATUSES, "is not a known status", soft=True)
MONTH = (
    Rule("at_least", 1, "is no month (1 to 12)", soft=True),
    Rule("at_most", 12, "is no month (1 to 12)", soft=True),
)

PAYMENTS = Collection(
    name="payments",
    source="transactions",
    description="What customers paid, tried to pay, and got back.",
    expectations=(ADDS_UP, CONTRACT_IN_ORDER),
    never_kept=("method.card_number", "method.card_fingerprint", "method.saved_card_id"),
    columns=(
        reference("customer_id", "account_id", "customers", "The customer who paid", required=True),
        reference("contact_id", "contact_id", "contacts", "The contact who paid"),
        reference("invoice_id", "invoice_id", "invoices", "The invoice that was paid"),
        text("invoice_number", "invoice_number", "Number of the invoice that was paid"),
        text("status", "status", "What became of the payment", expected("is missing"), KNOWN_STATUS),
        currency(),
        money("price_minor", "price", "Price"),
        integer("quantity", "quantity", "Quantity"),
        *amounts(),
        money("paid_minor", "paid_amount", "What was paid"),
        money("refunded_minor", "refund", "What was given back"),
        text("salesperson", "salesperson", "Who sold it (a name or an e-mail address)"),
        time("contract_start", "contract_start_date", "When the contract begins"),
        time("contract_end", "contract_end_date", "When the contract ends"),
        time("due_at", "payment_due_date", "When payment was due"),
        text("charge_message", "charge_message", "What the payment gateway said"),
        time("charged_at", "charge_date", "When it was charged"),
        boolean("is_autopay", "is_autopay", "Whether it was charged by autopay"),
        text("payee_name", "payee_name", "Name of the payee"),
        text("payee_email", "payee_email", "E-mail address of the payee", EMAIL),
        text("source", "source", "How it was paid (CARD, ...)"),
        text("card_brand", "method.card_type", "Brand of the card"),
        Column(
            "card_last4",
            Type.TEXT,
            ("method.card_last4", "method.card_number"),
            "The last four digits of the card's number",
            reading=Reading.LAST4,
        ),
        integer("card_exp_month", "method.card_exp_month", "Month in which the card expires", *MONTH),
        integer("card_exp_year", "method.card_exp_year", "Year in which the card expires"),
    ),
)
