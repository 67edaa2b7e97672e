"""The filters of the query function: elements for operators, and and or around them."""

from __future__ import annotations

from ipaas_dagster.sandbox.intacct.comparing import Test, compares
from ipaas_dagster.sandbox.intacct.objects import ObjectType
from ipaas_dagster.sandbox.intacct.schema import Element

_OPERATORS = {
    "equalto": "=",
    "notequalto": "!=",
    "lessthan": "<",
    "lessthanorequalto": "<=",
    "greaterthan": ">",
    "greaterthanorequalto": ">=",
    "like": "like",
    "notlike": "not like",
    "in": "in",
    "notin": "not in",
    "between": "between",
    "isnull": "is null",
    "isnotnull": "is not null",
}


def parse_filter(given: Element | None, kind: ObjectType, custom: tuple[str, ...]) -> Test:
    """A test for records; none given fits all. Raises Refused for fields and values that do not fit."""
    return _test(given[0], kind, custom) if given is not None else lambda record: True


def _test(given: Element, kind: ObjectType, custom: tuple[str, ...]) -> Test:
    if given.tag in _OPERATORS:
        values = [child.text or "" for child in given.findall("value")]
        name = (given.findtext("field") or "").strip()
        return compares(kind, custom, name, _OPERATORS[given.tag], values)
    parts = [_test(part, kind, custom) for part in given]
    fits = all if given.tag == "and" else any
    return lambda record: fits(part(record) for part in parts)
