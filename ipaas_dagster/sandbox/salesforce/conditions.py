"""One comparison of a query: whether a field's value is what is asked for.

Text is compared without heeding case, but for external ids that do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.salesforce.ids import whole_id
from ipaas_dagster.sandbox.salesforce.problems import Problem
from ipaas_dagster.sandbox.salesforce.schema import Field
from ipaas_dagster.sandbox.salesforce.soql import Literal
from ipaas_dagster.sandbox.salesforce.table import Row
from ipaas_dagster.sandbox.salesforce.values import NUMBERS, NotThisType, time_text

Get = Callable[[Row], Any]
Test = Callable[[Row], bool]
_KINDS = {"boolean": "boolean", "date": "date", "datetime": "datetime", **dict.fromkeys(NUMBERS, "number")}


def tester(field: Field, get: Get, sign: str, wanted: list[Any]) -> Test:
    if sign in ("=", "in"):
        chosen = set(wanted)
        return lambda row: _same(field, get(row)) in chosen
    if sign in ("!=", "not in"):
        chosen = set(wanted)
        return lambda row: _same(field, get(row)) not in chosen
    if sign == "like":
        pattern = _pattern(str(wanted[0]))
        return lambda row: pattern.fullmatch(str(get(row) or "").casefold()) is not None
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    holds, bound = compare[sign], wanted[0]
    return lambda row: bound is not None and (value := _same(field, get(row))) is not None and holds(value, bound)


def _same(field: Field, value: Any) -> Any:
    """What equal values share."""
    if isinstance(value, str):
        return value if field.type in ("id", "reference", "date", "datetime") else field.key(value)
    return Decimal(repr(value)) if isinstance(value, float) else value


def comparable(field: Field, literal: Literal) -> Any:
    if literal.kind == "null":
        return None
    kind = _KINDS.get(field.type, "text")
    if literal.kind != kind:
        quotes = "should be enclosed in quotes" if kind == "text" else "should not be enclosed in quotes"
        message = f"value of filter criterion for field '{field.name}' must be of type {field.type} and {quotes}"
        raise Problem(400, "INVALID_FIELD", message)
    if kind == "datetime":
        try:
            return time_text(literal.value)
        except NotThisType:
            raise Problem(400, "MALFORMED_QUERY", f"invalid time {literal.value}") from None
    if field.type in ("id", "reference"):
        found = whole_id(literal.value)
        if found is None:
            raise Problem(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.value}")
        return found
    return _same(field, literal.value)


def _pattern(like: str) -> re.Pattern[str]:
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(one, re.escape(one)) for one in like), re.DOTALL)
