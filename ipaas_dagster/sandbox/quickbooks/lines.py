"""The lines of an invoice: what each is worth, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.money import ZERO, amount, cents, number
from ipaas_dagster.sandbox.quickbooks.problems import Problem, missing, too_long, unsupported
from ipaas_dagster.sandbox.quickbooks.properties import Record, reference

_LINE = frozenset(
    {"Id", "LineNum", "Description", "Amount", "DetailType", "LinkedTxn", "CustomField", "ProjectRef", "LineEx"}
)
_SALES = frozenset(
    {
        "ItemRef", "Qty", "UnitPrice", "TaxCodeRef", "ClassRef", "ServiceDate", "ItemAccountRef", "PriceLevelRef",
        "MarkupInfo", "TaxInclusiveAmt", "DiscountRate", "DiscountAmt", "DeferredRevenue", "TaxClassificationRef",
    }
)  # fmt: skip
_DISCOUNT = frozenset({"PercentBased", "DiscountPercent", "DiscountAccountRef", "Discount", "ClassRef", "TaxCodeRef"})
_DETAILS = ("SalesItemLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "DescriptionLineDetail")
LONGEST_DESCRIPTION = 4000


@dataclass
class Lines:
    """The lines as they are stored, and their sums in exact cents."""

    stored: list[Record] = field(default_factory=list)
    subtotal: Decimal = ZERO
    discount: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount


def read_lines(books: Books, given: list[Any], old: list[Record]) -> Lines:
    """Raises Problem for the first wrong line. A subtotal is computed: one that was sent is not looked at."""
    lines = Lines()
    ids = LineIds(old)
    late: list[Record] = []
    for one in given:
        kind = _kind(one)
        if kind == "SubTotalLineDetail":
            continue
        if kind == "DiscountLineDetail":
            late.append(one)
            continue
        line = _READERS[kind](books, one, lines)
        lines.stored.append({"Id": ids.of(one), "LineNum": len(lines.stored) + 1, **line})
    if not lines.stored:
        raise missing("Line")
    lines.stored.append({"Amount": lines.subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    if len(late) > 1:
        raise Problem("2010", "Only one discount line is supported", "Line")
    lines.stored.extend(_discount(books, one, lines) for one in late)
    return lines


class LineIds:
    """Ids of lines: a line that is sent with its id keeps it, and no id is given twice."""

    def __init__(self, old: list[Record]) -> None:
        self._free = {line["Id"] for line in old if "Id" in line}
        self._last = max((int(one) for one in self._free), default=0)

    def of(self, line: Record) -> str:
        sent = line.get("Id")
        if isinstance(sent, str) and sent in self._free:
            self._free.remove(sent)
            return sent
        self._last += 1
        return str(self._last)


def _kind(line: Any) -> str:
    if not isinstance(line, dict):
        raise unsupported("Line")
    kind = line.get("DetailType")
    if kind in (None, ""):
        raise missing("Line.DetailType")
    if kind not in (*_READERS, "SubTotalLineDetail", "DiscountLineDetail"):
        raise Problem("2170", f"Invalid Enumeration : {kind}", "DetailType")
    known = (*_LINE, *_DETAILS, "SubtotalLineDetail")
    if unknown := [name for name in line if name not in known]:
        raise unsupported(unknown[0])
    return str(kind)


def _common(line: Record, worth: Decimal | None) -> Record:
    description = line.get("Description")
    if isinstance(description, str) and len(description) > LONGEST_DESCRIPTION:
        raise too_long("Description", LONGEST_DESCRIPTION, len(description))
    kept: Record = {"Description": description} if description else {}
    if worth is not None:
        kept["Amount"] = worth
    return {**kept, "DetailType": line["DetailType"]}


def _sale(books: Books, line: Record, lines: Lines) -> Record:
    detail = line.get("SalesItemLineDetail")
    if not isinstance(detail, dict):
        raise missing("Line.SalesItemLineDetail")
    if unknown := [name for name in detail if name not in _SALES]:
        raise unsupported(unknown[0])
    if line.get("Amount") in (None, ""):
        raise missing("Line.Amount")
    worth = amount(line["Amount"], "Amount")
    item_ref = reference(detail.get("ItemRef"), "ItemRef")
    if item_ref is None:
        raise missing("Line.SalesItemLineDetail.ItemRef")
    item = books.refer("Item", item_ref, "ItemRef")
    stored: Record = {"ItemRef": {"value": item["Id"], "name": item["Name"]}}
    stored |= _priced(detail, worth, line["Amount"])
    stored["TaxCodeRef"] = _tax_code(detail)
    for name in ("ServiceDate", "ClassRef", "TaxInclusiveAmt"):
        if detail.get(name) not in (None, "", 0):
            stored[name] = detail[name]
    lines.subtotal += worth
    return {**_common(line, worth), "SalesItemLineDetail": stored}


def _priced(detail: Record, worth: Decimal, given: Any) -> Record:
    """Quantity and price; 0 and 0 beside an amount are none, as clients send them that set neither."""
    named = {name: number(detail[name], name) for name in ("UnitPrice", "Qty") if detail.get(name) not in (None, "")}
    if not any(named.values()):
        return {}
    if len(named) == 2 and cents(named["UnitPrice"] * named["Qty"]) != worth:
        raise Problem("6070", f"Amount is not equal to UnitPrice * Qty. Supplied value:{given}", "Line")
    return dict(named)


def _tax_code(detail: Record) -> Record:
    code = reference(detail.get("TaxCodeRef"), "TaxCodeRef") or {"value": "NON"}
    if code["value"] not in ("TAX", "NON"):
        raise Problem(
            "6100", f"Valid Line TaxCodes for US should be TAX or NON. Supplied value:{code['value']}", "Line"
        )
    return code


def _description(books: Books, line: Record, lines: Lines) -> Record:
    if line.get("Amount") not in (None, "", 0):
        raise Problem("2010", "A line that only describes has no Amount", "Amount")
    return {**_common(line, None), "DescriptionLineDetail": line.get("DescriptionLineDetail") or {}}


def _discount(books: Books, line: Record, lines: Lines) -> Record:
    """A percentage of the subtotal, or an amount."""
    detail = line.get("DiscountLineDetail") or {}
    if unknown := [name for name in detail if name not in _DISCOUNT]:
        raise unsupported(unknown[0])
    stored: Record = {"PercentBased": detail.get("PercentBased") in (True, "true")}
    if stored["PercentBased"] and detail.get("DiscountPercent") not in (None, ""):
        stored["DiscountPercent"] = number(detail["DiscountPercent"], "DiscountPercent")
        worth = cents(lines.subtotal * stored["DiscountPercent"] / 100)
    elif line.get("Amount") not in (None, ""):
        worth = amount(line["Amount"], "Amount")
    else:
        raise Problem("6090", "Discount amount or percent should be provided.", "Line")
    account = reference(detail.get("DiscountAccountRef"), "DiscountAccountRef")
    if account is not None:
        found = books.refer("Account", account, "DiscountAccountRef")
        stored["DiscountAccountRef"] = {"value": found["Id"], "name": found["Name"]}
    lines.discount = worth
    return {**_common(line, worth), "DiscountLineDetail": stored}


_READERS: Mapping[str, Callable[[Books, Record, Lines], Record]] = {
    "SalesItemLineDetail": _sale,
    "DescriptionOnly": _description,
}
