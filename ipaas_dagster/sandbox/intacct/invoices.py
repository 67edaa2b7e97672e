"""create_invoice, update_invoice, delete_invoice, reverse_invoice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from ipaas_dagster.sandbox.intacct.answers import element
from ipaas_dagster.sandbox.intacct.company import number_of
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import Record, Value, show
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.legacy import currency_of, custom_of, date_of, referred
from ipaas_dagster.sandbox.intacct.lines import changed_line, in_base, lines_of, new_line, store_lines
from ipaas_dagster.sandbox.intacct.references import needed, refer
from ipaas_dagster.sandbox.intacct.refusals import Invalid, transaction_refused
from ipaas_dagster.sandbox.intacct.schema import Element

ACTIONS = {"": "Posted", "Submit": "Posted", "Draft": "Draft"}
RAW_STATES = {"Draft": "D", "Posted": "A", "Partially Paid": "P", "Paid": "C", "Reversed": "V"}
_NOTHING = Decimal("0.00")
_TEXTS = {"ponumber": "DOCNUMBER", "description": "DESCRIPTION", "supdocid": "SUPDOCID"}
_PARTIES = {"billto": "BILLTOPAYTOCONTACTNAME", "payto": "BILLTOPAYTOCONTACTNAME"} | {
    "shipto": "SHIPTORETURNTOCONTACTNAME",
    "returnto": "SHIPTORETURNTOCONTACTNAME",
}


def create_invoice(job: Job, function: Element) -> str:
    try:
        invoice = _created(job, function)
    except Invalid as problem:
        raise transaction_refused("create", "invoice", str(problem)) from None
    job.wrote("ARINVOICE")
    return element("key", show(invoice["RECORDNO"]))


def update_invoice(job: Job, function: Element) -> str:
    try:
        invoice = _updated(job, _meant(job, function), function)
    except Invalid as problem:
        raise transaction_refused("update", "invoice", str(problem)) from None
    job.wrote("ARINVOICE")
    return element("key", show(invoice["RECORDNO"]))


def delete_invoice(job: Job, function: Element) -> str:
    try:
        remove_invoice(job, _meant(job, function))
    except Invalid as problem:
        raise transaction_refused("delete", "invoice", str(problem)) from None
    job.wrote("ARINVOICE")
    return ""


def reverse_invoice(job: Job, function: Element) -> str:
    try:
        invoice = _meant(job, function)
        if invoice["STATE"] not in ("Posted", "Paid") or invoice["TRX_TOTALPAID"] != _NOTHING:
            raise Invalid(f"The invoice {_called(invoice)} cannot be reversed in the state {show(invoice['STATE'])}.")
        when = date_of(function, "datereversed") or job.now.date()
        nothing = dict.fromkeys(("TOTALDUE", "TRX_TOTALDUE"), _NOTHING)
        job.put("ARINVOICE", {**invoice, **nothing, **state("Reversed"), "REVERSEDDATE": when})
    except Invalid as problem:
        raise transaction_refused("reverse", "invoice", str(problem)) from None
    job.wrote("ARINVOICE")
    return element("key", show(invoice["RECORDNO"]))


def remove_invoice(job: Job, invoice: Record) -> None:
    """Raises Invalid for an invoice with payments."""
    if invoice["TRX_TOTALPAID"] != _NOTHING:
        raise Invalid(f"The invoice {_called(invoice)} cannot be deleted because payments are applied to it.")
    for line in lines_of(job, invoice):
        job.company.remove("ARINVOICEITEM", number_of(line))
    job.company.remove("ARINVOICE", number_of(invoice))


def state(name: str) -> dict[str, Value]:
    return {"STATE": name, "RAWSTATE": RAW_STATES[name]}


def state_of(paid: Decimal, due: Decimal) -> str:
    """What a posted invoice is called with that much paid and due."""
    if due == 0:
        return "Paid"
    return "Partially Paid" if paid else "Posted"


def _called(invoice: Record) -> str:
    return f"'{show(invoice['RECORDID'])}'"


def _meant(job: Job, function: Element) -> Record:
    """The invoice of the attribute `key`: its record number, or with externalkey its external id."""
    key, shelf = function.get("key"), job.shelf("ARINVOICE")
    if function.get("externalkey") == "true":
        found = shelf.find(EXTERNALID=key)
    else:
        found = [one] if key.isascii() and key.isdigit() and (one := shelf.get(int(key))) else []
    if not found:
        raise Invalid(f"Cannot find invoice with key '{key}'.")
    return found[0]


def _created(job: Job, function: Element) -> Record:
    customer = _customer(job, needed(text_of(function, "customerid"), "Customer ID"))
    action = text_of(function, "action")
    if action not in ACTIONS:
        raise Invalid(f"Invalid action '{action}' specified.")
    lines = [new_line(job, line) for line in function.find("invoiceitems")]
    fields: dict[str, Value] = {
        "CUSTOMERID": customer["CUSTOMERID"],
        "CUSTOMERNAME": customer["NAME"],
        **currency_of(job, function),
        **_dates(job, function, customer),
        **_header(job, function),
        "RECORDID": _number(job, function, customer),
        "EXTERNALID": _external(job, function),
        "PRBATCHKEY": _batch(job, function),
        "NOGL": text_of(function, "nogl") or "false",
    }
    whole = _with_totals(fields, lines, ACTIONS[action])
    invoice = job.add("ARINVOICE", whole)
    store_lines(job, invoice, lines)
    return invoice


def _customer(job: Job, key: str) -> Record:
    found = job.shelf("CUSTOMER").by_key(key)
    if found is None:
        raise Invalid(f"Invalid Customer '{key}' specified.")
    return refer(job.company, "CUSTOMER", key)


def _dates(job: Job, function: Element, customer: Record) -> dict[str, Value]:
    """Created and posted; due as given, or by the term of the invoice or else of the customer."""
    created = date_of(function, "datecreated") or job.now.date()
    term = referred(job, function, "termname", "ARTERM") or show(customer.get("TERMNAME"))
    due = date_of(function, "datedue") or (_due(job, term, created) if term else None)
    if due is None:
        raise Invalid("Required field Date Due is missing")
    posted = date_of(function, "dateposted") or created
    return {"WHENCREATED": created, "WHENPOSTED": posted, "WHENDUE": due, "TERMNAME": term}


def _due(job: Job, term: str, created: date) -> date:
    return created + timedelta(days=int(show(refer(job.company, "ARTERM", term)["DUE_DAYS"])))


def _header(job: Job, function: Element) -> dict[str, Value]:
    """Texts, contacts and custom fields, as far as they are given."""
    fields: dict[str, Value] = {}
    for name, field in _TEXTS.items():
        if (text := function.findtext(name)) is not None:
            fields[field] = text
    for name, field in _PARTIES.items():
        party = function.find(name)
        if party is not None:
            fields[field] = _party(job, party[0])
    return {**fields, **custom_of(job, function, "ARINVOICE")}


def _party(job: Job, given: Element) -> str:
    """A contact by name; or a whole one, which is created with the invoice."""
    if given.tag == "contactname":
        name = (given.text or "").strip()
        refer(job.company, "CONTACT", name)
        return name
    name = needed(text_of(given, "contactname"), "Contact name")
    if job.shelf("CONTACT").by_key(name):
        raise Invalid(f"Another Contact with the given value(s) {name}  already exists")
    fields = {child.tag.upper(): child.text or "" for child in given if not len(child)}
    address = {f"MAILADDRESS.{part.tag.upper()}": part.text or "" for part in given.iterfind("mailaddress/*")}
    job.add("CONTACT", {"STATUS": "active", **fields, **address})
    return name


def _number(job: Job, function: Element, customer: Record, own: int | None = None) -> str:
    """The invoice number, if it is free; the next of the company's if none is given."""
    number = text_of(function, "invoiceno")
    if not number:
        if not job.settings.number_invoices:
            raise Invalid("Enter an Invoice number, and try again.")
        return job.company.next_text("INV-AUTO-")
    scope = job.settings.unique_invoice_numbers
    for other in job.shelf("ARINVOICE").find(RECORDID=number) if scope != "no" else ():
        theirs = scope == "customer" and other["CUSTOMERID"] != customer["CUSTOMERID"]
        if number_of(other) != own and not theirs:
            raise Invalid(f"Another Invoice with the given value(s) {number}  already exists")
    return number


