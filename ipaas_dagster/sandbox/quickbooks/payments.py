"""Payments: applied to invoices, whose balances they take from; what is left over is unapplied."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.currencies import check_currency
from ipaas_dagster.sandbox.quickbooks.money import CENT, ZERO, amount, cents
from ipaas_dagster.sandbox.quickbooks.problems import Problem, business, missing, unsupported
from ipaas_dagster.sandbox.quickbooks.properties import Record, properties

PAYMENT = properties(
    """s:PaymentRefNum PrivateNote TxnSource TxnStatus TransactionLocationType d:TxnDate n:TotalAmt ExchangeRate
 b:ProcessPayment o:CreditCardPayment r:CustomerRef CurrencyRef PaymentMethodRef DepositToAccountRef ARAccountRef
 TaxExemptionRef ProjectRef l:Line""",
    "UnappliedAmt LinkedTxn",
    "PaymentRefNum=21 PrivateNote=4000",
)
_LINE = frozenset({"Id", "LineNum", "Amount", "LinkedTxn", "LineEx", "Description", "DetailType"})
_UNDEPOSITED = "Undeposited Funds"


def complete(books: Books, record: Record, old: Record | None) -> Record:
    """A payment as it is stored; the invoices are not changed yet, see `apply`."""
    if "CustomerRef" not in record:
        raise missing("CustomerRef")
    if "TotalAmt" not in record:
        raise missing("TotalAmt")
    customer = books.refer("Customer", record["CustomerRef"], "CustomerRef")
    total = cents(record["TotalAmt"])
    if total < 0:
        raise business("The payment amount must be 0 or greater.")
    lines = [_line(books, one, customer) for one in record.get("Line") or ()]
    _check_balances(books, lines, old)
    applied = sum((line["Amount"] for line in lines), ZERO)
    if applied > total:
        raise business(f"The amounts applied ({applied}) are more than the payment ({total}).")
    whole = {"ProcessPayment": False, "TxnDate": books.today(), **record, "TotalAmt": total, "Line": lines}
    whole["CustomerRef"] = {"value": customer["Id"], "name": customer["DisplayName"]}
    whole["CurrencyRef"] = check_currency(books, record.get("CurrencyRef") or customer["CurrencyRef"])
    whole["DepositToAccountRef"] = _account(books, record)
    return {**whole, "UnappliedAmt": total - applied}


def _account(books: Books, record: Record) -> Record:
    if given := record.get("DepositToAccountRef"):
        return {"value": books.refer("Account", given, "DepositToAccountRef")["Id"]}
    return {"value": (books.found_by("Account", "Name", [_UNDEPOSITED]) or [""])[0]}


def _line(books: Books, line: Any, customer: Record) -> Record:
    """One amount applied to one invoice of this customer."""
    if not isinstance(line, dict) or not isinstance(line.get("LinkedTxn", []), list):
        raise unsupported("Line")
    if unknown := [name for name in line if name not in _LINE]:
        raise unsupported(unknown[0])
    if line.get("Amount") in (None, ""):
        raise missing("Line.Amount")
    links = line.get("LinkedTxn") or []
    if len(links) != 1 or not isinstance(links[0], dict):
        raise missing("Line.LinkedTxn")
    kind, number = links[0].get("TxnType"), str(links[0].get("TxnId", ""))
    if kind != "Invoice":
        raise Problem("620", f"Txn Id: {number} of type {kind} cannot be linked", "LinkedTxn")
    if books.find("Invoice", number)["CustomerRef"]["value"] != customer["Id"]:
        raise Problem("620", f"Txn Id: {number} cannot be linked: it is of another customer", "LinkedTxn")
    worth = amount(line["Amount"], "Amount")
    if worth < CENT:
        raise business("The amount applied to a transaction must be greater than 0.")
    return {"Amount": worth, "LinkedTxn": [{"TxnId": number, "TxnType": "Invoice"}]}


def _check_balances(books: Books, lines: list[Record], old: Record | None) -> None:
    before = applied_by(old)
    for number, worth in sums(lines).items():
        left = books.find("Invoice", number)["Balance"] + before.get(number, ZERO)
        if worth > left:
            raise business(f"The amount applied ({worth}) is more than the open balance ({left}) of invoice {number}.")


def applied_by(payment: Record | None) -> dict[str, Decimal]:
    return sums(payment["Line"]) if payment else {}


def sums(lines: list[Record]) -> dict[str, Decimal]:
    """How much goes to each invoice, by its id."""
    found: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        found[line["LinkedTxn"][0]["TxnId"]] += line["Amount"]
    return dict(found)


def apply(books: Books, old: Record | None, new: Record | None) -> None:
    """Move the balances of the invoices from what the old payment applied to what the new one does."""
    before, after = applied_by(old), applied_by(new)
    payment = (new or old or {})["Id"]
    for number in sorted({*before, *after}, key=int):
        if before.get(number) == after.get(number):
            continue
        invoice = books.tables["Invoice"][number]
        links = [link for link in invoice["LinkedTxn"] if link["TxnId"] != payment]
        if number in after:
            links.append({"TxnId": payment, "TxnType": "Payment"})
        balance = invoice["Balance"] + before.get(number, ZERO) - after.get(number, ZERO)
        changes = {"Balance": balance, "LinkedTxn": links}
        moved = books.settings.payment_moves_invoice
        books.put("Invoice", books.touched(invoice, changes) if moved else {**invoice, **changes})


def release(books: Books, invoice: Record) -> None:
    """Take an invoice out of its payments, whose amounts are then unapplied: it is being voided or deleted."""
    for link in invoice["LinkedTxn"]:
        payment = books.tables["Payment"][link["TxnId"]]
        lines = [line for line in payment["Line"] if line["LinkedTxn"][0]["TxnId"] != invoice["Id"]]
        left = payment["TotalAmt"] - sum((line["Amount"] for line in lines), ZERO)
        books.put("Payment", books.touched(payment, {"Line": lines, "UnappliedAmt": left}))


def voided(payment: Record) -> Record:
    return {**payment, "TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": [], "PrivateNote": "Voided"}
