"""Comparing a field with what a query asks for: by the field's kind, as the vendor does, texts by their case."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ipaas_dagster.sandbox.intacct.fields import PARSE, Record, Value, blank, show
from ipaas_dagster.sandbox.intacct.objects import ObjectType
from ipaas_dagster.sandbox.intacct.refusals import QUERY_FAILED, Problem, Refused
from ipaas_dagster.sandbox.intacct.unplayed import UNPLAYED

Test = Callable[[Record], bool]

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda mine, asked: bool(mine == asked),
    "!=": lambda mine, asked: bool(mine != asked),
    "<": lambda mine, asked: bool(mine < asked),
    "<=": lambda mine, asked: bool(mine <= asked),
    ">": lambda mine, asked: bool(mine > asked),
    ">=": lambda mine, asked: bool(mine >= asked),
}


def query_failed(text: str) -> Refused:
    return Refused(Problem(QUERY_FAILED, text))


def kind_of_field(kind: ObjectType, name: str, custom: tuple[str, ...]) -> str:
    """Raises Refused for a field that the object does not have."""
    if name in kind.fields:
        return kind.fields[name]
    if f"{kind.name}.{name}" in custom or name in UNPLAYED.get(kind.name, ()):
        return "text"
    raise query_failed(f"Field {name} not found in the object {kind.name}")


def compares(kind: ObjectType, custom: tuple[str, ...], name: str, operator: str, texts: list[str]) -> Test:
    """A test for records. Operators: those of SQL, and `between`. Raises Refused for values of the wrong kind."""
    field = kind_of_field(kind, name, custom)
    if operator in ("is null", "is not null"):
        wanted = operator == "is null"
        return lambda record: blank(record.get(name)) == wanted
    if operator in ("like", "not like"):
        pattern, hit = _like(texts[0]), operator == "like"
        return lambda record: bool(pattern.fullmatch(show(record.get(name)))) == hit
    asked = [_asked(field, name, text) for text in texts]
    if operator in ("in", "not in"):
        among, inside = frozenset(asked), operator == "in"
        return lambda record: (_mine(record, name) in among) == inside
    if operator == "between":
        low, high = asked
        return lambda record: not blank(record.get(name)) and bool(low <= record[name] <= high)  # type: ignore[operator]
    if operator in ("=", "!="):
        return lambda record: _ORDERED[operator](_mine(record, name), asked[0])
    return lambda record: not blank(record.get(name)) and _ORDERED[operator](record[name], asked[0])


def _mine(record: Record, name: str) -> Value:
    value = record.get(name)
    return "" if value is None else value


def _asked(field: str, name: str, text: str) -> Value:
    if text == "":
        return ""
    try:
        return PARSE["number" if field == "money" else field](text)
    except ValueError:
        raise query_failed(f"Invalid value '{text}' for the field {name}") from None


@lru_cache(maxsize=256)
def _like(text: str) -> re.Pattern[str]:
    """% stands for any text, _ for one character."""
    parts = ({"%": ".*", "_": "."}.get(mark) or re.escape(mark) for mark in text)
    return re.compile("".join(parts), re.DOTALL)