def _external(job: Job, function: Element) -> str:
    external = text_of(function, "externalid")
    if external and job.shelf("ARINVOICE").find(EXTERNALID=external):
        raise Invalid(f"Another Invoice with the external id {external}  already exists")
    return external


def _batch(job: Job, function: Element) -> str:
    """The summary by its record number."""
    key = text_of(function, "batchkey")
    if key and not (key.isascii() and key.isdigit() and job.shelf("ARINVOICEBATCH").get(int(key))):
        raise Invalid(f"Invalid Invoice Summary '{key}' specified.")
    return key


def _with_totals(fields: Mapping[str, Value], lines: list[dict[str, Value]], name: str) -> dict[str, Value]:
    rate = Decimal(show(fields["EXCHANGE_RATE"]))
    amounts = [Decimal(show(line["TRX_AMOUNT"])) for line in lines]
    trx, base = sum(amounts, _NOTHING), sum((in_base(amount, rate) for amount in amounts), _NOTHING)
    totals: dict[str, Value] = {"TRX_TOTALENTERED": trx, "TRX_TOTALPAID": _NOTHING, "TRX_TOTALDUE": trx}
    totals |= {"TOTALENTERED": base, "TOTALPAID": _NOTHING, "TOTALDUE": base}
    return {**fields, **totals, **state(state_of(_NOTHING, trx) if name == "Posted" else name)}


