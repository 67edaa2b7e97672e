"""SOQL, as far as a sync needs it: what a query consists of.

SELECT fields, parents' fields (Account.Name), COUNT() or FIELDS(ALL) FROM one object, WHERE with = != < <= > >=
LIKE IN and NOT IN joined by AND, OR, NOT and parentheses, ORDER BY, LIMIT, OFFSET. No children, no groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipaas_dagster.sandbox.salesforce.problems import Problem

SHOWN = 80


@dataclass(frozen=True)
class Name:
    """A field, perhaps a parent's: Account.Name. `at` is where it stands."""

    parts: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Literal:
    """`kind` is text, number, boolean, null, date or datetime."""

    kind: str
    value: Any


@dataclass(frozen=True)
class Comparison:
    """`sign` is = != < <= > >= like in or not in; only the last two have several values."""

    name: Name
    sign: str
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Junction:
    """`word` is and, or, not (of one part)."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | Junction


@dataclass(frozen=True)
class Order:
    name: Name
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Query:
    """`source` is the object; without `fields` the query counts."""

    text: str
    fields: tuple[Name, ...]
    source: Name
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def problem_at(text: str, at: int, code: str, message: str) -> Problem:
    """A refusal that shows where in the query it is."""
    row, start = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at) + 1
    first = max(start, at - SHOWN)
    excerpt = text[first : at + SHOWN].partition("\n")[0]
    where = f"\n{excerpt}\n{' ' * (at - first)}^\nERROR at Row:{row}:Column:{at - start + 1}\n"
    return Problem(400, code, where + message)
