"""query: select, filter, orderby, offset and pagesize; pages are cut from the records as they are at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.intacct.answers import around, element, flat_block
from ipaas_dagster.sandbox.intacct.comparing import kind_of_field, query_failed
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import Record, blank, show
from ipaas_dagster.sandbox.intacct.filters import parse_filter
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.objects import ObjectType
from ipaas_dagster.sandbox.intacct.reading import DEFAULT_PAGE, candidates, derived, kind_named, whole_number
from ipaas_dagster.sandbox.intacct.schema import Element

MOST_PER_PAGE = 2000
_FAR = 10**9
_AGGREGATES: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "count": len,
    "sum": lambda values: sum(values, Decimal(0)),
    "min": lambda values: min(values, default=""),
    "max": lambda values: max(values, default=""),
    "avg": lambda values: sum(values, Decimal(0)) / len(values) if values else "",
}


def query(job: Job, function: Element) -> str:
    kind = kind_named(text_of(function, "object"))
    names = _selected(job, kind, function)
    found = _found(job, kind, function)
    if names is None:
        return _data(kind, [_aggregated(kind, function, found)], 1, 0)
    offset = whole_number(text_of(function, "offset"), "offset", 0, 0, _FAR)
    pagesize = whole_number(text_of(function, "pagesize"), "pagesize", DEFAULT_PAGE, 1, MOST_PER_PAGE)
    page = found[offset : offset + pagesize]
    blocks = [flat_block(kind.name, derived(job, kind, one), names) for one in page]
    return _data(kind, blocks, len(found), offset)


def _data(kind: ObjectType, blocks: Sequence[str], total: int, offset: int) -> str:
    attributes = {
        "listtype": kind.name,
        "totalcount": total,
        "offset": offset,
        "count": len(blocks),
        "numremaining": max(0, total - offset - len(blocks)),
    }
    return around("data", "".join(blocks), attributes)


def _selected(job: Job, kind: ObjectType, function: Element) -> list[str] | None:
    """The fields to answer; None for aggregates, which we do not mix with fields."""
    select = function.find("select")
    names = [(child.text or "").strip() for child in select]
    for name, child in zip(names, select, strict=True):
        field = kind_of_field(kind, name, job.settings.custom_fields)
        if child.tag in ("sum", "avg") and field not in ("money", "number", "whole"):
            raise query_failed(f"{child.tag} does not apply to the field {name}")
    aggregates = [child for child in select if child.tag != "field"]
    if aggregates and len(aggregates) < len(names):
        raise query_failed("Fields beside aggregate functions are not supported")
    form = text_of(function, "options/returnformat")
    if form not in ("", "xml"):
        raise query_failed(f"The return format {form} is not supported")
    return None if aggregates else names


def _found(job: Job, kind: ObjectType, function: Element) -> list[Record]:
    given = function.find("filter")
    fits = parse_filter(given, kind, job.settings.custom_fields)
    orders = function.findall("orderby/order")
    computed = any((one.text or "").strip() == "TOTALDUE" for one in function.iter("field", "sum"))
    found = [one for one in candidates(job, kind, computed) if fits(one)]
    for order in reversed(orders):
        name = text_of(order, "field")
        kind_of_field(kind, name, job.settings.custom_fields)
        found.sort(key=lambda record, name=name: _sorted_by(record, name), reverse=order.find("descending") is not None)  # type: ignore[misc]
    return found


def _sorted_by(record: Record, name: str) -> tuple[bool, Any]:
    """Empty values come first; the others by their kind."""
    value = record.get(name)
    return (False, "") if blank(value) else (True, value)


def _aggregated(kind: ObjectType, function: Element, found: Sequence[Record]) -> str:
    blocks = []
    for child in function.find("select"):
        name = (child.text or "").strip()
        values = [value for one in found if not blank(value := one.get(name))]
        blocks.append(element(f"{child.tag.upper()}.{name}", show(_AGGREGATES[child.tag](values))))
    return around(kind.name, "".join(blocks))