def _updated(job: Job, invoice: Record, function: Element) -> Record:
    if invoice["STATE"] == "Reversed":
        raise Invalid(f"The invoice {_called(invoice)} is reversed and cannot be updated.")
    paid = invoice["TRX_TOTALPAID"] != _NOTHING
    touched = {child.tag for child in function} & _POSTED
    if paid and touched:
        named = ", ".join(sorted(touched))
        raise Invalid(f"The invoice {_called(invoice)} has payments: {named} cannot be updated.")
    whole = {**invoice, **_changes(job, invoice, function)}
    if not paid:
        lines = _changed_lines(job, invoice, function)
        action = text_of(function, "action")
        if action not in ACTIONS:
            raise Invalid(f"Invalid action '{action}' specified.")
        whole = _with_totals(whole, lines, ACTIONS[action] if action else _unpaid(invoice))
        store_lines(job, whole, lines)
    return job.put("ARINVOICE", whole)


_POSTED = frozenset(["customerid", "datecreated", "dateposted", "currency", "action", "updateinvoiceitems"])
"""What stands in the ledger: payments forbid to change it."""


def _unpaid(invoice: Record) -> str:
    return "Draft" if invoice["STATE"] == "Draft" else "Posted"


def _changes(job: Job, invoice: Record, function: Element) -> dict[str, Value]:
    changes = _header(job, function)
    customer = _customer(job, text_of(function, "customerid") or show(invoice["CUSTOMERID"]))
    changes |= {"CUSTOMERID": customer["CUSTOMERID"], "CUSTOMERNAME": customer["NAME"]}
    if function.find("currency") is not None:
        changes |= currency_of(job, function)
    if text_of(function, "invoiceno"):
        changes["RECORDID"] = _number(job, function, customer, own=number_of(invoice))
    days = {"datecreated": "WHENCREATED", "dateposted": "WHENPOSTED", "datedue": "WHENDUE"}
    for name, field in days.items():
        if (when := date_of(function, name)) is not None:
            changes[field] = when
    if term := referred(job, function, "termname", "ARTERM"):
        changes["TERMNAME"] = term
    return changes


def _changed_lines(job: Job, invoice: Record, function: Element) -> list[dict[str, Value]]:
    """All lines as they will be. updatelineitem counts from 1; a lineitem is added behind the others."""
    lines: list[dict[str, Value]] = [dict(line) for line in lines_of(job, invoice)]
    existing = len(lines)
    for given in function.iterfind("updateinvoiceitems/*"):
        if given.tag == "lineitem":
            lines.append(new_line(job, given))
            continue
        number = given.get("line_num")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= existing):
            raise Invalid(f"The invoice {_called(invoice)} has no line {number}.")
        lines[int(number) - 1] = changed_line(job, lines[int(number) - 1], given)
    return lines
