"""References by key: what they name must be there and be active; else the vendor's sentence, one per object."""

from __future__ import annotations

from collections.abc import Mapping

from ipaas_dagster.sandbox.intacct.company import Company
from ipaas_dagster.sandbox.intacct.fields import Record, show
from ipaas_dagster.sandbox.intacct.refusals import Invalid

_SENTENCES: Mapping[str, str] = {
    "CUSTOMER": "Customer '{0}' specified is not valid.",
    "VENDOR": "Vendor '{0}' specified is not valid.",
    "DEPARTMENT": "The department '{0}' is invalid.",
    "LOCATION": "The location '{0}' is invalid.",
    "EMPLOYEE": "The employee '{0}' is invalid.",
    "PROJECT": "Invalid Project '{0}' specified.",
    "GLACCOUNT": "Account {0} is not valid",
    "ITEM": "Item '{0}' specified is not valid.",
}
_OTHERS = "Invalid {1} '{0}' specified."


def refer(company: Company, name: str, key: str) -> Record:
    """The record of that object and key. Raises Invalid."""
    found = company[name].by_key(key)
    if found is None:
        raise Invalid(_SENTENCES.get(name, _OTHERS).format(key, company[name].kind.title))
    if found.get("STATUS") == "inactive":
        raise Invalid(f"Activate the {company[name].kind.title.lower()} {key}, then try again.")
    return found


def currency_rate(currencies: tuple[str, ...], code: str) -> str:
    """The rate of a currency into the company's own, as configured. Raises Invalid."""
    rates = dict(one.split(":") for one in currencies)
    if code not in rates:
        raise Invalid(f"Invalid Currency '{code}' specified.")
    return rates[code]


def needed(value: str, label: str) -> str:
    """Raises Invalid for an empty value."""
    if not value:
        raise Invalid(f"Required field {label} is missing")
    return value


def required_dimensions(account: Record, line: Record) -> None:
    """An account may ask for a location or a department. Raises Invalid naming the first that is missing."""
    for dimension in filter(None, show(account.get("REQUIRES")).split(",")):
        if not line.get(f"{dimension.upper()}ID"):
            number = show(account["ACCOUNTNO"])
            raise Invalid(f"This transaction is missing the {dimension} dimension for the Account {number}")
