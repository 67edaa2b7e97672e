"""An AR payment as create_arpayment takes it: strict order, applied to its invoice. It cannot be changed afterwards,
only reversed and booked anew.

Words of a template that are no elements of Intacct:
    invoicekey        the invoice that it pays (a reference); its whole amount is applied to it, or `appliedamount`
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ipaas_dagster.destinations.intacct.invoices import decimal
from ipaas_dagster.destinations.intacct.markup import Element, Refused, day, element, leaf
from ipaas_dagster.destinations.intacct.preset import Company
from ipaas_dagster.destinations.intacct.sequences import CREATE_PAYMENT, in_order, money_fields, split

OWN = frozenset(("invoicekey", "appliedamount"))


def created(company: Company, payload: Mapping[str, Any], today: date) -> Element:
    """A payment without a day was received today. Raises Refused."""
    given = {name: value for name, value in payload.items() if name not in OWN and value is not None}
    fields, custom = split(money_fields(company, given), CREATE_PAYMENT)
    if custom:
        raise Refused(min(custom), "create_arpayment has no such element, and takes no fields of the company's own")
    fields.setdefault("datereceived", today)
    return element("create_arpayment", *in_order(CREATE_PAYMENT, fields), *_applied(payload))


def reversed_(number: str, today: date) -> Element:
    return element("reverse_arpayment", day("datereversed", today), key=number)


def is_same(payload: Mapping[str, Any], found: Mapping[str, str], paid: frozenset[str]) -> bool:
    """Whether what is there is this payment as it is now, as far as Intacct tells: customer, amount, day, and the
    invoices (`paid`, by record number) that it was applied to."""
    received = payload.get("datereceived")
    wanted = {str(payload["invoicekey"])} if payload.get("invoicekey") else set()
    return (
        found.get("CUSTOMERID") == payload.get("customerid")
        and decimal(found.get("TRX_TOTALENTERED")) == decimal(payload.get("paymentamount"))
        and (received is None or found.get("RECEIPTDATE") == shown_day(received))
        and paid == wanted
    )


def _applied(payload: Mapping[str, Any]) -> list[Element]:
    if not payload.get("invoicekey"):
        return []
    amount = payload.get("appliedamount")
    amount = payload.get("paymentamount") if amount is None else amount
    return [element("arpaymentitem", leaf("invoicekey", payload["invoicekey"]), leaf("amount", decimal(amount)))]


def shown_day(received: Any) -> str:
    """As Intacct writes days: MM/DD/YYYY."""
    parts = day("datereceived", received)
    return "/".join(str(parts.findtext(name)) for name in ("month", "day", "year"))
