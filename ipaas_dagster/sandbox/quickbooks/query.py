"""The query language: reading `select * from Customer where DisplayName = 'x' startposition 1 maxresults 10`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.sandbox.quickbooks.problems import Problem

DEFAULT_RESULTS = 100
MOST_RESULTS = 1000
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])
    |(?P<word>[A-Za-z_][\w.]*)|(?P<mark><=|>=|[=<>(),*;]))""",
    re.VERBOSE | re.DOTALL,
)
_COMPARED = ("=", "<", ">", "<=", ">=")
_ENDS = frozenset({"order", "orderby", "startposition", "maxresults"})


@dataclass(frozen=True)
class Condition:
    """`operator` is one of = < > <= >= in like; `values` has one but for `in`. They are texts or booleans."""

    field: str
    operator: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Query:
    """`fields` empty is all of them."""

    entity: str
    fields: tuple[str, ...] = ()
    count: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """Properties, and whether descending."""
    start: int = 1
    most: int = DEFAULT_RESULTS


def parse(text: str) -> Query:
    """Raises Problem 4000 where a sentence is not of the language, 4001 for a position or size out of range."""
    return _Reader(text).query()


class _Reader:
    """Tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        self._next = 0
        at, text = 0, text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise _unexpected(text[at:].lstrip()[:20], at)
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind], found.start(kind)))
            at = found.end()
        self._length = len(text)

    def query(self) -> Query:
        self._take("select")
        fields, count = self._projection()
        self._take("from")
        entity = self._word()
        conditions = self._conditions() if self._skip("where") else ()
        order = self._order()
        start, most = self._range()
        self._skip(";")
        if self._next < len(self._tokens):
            raise self._trouble()
        return Query(entity, fields, count, conditions, order, start, most)

    def _projection(self) -> tuple[tuple[str, ...], bool]:
        if self._peek() == "count":
            for mark in ("count", "(", "*", ")"):
                self._take(mark)
            return (), True
        fields = [self._field()]
        while self._skip(","):
            fields.append(self._field())
        return (() if "*" in fields else tuple(fields)), False

    def _field(self) -> str:
        return "*" if self._skip("*") else self._word()

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._skip("and"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        field = self._word()
        if self._skip("in"):
            self._take("(")
            values = [self._value()]
            while self._skip(","):
                values.append(self._value())
            self._take(")")
            return Condition(field, "in", tuple(values))
        if self._skip("like"):
            return Condition(field, "like", (self._value(),))
        if self._peek() not in _COMPARED:
            raise self._trouble()
        return Condition(field, self._pop(), (self._value(),))

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if self._skip("order"):
            self._take("by")
        elif not self._skip("orderby"):
            return ()
        found: list[tuple[str, bool]] = []
        while not found or self._skip(","):
            field = self._word()
            descending = self._skip("desc")
            if not descending:
                self._skip("asc")
            found.append((field, descending))
        return tuple(found)

    def _range(self) -> tuple[int, int]:
        start = self._whole("startposition", 1, None)
        return start or 1, self._whole("maxresults", 1, MOST_RESULTS) or DEFAULT_RESULTS

    def _whole(self, name: str, least: int, most: int | None) -> int | None:
        if not self._skip(name):
            return None
        kind, text = self._tokens[self._next][:2] if self._next < len(self._tokens) else ("", "")
        if kind != "number" or not text.lstrip("-").isdigit():
            raise self._trouble()
        self._next += 1
        if int(text) < least:
            raise invalid(f"value {text} is too small. Min allowed value is {least}")
        if most is not None and int(text) > most:
            raise invalid(f"value {text} is too large. Max allowed value is {most}")
        return int(text)

    def _value(self) -> Any:
        """A quoted text, a number as text, or a flag."""
        if self._next >= len(self._tokens):
            raise self._trouble()
        kind, text, _at = self._tokens[self._next]
        if kind == "string":
            self._next += 1
            return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        if kind == "number":
            return self._pop()
        if text.lower() in ("true", "false"):
            return self._pop().lower() == "true"
        raise self._trouble()

    def _word(self) -> str:
        if self._next >= len(self._tokens) or self._tokens[self._next][0] != "word" or self._peek() in _ENDS:
            raise self._trouble()
        return self._pop()

    def _peek(self) -> str:
        return self._tokens[self._next][1].lower() if self._next < len(self._tokens) else ""

    def _pop(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _skip(self, wanted: str) -> bool:
        here = self._next < len(self._tokens) and self._tokens[self._next][0] != "string" and self._peek() == wanted
        self._next += here
        return here

    def _take(self, wanted: str) -> None:
        if not self._skip(wanted):
            raise self._trouble()

    def _trouble(self) -> Problem:
        if self._next < len(self._tokens):
            _kind, text, at = self._tokens[self._next]
            return _unexpected(text, at)
        return _unexpected("<EOF>", self._length)


def invalid(detail: str) -> Problem:
    return Problem("4001", f"QueryValidationError: {detail}")


def _unexpected(text: str, at: int) -> Problem:
    return Problem("4000", f'QueryParserError: Encountered "{text}" at line 1, column {at + 1}.')
