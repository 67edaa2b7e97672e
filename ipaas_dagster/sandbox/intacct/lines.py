"""Lines of invoices: an account or its label, an amount, and the dimensions, all of which must be there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from ipaas_dagster.sandbox.intacct.company import number_of
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import CENT, Record, Value, show
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.legacy import amount_of, custom_of, referred
from ipaas_dagster.sandbox.intacct.references import needed, refer, required_dimensions
from ipaas_dagster.sandbox.intacct.schema import Element

_DIMENSIONS: Mapping[str, str] = {
    "locationid": "LOCATION",
    "departmentid": "DEPARTMENT",
    "projectid": "PROJECT",
    "customerid": "CUSTOMER",
    "vendorid": "VENDOR",
    "employeeid": "EMPLOYEE",
    "itemid": "ITEM",
    "classid": "CLASS",
    "contractid": "CONTRACT",
    "warehouseid": "WAREHOUSE",
}


def new_line(job: Job, given: Element) -> dict[str, Value]:
    """A line without its invoice. Raises Invalid."""
    return _priced({**_account(job, given), **_rest(job, given)}, amount_of(text_of(given, "amount"), "amount"), job)


def changed_line(job: Job, line: Record, given: Element) -> dict[str, Value]:
    """A line with what an update says of it. Raises Invalid."""
    account = _account(job, given) if given[:1] and given[0].tag in ("accountlabel", "glaccountno") else {}
    text = text_of(given, "amount")
    amount = amount_of(text, "amount") if text else Decimal(show(line["TRX_AMOUNT"]))
    return _priced({**line, **account, **_rest(job, given)}, amount, job)


def in_base(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount * rate).quantize(CENT, ROUND_HALF_UP)


def lines_of(job: Job, invoice: Record) -> list[Record]:
    return job.shelf("ARINVOICEITEM").find(RECORDKEY=number_of(invoice))


def store_lines(job: Job, invoice: Record, lines: list[dict[str, Value]]) -> None:
    """Generic reading numbers lines from 0, though update_invoice counts from 1."""
    rate = Decimal(show(invoice["EXCHANGE_RATE"]))
    for position, line in enumerate(lines):
        amount = Decimal(show(line["TRX_AMOUNT"]))
        whole: Record = {
            **line,
            "RECORDKEY": number_of(invoice),
            "LINE_NO": position,
            "AMOUNT": in_base(amount, rate),
        }
        if "RECORDNO" in line:
            job.put("ARINVOICEITEM", whole)
        else:
            job.add("ARINVOICEITEM", whole)


def _account(job: Job, given: Element) -> dict[str, Value]:
    if label := text_of(given, "accountlabel"):
        account = refer(job.company, "ARACCOUNTLABEL", label)["GLACCOUNTNO"]
        return {"ACCOUNTLABEL": label, "ACCOUNTNO": account}
    number = needed(text_of(given, "glaccountno"), "GL Account")
    refer(job.company, "GLACCOUNT", number)
    return {"ACCOUNTLABEL": "", "ACCOUNTNO": number}


def _rest(job: Job, given: Element) -> dict[str, Value]:
    """What is given besides account and amount."""
    rest: dict[str, Value] = {}
    for name, kind in _DIMENSIONS.items():
        if given.find(name) is not None:
            rest[name.upper()] = referred(job, given, name, kind)
    if given.find("memo") is not None:
        rest["ENTRYDESCRIPTION"] = given.findtext("memo") or ""
    if offset := referred(job, given, "offsetglaccountno", "GLACCOUNT"):
        rest["OFFSETGLACCOUNTNO"] = offset
    return {**rest, **custom_of(job, given, "ARINVOICEITEM")}


def _priced(line: dict[str, Value], amount: Decimal, job: Job) -> dict[str, Value]:
    required_dimensions(refer(job.company, "GLACCOUNT", show(line["ACCOUNTNO"])), line)
    return {**line, "TRX_AMOUNT": amount, "TOTALPAID": Decimal("0.00"), "TOTALDUE": amount}
