"""Invoices: lines and tax come to a total; payments take from the balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.currencies import HOME, check_currency
from ipaas_dagster.sandbox.quickbooks.lines import read_lines
from ipaas_dagster.sandbox.quickbooks.money import ZERO, amount, cents
from ipaas_dagster.sandbox.quickbooks.problems import business, duplicate_number, missing
from ipaas_dagster.sandbox.quickbooks.properties import Record, properties

INVOICE = properties(
    """s:DocNumber PrivateNote PrintStatus EmailStatus TrackingNum GlobalTaxCalculation TransactionLocationType
 InvoiceLink EInvoiceStatus TxnSource d:TxnDate DueDate ShipDate b:ApplyTaxAfterDiscount AllowIPNPayment
 AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment FreeFormAddress n:ExchangeRate Deposit
 o:BillAddr ShipAddr ShipFromAddr CustomerMemo TxnTaxDetail DeliveryInfo e:BillEmail BillEmailCc BillEmailBcc
 r:CustomerRef CurrencyRef SalesTermRef DepartmentRef ClassRef ShipMethodRef DepositToAccountRef RecurDataRef
 TaxExemptionRef ProjectRef l:Line CustomField""",
    "TotalAmt Balance HomeTotalAmt HomeBalance LinkedTxn InvoiceStatus",
    "DocNumber=21 PrivateNote=4000 CustomerMemo.value=1000 TrackingNum=31 BillEmail.Address=100",
)
_DEFAULTS = {
    "ApplyTaxAfterDiscount": False,
    "PrintStatus": "NotSet",
    "EmailStatus": "NotSet",
    "AllowIPNPayment": False,
    "AllowOnlinePayment": False,
    "AllowOnlineCreditCardPayment": False,
    "AllowOnlineACHPayment": False,
}


def complete(books: Books, record: Record, old: Record | None, *, duplicates: bool = False) -> Record:
    """An invoice as it is stored. What was paid stays paid: its total cannot fall below that."""
    if "CustomerRef" not in record:
        raise missing("CustomerRef")
    if not record.get("Line"):
        raise missing("Line")
    customer = books.refer("Customer", record["CustomerRef"], "CustomerRef")
    currency = check_currency(books, record.get("CurrencyRef") or customer["CurrencyRef"])
    if currency != customer["CurrencyRef"]:
        raise business("The currency of the transaction is not the currency of the customer.")
    lines = read_lines(books, record["Line"], old["Line"] if old else [])
    tax = _tax(record)
    total = lines.total + tax["TotalTax"]
    if total < 0:
        raise business("The transaction amount must be 0 or greater.")
    paid = _paid(old)
    if total < paid:
        raise business(f"The transaction amount is less than the {paid} that payments have applied to it.")
    if old and old["CustomerRef"]["value"] != customer["Id"] and paid:
        raise business("The customer of an invoice with payments applied cannot be changed.")
    dated = record.get("TxnDate") or books.today()
    whole = {**_DEFAULTS, **record, "TxnDate": dated, "DueDate": record.get("DueDate") or dated}
    whole |= {"Line": lines.stored, "TxnTaxDetail": tax, "CurrencyRef": currency, "LinkedTxn": linked(old)}
    whole["CustomerRef"] = {"value": customer["Id"], "name": customer["DisplayName"]}
    whole |= {"TotalAmt": total, "Balance": total - paid}
    _numbered(books, whole, old, duplicates)
    return _in_home_currency(whole)


def linked(old: Record | None) -> list[Record]:
    return list(old["LinkedTxn"]) if old else []


def _paid(old: Record | None) -> Decimal:
    return old["TotalAmt"] - old["Balance"] if old else ZERO


def _tax(record: Record) -> Record:
    """The tax is what was sent: nothing here knows rates."""
    given: dict[str, Any] = record.get("TxnTaxDetail") or {}
    return {**given, "TotalTax": amount(given.get("TotalTax") or 0, "TotalTax")}


def _numbered(books: Books, whole: Record, old: Record | None, duplicates: bool) -> None:
    number = whole.get("DocNumber")
    if number is None:
        if not books.settings.custom_doc_numbers:
            whole["DocNumber"] = old["DocNumber"] if old and old.get("DocNumber") else _next_number(books)
        return
    if old is not None and old.get("DocNumber") == number:
        return
    others = [one for one in books.found_by("Invoice", "DocNumber", [number]) or () if one != whole.get("Id")]
    if others and not duplicates and books.settings.duplicate_doc_numbers == "refused":
        raise duplicate_number(books.settings.duplicate_doc_number_code, number, "Invoice", others[0])


def _next_number(books: Books) -> str:
    number = books.last_doc_number + 1
    while books.found_by("Invoice", "DocNumber", [str(number)]):
        number += 1
    books.last_doc_number = number
    return str(number)


def _in_home_currency(whole: Record) -> Record:
    if whole["CurrencyRef"]["value"] == HOME:
        return {name: value for name, value in whole.items() if name != "ExchangeRate"}
    rate = whole.get("ExchangeRate") or Decimal(1)
    homes = {"HomeTotalAmt": cents(whole["TotalAmt"] * rate), "HomeBalance": cents(whole["Balance"] * rate)}
    return {**whole, "ExchangeRate": rate, **homes}


def voided(invoice: Record) -> Record:
    """The same invoice with every amount 0. What was applied to it has to be released first."""
    lines = []
    for line in invoice["Line"]:
        kept = {**line, "Amount": ZERO} if "Amount" in line else line
        if detail := line.get("SalesItemLineDetail"):
            kept = {**kept, "SalesItemLineDetail": {**detail, "UnitPrice": ZERO, "Qty": Decimal(0)}}
        lines.append(kept)
    tax = {"TotalTax": ZERO}
    nothing = {"TotalAmt": ZERO, "Balance": ZERO, "TxnTaxDetail": tax, "Line": lines, "LinkedTxn": []}
    return {**invoice, **nothing, "PrivateNote": "Voided"}
