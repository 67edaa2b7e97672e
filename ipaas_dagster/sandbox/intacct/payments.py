"""create_arpayment, apply_arpayment, reverse_arpayment. What they make is an ARPYMT, as in newer companies."""

from __future__ import annotations

from decimal import Decimal

from ipaas_dagster.sandbox.intacct.answers import element
from ipaas_dagster.sandbox.intacct.applying import Part, apply, parts_of, take_back
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import Record, Value, show
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.legacy import amount_of, currency_of, date_of, referred
from ipaas_dagster.sandbox.intacct.lines import in_base
from ipaas_dagster.sandbox.intacct.references import needed, refer
from ipaas_dagster.sandbox.intacct.refusals import Invalid, transaction_refused
from ipaas_dagster.sandbox.intacct.schema import Element

METHODS = ("Printed Check", "Cash", "EFT", "Credit Card", "Record Transfer", "Online Charge Card", "Online ACH Debit")
UNDEPOSITED = "1099"
_NOTHING = Decimal("0.00")


def create_arpayment(job: Job, function: Element) -> str:
    try:
        payment = _created(job, function)
    except Invalid as problem:
        raise transaction_refused("create", "arpayment", str(problem)) from None
    job.wrote("ARPYMT")
    return element("key", show(payment["RECORDNO"]))


def apply_arpayment(job: Job, function: Element) -> str:
    """What is not applied yet goes to invoices."""
    try:
        payment = _meant(job, text_of(function, "arpaymentkey"))
        when = date_of(function, "paymentdate") or job.now.date()
        parts = parts_of(function.findall("arpaymentitems/arpaymentitem"))
        _over(job, function)
        apply(job, payment, parts, when)
        _set_applied(job, payment, parts)
    except Invalid as problem:
        raise transaction_refused("apply", "arpayment", str(problem)) from None
    job.wrote("ARPYMT")
    return element("key", show(payment["RECORDNO"]))


def reverse_arpayment(job: Job, function: Element) -> str:
    try:
        payment = _meant(job, function.get("key"))
        when = date_of(function, "datereversed") or job.now.date()
        take_back(job, payment)
        reversed_fields: dict[str, Value] = {"STATE": "Reversed", "REVERSEDDATE": when}
        reversed_fields |= {"TRX_TOTALDUE": _NOTHING, "TOTALDUE": _NOTHING}
        job.put("ARPYMT", {**payment, **reversed_fields})
    except Invalid as problem:
        raise transaction_refused("reverse", "arpayment", str(problem)) from None
    job.wrote("ARPYMT")
    return element("key", show(payment["RECORDNO"]))


def _created(job: Job, function: Element) -> Record:
    customer = refer(job.company, "CUSTOMER", needed(text_of(function, "customerid"), "Customer ID"))
    amount = amount_of(text_of(function, "paymentamount"), "payment amount")
    if amount <= 0:
        raise Invalid("The payment amount must be above zero.")
    currency = currency_of(job, function)
    received = date_of(function, "datereceived") or job.now.date()
    fields: dict[str, Value] = {
        "CUSTOMERID": customer["CUSTOMERID"],
        "CUSTOMERNAME": customer["NAME"],
        "DOCNUMBER": text_of(function, "refid"),
        "PAYMENTMETHOD": _method(function),
        "RECEIPTDATE": received,
        "PAYMENTDATE": received,
        "AUTHCODE": text_of(function, "authcode"),
        **currency,
        **_account(job, function),
        **_over(job, function),
        "TRX_TOTALENTERED": amount,
        "TOTALENTERED": in_base(amount, Decimal(show(currency["EXCHANGE_RATE"]))),
        "STATE": "Complete",
    }
    payment = job.add("ARPYMT", fields)
    parts = parts_of(function.findall("arpaymentitem"))
    apply(job, payment, parts, received)
    return _set_applied(job, payment, parts)


def _set_applied(job: Job, payment: Record, parts: list[Part]) -> Record:
    """What is left of a payment, after these parts. Raises Invalid if they are more than there was."""
    entered = Decimal(show(payment["TRX_TOTALENTERED"]))
    before = Decimal(show(payment.get("TRX_TOTALPAID")) or "0")
    paid = sum((part.amount for part in parts), before + _NOTHING)
    if paid > entered:
        raise Invalid(f"The amounts for invoices, {paid} in all, are more than the payment of {entered}.")
    rate = Decimal(show(payment["EXCHANGE_RATE"]))
    base, total = in_base(paid, rate), Decimal(show(payment["TOTALENTERED"]))
    totals: dict[str, Value] = {"TRX_TOTALPAID": paid, "TRX_TOTALDUE": entered - paid}
    totals |= {"TOTALPAID": base, "TOTALDUE": total - base}
    return job.put("ARPYMT", {**payment, **totals})


def _meant(job: Job, key: str) -> Record:
    found = job.shelf("ARPYMT").get(int(key)) if key.isascii() and key.isdigit() else None
    if found is None:
        raise Invalid(f"Cannot find arpayment with key '{key}'.")
    if found["STATE"] == "Reversed":
        raise Invalid(f"The payment '{key}' is reversed.")
    return found


def _method(function: Element) -> str:
    method = text_of(function, "paymentmethod") or METHODS[0]
    if method not in METHODS:
        raise Invalid(f"Invalid payment method '{method}' specified.")
    if function.find("onlinecardpayment") is not None or function.find("onlineachpayment") is not None:
        raise Invalid("Online payments are not enabled in this company.")
    return method


def _account(job: Job, function: Element) -> dict[str, Value]:
    """Where the money is: a bank account, an account of undeposited funds, else the company's."""
    if bank := referred(job, function, "bankaccountid", "CHECKINGACCOUNT"):
        return {"FINANCIALENTITY": bank}
    if key := text_of(function, "batchkey"):
        raise Invalid(f"Invalid Payment Summary '{key}' specified.")
    return {"UNDEPOSITEDACCOUNTNO": referred(job, function, "undepfundsacct", "GLACCOUNT") or UNDEPOSITED}


def _over(job: Job, function: Element) -> dict[str, Value]:
    return {
        "OVERPAYMENTLOCATIONID": referred(job, function, "overpaylocid", "LOCATION"),
        "OVERPAYMENTDEPARTMENTID": referred(job, function, "overpaydeptid", "DEPARTMENT"),
    }
