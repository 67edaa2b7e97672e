"""Reading the object-specific functions: lower case, in the order of the schema, dates in three parts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import Value, money
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.references import currency_rate, refer
from ipaas_dagster.sandbox.intacct.refusals import Invalid
from ipaas_dagster.sandbox.intacct.schema import Element


def date_of(function: Element, name: str) -> date | None:
    """None if it is not given. Raises Invalid for a day that there is not."""
    given = function.find(name)
    if given is None:
        return None
    parts = [text_of(given, part) for part in ("year", "month", "day")]
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        raise Invalid(f"The date {'-'.join(parts)} of {name} is not valid.") from None


def amount_of(text: str, label: str) -> Decimal:
    """Raises Invalid for what is not an amount of whole cents."""
    try:
        return money(text)
    except ValueError as problem:
        raise Invalid(f"Invalid {label}: {problem}.") from None


def referred(job: Job, function: Element, name: str, kind: str) -> str:
    """The key that a child gives; empty if it gives none. Raises Invalid for one that there is not."""
    key = text_of(function, name)
    if key:
        refer(job.company, kind, key)
    return key


def currency_of(job: Job, function: Element) -> dict[str, Value]:
    """CURRENCY, BASECURR and EXCHANGE_RATE: as given, or of the day, or 1 for the company's own."""
    base = job.settings.base_currency
    if (text_of(function, "basecurr") or base) != base:
        raise Invalid(f"Invalid base currency '{text_of(function, 'basecurr')}' specified.")
    code = text_of(function, "currency") or base
    rate = Decimal(currency_rate(job.settings.currencies, code))
    if given := text_of(function, "exchrate"):
        try:
            rate = Decimal(given)
        except ArithmeticError:
            rate = Decimal(0)
        if not rate.is_finite() or rate <= 0:
            raise Invalid(f"Invalid exchange rate '{given}'.")
    return {"CURRENCY": code, "BASECURR": base, "EXCHANGE_RATE": rate}


def custom_of(job: Job, function: Element, name: str) -> dict[str, Value]:
    """The custom fields of an object. Raises Invalid for one that the company does not have."""
    fields: dict[str, Value] = {}
    for one in function.iterfind("customfields/customfield"):
        custom = text_of(one, "customfieldname")
        if f"{name}.{custom}" in job.settings.custom_fields:
            fields[custom] = one.findtext("customfieldvalue") or ""
        elif job.settings.unknown_fields == "refuse":
            raise Invalid(f"Field '{custom}' is not defined for the object {name}.")
    return fields
