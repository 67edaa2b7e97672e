"""The order of elements in the functions that insist on one (the official api.xsd), and what of them is ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ipaas_dagster.destinations.intacct.markup import Element, Refused, day, element, leaf
from ipaas_dagster.destinations.intacct.preset import Company

_RATE = "currency exchratedate exchratetype exchrate"
CREATE_INVOICE = (
    "customerid datecreated dateposted datedue termname batchkey action invoiceno ponumber description externalid "
    f"billto shipto basecurr {_RATE} nogl supdocid"
).split()
UPDATE_INVOICE = (
    "customerid datecreated dateposted datedue termname action invoiceno ponumber description payto returnto "
    f"{_RATE} supdocid"
).split()
CUSTOM = "customfields"
_DIMENSIONS = (
    f"{CUSTOM} revrectemplate defrevaccount revrecstartdate revrecenddate projectid customerid vendorid employeeid "
    "itemid classid contractid warehouseid billable"
)
LINE = (
    "accountlabel glaccountno offsetglaccountno amount allocationid memo locationid departmentid item1099 "
    f"form1099type form1099box key totalpaid totaldue {_DIMENSIONS}"
).split()
CHANGED_LINE = (
    "accountlabel glaccountno offsetglaccountno amount memo locationid departmentid item1099 form1099type form1099box "
    f"{_DIMENSIONS}"
).split()
CREATE_PAYMENT = (
    "customerid paymentamount translatedamount batchkey bankaccountid undepfundsacct refid overpaylocid overpaydeptid "
    f"datereceived paymentmethod basecurr {_RATE} cctype authcode"
).split()

DATES = frozenset(
    (
        *("datecreated", "dateposted", "datedue", "datereversed", "datereceived"),
        *("exchratedate", "revrecstartdate", "revrecenddate"),
    )
)
DAILY_RATE = "Intacct Daily Rate"


def in_order(order: Sequence[str], fields: Mapping[str, Any]) -> list[Element]:
    """The fields that are there, as elements in their order; an element that is made already stands as it is."""
    return [_element(name, fields[name]) for name in order if name in fields]


def _element(name: str, value: Any) -> Element:
    if name in DATES:
        return day(name, value)
    return value if hasattr(value, "tag") else leaf(name, value)


def custom_fields(fields: Mapping[str, Any]) -> Element | None:
    """Fields of the company's own; None where there are none."""
    if not fields:
        return None
    made = [
        element("customfield", leaf("customfieldname", name), leaf("customfieldvalue", value))
        for name, value in fields.items()
    ]
    return element(CUSTOM, *made)


def split(fields: Mapping[str, Any], known: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the function has an element for, and what is the company's own."""
    names = frozenset(known)
    mine = {name: value for name, value in fields.items() if name in names}
    return mine, {name: value for name, value in fields.items() if name not in names}


def money_fields(company: Company, fields: dict[str, Any]) -> dict[str, Any]:
    """With currency and rate where the company uses several currencies; else it must be the books' own, and none is
    named. Raises Refused."""
    code = fields.get("currency")
    if company.multicurrency:
        if code and not fields.get("exchrate") and not fields.get("exchratetype"):
            fields = {**fields, "exchratetype": DAILY_RATE}
        return fields
    if code and code != company.base_currency:
        only = f"this company keeps its books in {company.base_currency} only"
        raise Refused("currency", f"{code} cannot be booked: {only} (the preset's field multicurrency)")
    named = ("basecurr", "currency", "exchratedate", "exchratetype", "exchrate")
    return {name: value for name, value in fields.items() if name not in named}
