"""The query language: finding, ordering and cutting what a query asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cmp_to_key
from typing import Any

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.kinds import BY_PATH, Kind
from ipaas_dagster.sandbox.quickbooks.properties import Record
from ipaas_dagster.sandbox.quickbooks.query import Condition, Query, invalid

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<": lambda left, right: bool(left < right),
    ">": lambda left, right: bool(left > right),
    "<=": lambda left, right: bool(left <= right),
    ">=": lambda left, right: bool(left >= right),
}


def select(books: Books, query: Query) -> dict[str, Any]:
    """A QueryResponse. Raises Problem 4001 for what is not there, or not filterable."""
    kind = BY_PATH.get(query.entity.lower())
    if kind is None:
        raise invalid(f"metadata for entity {query.entity} not found")
    for field in [*(one.field for one in query.conditions), *(field for field, _descending in query.order)]:
        _check_field(kind, field)
    found = [record for record in _candidates(books, kind, query) if _wanted(kind, record, query)]
    if query.count:
        return {"QueryResponse": {"totalCount": len(found)}}
    for field, descending in reversed(query.order):
        found.sort(key=_order_key(_named(kind, field)), reverse=descending)
    page = found[query.start - 1 : query.start - 1 + query.most]
    if not page:
        return {"QueryResponse": {}}
    shown = [_project(kind, record, query.fields) for record in page]
    return {"QueryResponse": {kind.name: shown, "startPosition": query.start, "maxResults": len(page)}}


def _named(kind: Kind, field: str) -> str:
    """Properties are found whatever the case they are written in."""
    return next((name for name in kind.filterable if name.lower() == field.lower()), field)


def _check_field(kind: Kind, field: str) -> None:
    if _named(kind, field) in kind.filterable:
        return
    first = field.partition(".")[0]
    known = {*kind.properties.types, *kind.properties.computed, "SyncToken", "domain", "sparse"}
    if first in known:
        raise invalid(f"Property {field} is not queryable for Entity {kind.name}")
    raise invalid(f"Property {field} not found for Entity {kind.name}")


def _candidates(books: Books, kind: Kind, query: Query) -> Iterable[Record]:
    """The records that an index leaves to look at, or all; by id."""
    table = books.tables[kind.name]
    for one in query.conditions:
        if one.operator in ("=", "in"):
            numbers = books.found_by(kind.name, _named(kind, one.field), [str(value) for value in one.values])
            if numbers is not None:
                return [table[number] for number in sorted(set(numbers), key=_by_number) if _seen(books, kind, number)]
    return [record for number, record in table.items() if _seen(books, kind, number)]


def _by_number(number: str) -> tuple[int, str]:
    return (int(number), "") if number.isdigit() else (0, number)


def _seen(books: Books, kind: Kind, number: str) -> bool:
    return (kind.name, number) not in books.unseen


def _wanted(kind: Kind, record: Record, query: Query) -> bool:
    if (
        kind.listed
        and record.get("Active") is False
        and not any(one.field.lower() == "active" for one in query.conditions)
    ):
        return False
    return all(_holds(record, _named(kind, one.field), one) for one in query.conditions)


def _holds(record: Record, field: str, condition: Condition) -> bool:
    value = value_of(record, field)
    if value is None:
        return False
    if condition.operator == "like":
        return _like(str(value), str(condition.values[0]))
    compare = _COMPARE["=" if condition.operator == "in" else condition.operator]
    return any(compare(*_alike(field, value, wanted)) for wanted in condition.values)


def value_of(record: Record, field: str) -> Any:
    """A property by its dotted name; of a reference its id, of an address of mail the address."""
    value: Any = record
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return value.get("value", value.get("Address"))
    return value


def _alike(field: str, value: Any, wanted: Any) -> tuple[Any, Any]:
    """Both as what they are: times, numbers, flags, texts in any case."""
    if isinstance(value, bool):
        return value, wanted if isinstance(wanted, bool) else str(wanted).lower() == "true"
    if field.startswith("MetaData."):
        return _moment(value), _moment(str(wanted), value)
    if isinstance(value, Decimal | int) or (field == "Id" and str(value).isdigit()):
        try:
            return Decimal(value), Decimal(str(wanted))
        except InvalidOperation:
            raise invalid(f"{wanted!r} is not a number, as {field} is") from None
    return str(value).casefold(), str(wanted).casefold()


def _moment(text: str, like: str | None = None) -> datetime:
    """A time; without an offset it is the company's, whose offset is taken from `like`."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{text!r} is not a time") from None
    if read.tzinfo is None:
        read = read.replace(tzinfo=datetime.fromisoformat(like).tzinfo if like else UTC)
    return read


def _like(value: str, pattern: str) -> bool:
    """`%` is any text; in any case."""
    expression = ".*".join(re.escape(part) for part in pattern.split("%"))
    return re.fullmatch(expression, value, re.IGNORECASE | re.DOTALL) is not None


def _order_key(field: str) -> Any:
    def compared(left: Record, right: Record) -> int:
        one, other = value_of(left, field), value_of(right, field)
        if one is None or other is None:
            return (one is not None) - (other is not None)
        first, second = _alike(field, one, other)
        return int(first > second) - int(first < second)

    return cmp_to_key(compared)


def _project(kind: Kind, record: Record, fields: tuple[str, ...]) -> Record:
    """The properties that were named, by the whole of their first part, and what every record has."""
    if not fields:
        return record
    known = {*record, *kind.properties.types, *kind.properties.computed, "MetaData", "SyncToken", "Id"}
    wanted = {name: True for name in ("domain", "sparse", "Id")}
    for field in fields:
        name = next((one for one in known if one.lower() == field.partition(".")[0].lower()), None)
        if name is None:
            raise invalid(f"Property {field} not found for Entity {kind.name}")
        wanted[name] = True
    return {name: value for name, value in record.items() if name in wanted} | {"sparse": True}
