"""An AR invoice as create_invoice and update_invoice take it: strict order, dates in three parts, lines by position.

Words of a template that are no elements of Intacct:
    total                    compared with what Intacct adds up, not sent
    net, tax, discount       objects with `amount` and the fields of a line: tax and discount become lines of their
                             own (the discount below zero), net is the line of an invoice that has none
    invoiceitems.price, invoiceitems.quantity        the amount of a line that names none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ipaas_dagster.destinations.intacct.markup import Element, Refused, element, leaf
from ipaas_dagster.destinations.intacct.preset import Company
from ipaas_dagster.destinations.intacct.sequences import (
    CHANGED_LINE,
    CREATE_INVOICE,
    CUSTOM,
    LINE,
    UPDATE_INVOICE,
    custom_fields,
    in_order,
    money_fields,
    split,
)

OWN = frozenset(("total", "net", "tax", "discount", "invoiceitems"))
_EMPTIED = frozenset(("ponumber", "description", "supdocid"))
"""Texts of an invoice that an update empties; the other elements cannot be empty."""
_PARTIES = ("billto", "shipto")
_RENAMED = {"billto": "payto", "shipto": "returnto"}
_DIMENSIONS = ("memo", "locationid", "departmentid", "itemid", "projectid", "classid", "contractid")
Fields = Mapping[str, Any]
Line = dict[str, Any]


def created(company: Company, payload: Fields, today: date) -> Element:
    """An invoice without a day is of today; one without a day due and a term is due at once. Raises Refused."""
    fields = {name: value for name, value in _header(company, payload).items() if value is not None}
    fields.setdefault("datecreated", today)
    if "datedue" not in fields and "termname" not in fields:
        fields["datedue"] = fields["datecreated"]
    lines = [element("lineitem", *in_order(LINE, _with_custom(line))) for line in lines_of(payload)]
    known, custom = split(fields, CREATE_INVOICE)
    return element("create_invoice", *in_order(CREATE_INVOICE, known), *_own(custom), element("invoiceitems", *lines))


def updated(company: Company, payload: Fields, number: str, there: int, *, keep: Sequence[str] = ()) -> Element:
    """`there` is how many lines the invoice has. Lines cannot be taken away, so those that are too many come to
    nothing. `keep` are fields that stay as they are. Raises Refused."""
    header = {name: value for name, value in _header(company, payload, _RENAMED).items() if name not in keep}
    fields = {name: value for name, value in header.items() if value is not None or name in _EMPTIED}
    known, custom = split(fields, (*UPDATE_INVOICE, *CREATE_INVOICE))
    lines = element("updateinvoiceitems", *_changed_lines(lines_of(payload), there))
    return element("update_invoice", *in_order(UPDATE_INVOICE, known), *_own(custom), lines, key=number)


def removed(number: str, *, how: str, today: date) -> Element:
    if how == "reverse":
        return element("reverse_invoice", *in_order(("datereversed",), {"datereversed": today}), key=number)
    return element("delete_invoice", key=number)


def lines_of(payload: Fields) -> list[Line]:
    """In their order, each with its amount. Raises Refused."""
    given = [_line(f"invoiceitems {place}", line) for place, line in enumerate(payload.get("invoiceitems") or (), 1)]
    if not given and _amount(payload.get("net")) is not None:
        given = [_line("net", payload["net"])]
    if _amount(payload.get("tax")):
        given.append(_line("tax", payload["tax"]))
    if discount := _amount(payload.get("discount")):
        given.append({**_line("discount", payload["discount"]), "amount": -discount})
    if not given:
        raise Refused("invoiceitems", "an invoice needs a line, and this one has neither lines nor a net amount")
    return given


def expected_total(payload: Fields | None) -> Decimal | None:
    """What the hub says that the invoice comes to."""
    return decimal(payload.get("total")) if payload else None


def decimal(value: Any) -> Decimal | None:
    """Exact; payloads that were read back without their template hold amounts as text."""
    return None if value is None or value == "" else Decimal(value)


def _header(company: Company, payload: Fields, renamed: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """What stands beside the lines; an update calls the contacts by other names."""
    fields: dict[str, Any] = {}
    for name, value in payload.items():
        if name in _PARTIES:
            contact = value.get("contactname") if isinstance(value, Mapping) else None
            party = renamed.get(name, name)
            fields[party] = None if contact is None else element(party, leaf("contactname", contact))
        elif name not in OWN:
            fields[name] = value
    return money_fields(company, fields)


def _line(where: str, given: Fields) -> Line:
    line = {name: value for name, value in given.items() if name not in ("price", "quantity")}
    amount = decimal(line.get("amount"))
    if amount is None and (price := decimal(given.get("price"))) is not None:
        quantity = decimal(given.get("quantity"))
        amount = price * (Decimal(1) if quantity is None else quantity)
    if amount is None:
        raise Refused(where, "has neither an amount nor a price")
    if not line.get("accountlabel") and not line.get("glaccountno"):
        raise Refused(where, "has no glaccountno: name the account to book to in the template")
    return {**line, "amount": amount}


def _amount(group: Any) -> Decimal | None:
    return decimal(group.get("amount")) if isinstance(group, Mapping) else None


def _with_custom(line: Line, *, empty: bool = False) -> Line:
    known, custom = split({n: v for n, v in line.items() if v is not None or (empty and n in _DIMENSIONS)}, LINE)
    made = custom_fields(custom)
    return known if made is None else {**known, CUSTOM: made}


def _changed_lines(lines: Sequence[Line], there: int) -> list[Element]:
    named = [name for name in _DIMENSIONS if any(name in line for line in lines)]
    made = []
    for place, line in enumerate(lines, 1):
        whole = _with_custom({**dict.fromkeys(named), **line}, empty=place <= there)
        if place <= there:
            made.append(element("updatelineitem", *in_order(CHANGED_LINE, whole), line_num=str(place)))
        else:
            made.append(element("lineitem", *in_order(LINE, whole)))
    nothing = {"amount": Decimal("0.00"), "memo": "no longer part of this invoice"}
    for place in range(len(lines) + 1, there + 1):
        made.append(element("updatelineitem", *in_order(CHANGED_LINE, nothing), line_num=str(place)))
    return made


def _own(custom: Fields) -> list[Element]:
    made = custom_fields(custom)
    return [] if made is None else [made]
