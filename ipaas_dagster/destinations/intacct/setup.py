"""Whether the company has what the templates name as constants: accounts, locations, departments, terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipaas_dagster.destinations.base import Shape, Unreachable
from ipaas_dagster.destinations.intacct.api import Api
from ipaas_dagster.destinations.intacct.preset import Company

_NAMED = {
    "glaccountno": ("GLACCOUNT", "ACCOUNTNO"),
    "offsetglaccountno": ("GLACCOUNT", "ACCOUNTNO"),
    "undepfundsacct": ("GLACCOUNT", "ACCOUNTNO"),
    "accountlabel": ("ARACCOUNTLABEL", "ACCOUNTLABEL"),
    "locationid": ("LOCATION", "LOCATIONID"),
    "departmentid": ("DEPARTMENT", "DEPARTMENTID"),
    "termname": ("ARTERM", "NAME"),
    "bankaccountid": ("CHECKINGACCOUNT", "BANKACCOUNTID"),
}
"""The last part of a field's name -> the object that it names one of, and by which field."""


def check(api: Api, company: Company, shapes: Iterable[Shape]) -> str:
    """A sentence on what is ready. Raises Unreachable with everything that is missing."""
    api.sign_in()
    wanted = _wanted(shapes)
    missing = [words for (object_, field), keys in wanted.items() for words in _missing(api, object_, field, keys)]
    if missing:
        raise Unreachable(f"{company.system}: {'; '.join(missing)} (the templates name them)")
    named = ", ".join(f"{object_} {', '.join(sorted(keys))}" for (object_, _), keys in wanted.items())
    where = f", location {company.location_id}" if company.location_id else ""
    return f"company {company.company_id}{where}; " + (f"there: {named}" if named else "no accounts are named")


def _wanted(shapes: Iterable[Shape]) -> dict[tuple[str, str], set[str]]:
    wanted: dict[tuple[str, str], set[str]] = {}
    for shape in shapes:
        for name, value in shape.constants.items():
            named = _NAMED.get(name.rpartition(".")[2])
            if named is not None and value not in (None, ""):
                wanted.setdefault(named, set()).add(str(value))
    return wanted


def _missing(api: Api, object_: str, field: str, keys: set[str]) -> Iterator[str]:
    records = api.find(object_, (field, "STATUS"), {field: keys})
    active = {record[field]: record.get("STATUS", "active") == "active" for record in records}
    for key in sorted(keys):
        if not active.get(key):
            yield f"{object_} {key} is not active" if key in active else f"there is no {object_} {key}"
