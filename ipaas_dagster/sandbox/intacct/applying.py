"""Applying money of a payment to invoices, and taking it back: what is due falls and rises again, never below zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ipaas_dagster.sandbox.intacct.company import number_of
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import Record, Value, show
from ipaas_dagster.sandbox.intacct.invoices import state, state_of
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.legacy import amount_of
from ipaas_dagster.sandbox.intacct.lines import in_base, lines_of
from ipaas_dagster.sandbox.intacct.refusals import Invalid
from ipaas_dagster.sandbox.intacct.schema import Element

_OPEN = ("Posted", "Partially Paid")
_NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Part:
    """So much of a payment for that invoice."""

    invoicekey: str
    amount: Decimal


def parts_of(given: list[Element]) -> list[Part]:
    """Raises Invalid for amounts that are none, or not above zero."""
    parts = [Part(text_of(one, "invoicekey"), amount_of(text_of(one, "amount"), "amount")) for one in given]
    for part in parts:
        if part.amount <= 0:
            raise Invalid(f"The amount for the invoice {part.invoicekey} must be above zero.")
    return parts


def apply(job: Job, payment: Record, parts: list[Part], when: date) -> None:
    """Raises Invalid for an invoice that is not this customer's, not open, or due less."""
    for part in parts:
        invoice = _open_invoice(job, payment, part)
        _move(job, invoice, part.amount, when)
        detail: Record = {
            "PAYMENTKEY": number_of(payment),
            "RECORDKEY": number_of(invoice),
            "TRX_PAYMENTAMOUNT": part.amount,
            "PAYMENTAMOUNT": in_base(part.amount, Decimal(show(invoice["EXCHANGE_RATE"]))),
            "STATE": "Complete",
            "PAYMENTDATE": when,
        }
        job.add("ARPYMTDETAIL", detail)


def take_back(job: Job, payment: Record) -> None:
    """All that the payment was applied to is due again."""
    for detail in job.shelf("ARPYMTDETAIL").find(PAYMENTKEY=number_of(payment)):
        invoice = job.shelf("ARINVOICE").get(int(show(detail["RECORDKEY"])))
        if invoice is not None:
            _move(job, invoice, -Decimal(show(detail["TRX_PAYMENTAMOUNT"])), None)
        job.put("ARPYMTDETAIL", {**detail, "STATE": "Reversed"})


def _open_invoice(job: Job, payment: Record, part: Part) -> Record:
    key = part.invoicekey
    invoice = job.shelf("ARINVOICE").get(int(key)) if key.isascii() and key.isdigit() else None
    if invoice is None:
        raise Invalid(f"Cannot find invoice with key '{key}'.")
    if invoice["CUSTOMERID"] != payment["CUSTOMERID"]:
        raise Invalid(f"The invoice {key} is not one of the customer '{show(payment['CUSTOMERID'])}'.")
    if invoice["CURRENCY"] != payment["CURRENCY"]:
        raise Invalid(
            f"The invoice {key} is in {show(invoice['CURRENCY'])}, the payment in {show(payment['CURRENCY'])}."
        )
    if invoice["STATE"] not in _OPEN:
        raise Invalid(f"The invoice {key} cannot be paid in the state {show(invoice['STATE'])}.")
    if part.amount > Decimal(show(invoice["TRX_TOTALDUE"])):
        due = show(invoice["TRX_TOTALDUE"])
        raise Invalid(f"The amount {part.amount} for the invoice {key} is more than the {due} that is due.")
    return invoice


def _move(job: Job, invoice: Record, amount: Decimal, when: date | None) -> None:
    """So much more is paid of an invoice, or less; its lines are paid from the first one on."""
    paid = Decimal(show(invoice["TRX_TOTALPAID"])) + amount
    rate, entered = Decimal(show(invoice["EXCHANGE_RATE"])), Decimal(show(invoice["TRX_TOTALENTERED"]))
    due = entered - paid
    base = in_base(paid, rate) if due else Decimal(show(invoice["TOTALENTERED"]))
    totals: dict[str, Value] = {
        "TRX_TOTALPAID": paid,
        "TRX_TOTALDUE": due,
        "TOTALPAID": base,
        "TOTALDUE": Decimal(show(invoice["TOTALENTERED"])) - base,
        "WHENPAID": when if due == 0 and when else "",
    }
    job.put("ARINVOICE", {**invoice, **totals, **state(state_of(paid, due))})
    _spread(job, invoice, paid)


def _spread(job: Job, invoice: Record, paid: Decimal) -> None:
    rest = paid
    for line in lines_of(job, invoice):
        amount = Decimal(show(line["TRX_AMOUNT"]))
        part = min(rest, amount) if amount > 0 else _NOTHING
        rest -= part
        if line["TOTALPAID"] != part:
            job.put("ARINVOICEITEM", {**line, "TOTALPAID": part, "TOTALDUE": amount - part})
