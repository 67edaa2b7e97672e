"""The text of a query, to a Query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from ipaas_dagster.sandbox.salesforce.soql import (
    Comparison,
    Condition,
    Junction,
    Literal,
    Name,
    Order,
    Query,
    problem_at,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.]*)|(?P<sign>!=|<>|<=|>=|[=<>(),]))",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_SIGNS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Query:
    """Raises Problem (MALFORMED_QUERY) for what is no such query."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._next, self._tokens = text, 0, _tokens(text)

    def query(self) -> Query:
        self._word("select")
        fields = self._selected()
        self._word("from")
        source = self._name()
        alias = self._alias()
        where = self._condition() if self._took("where") else None
        order = self._order() if self._took("order") else ()
        limit = self._count() if self._took("limit") else None
        offset = (self._count() or 0) if self._took("offset") else 0
        if self._peek().kind != "end":
            self._unexpected()
        prefixes = {alias.lower(), source.parts[0].lower()}
        return _without_prefixes(Query(self._text, fields, source, where, order, limit, offset), prefixes)

    def _selected(self) -> tuple[Name, ...]:
        if self._peek().text.lower() == "count" and self._peek(1).text == "(":
            self._next += 2
            self._sign(")")
            return ()
        names = [self._selected_one()]
        while self._took(","):
            names.append(self._selected_one())
        return tuple(names)

    def _selected_one(self) -> Name:
        name = self._name()
        if name.parts[0].lower() == "fields" and self._took("("):
            scope = self._name()
            self._sign(")")
            return Name(("FIELDS", scope.parts[0].upper()), name.at)
        return name

    def _alias(self) -> str:
        token = self._peek()
        if token.kind == "name" and token.text.lower() not in ("where", "order", "limit", "offset", "group", "using"):
            self._next += 1
            return token.text
        return ""

    def _condition(self) -> Condition:
        parts, word = [self._negated()], ""
        while (found := self._peek().text.lower()) in ("and", "or"):
            if word and found != word:  # without parentheses the two do not mix
                self._unexpected()
            word, self._next = found, self._next + 1
            parts.append(self._negated())
        return Junction(word, tuple(parts)) if word else parts[0]

    def _negated(self) -> Condition:
        if self._took("not"):
            return Junction("not", (self._negated(),))
        if self._took("("):
            inner = self._condition()
            self._sign(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        name, token = self._name(), self._peek()
        self._next += 1
        if token.text in _SIGNS:
            return Comparison(name, "!=" if token.text == "<>" else token.text, (self._literal(),))
        word = token.text.lower()
        if word == "like":
            return Comparison(name, "like", (self._literal(),))
        if word == "not":
            self._word("in")
            return Comparison(name, "not in", self._list())
        if word == "in":
            return Comparison(name, "in", self._list())
        self._next -= 1
        self._unexpected()

    def _list(self) -> tuple[Literal, ...]:
        self._sign("(")
        values = [self._literal()]
        while self._took(","):
            values.append(self._literal())
        self._sign(")")
        return tuple(values)

    def _literal(self) -> Literal:
        token = self._peek()
        self._next += 1
        if token.kind == "text":
            return Literal("text", _unescaped(token.text[1:-1]))
        if token.kind == "number":
            return Literal("number", Decimal(token.text))
        if token.kind in ("date", "datetime"):
            return Literal(token.kind, token.text)
        word = token.text.lower()
        if token.kind == "name" and word in ("true", "false", "null"):
            return Literal("null" if word == "null" else "boolean", {"true": True, "false": False}.get(word))
        self._next -= 1
        self._unexpected()

    def _order(self) -> tuple[Order, ...]:
        self._word("by")
        chosen = [self._ordered()]
        while self._took(","):
            chosen.append(self._ordered())
        return tuple(chosen)

    def _ordered(self) -> Order:
        name = self._name()
        descending = self._took("desc") or (self._took("asc") and False)
        last = False
        if self._took("nulls"):
            last = self._took("last")
            if not last:
                self._word("first")
        return Order(name, descending, last)

    def _count(self) -> int:
        token = self._peek()
        if token.kind != "number" or not token.text.isdigit():
            self._unexpected()
        self._next += 1
        return int(token.text)

    def _name(self) -> Name:
        token = self._peek()
        if token.kind != "name":
            self._unexpected()
        self._next += 1
        return Name(tuple(token.text.split(".")), token.at)

    def _peek(self, further: int = 0) -> Token:
        return self._tokens[min(self._next + further, len(self._tokens) - 1)]

    def _took(self, text: str) -> bool:
        token = self._peek()
        if token.kind in ("name", "sign") and token.text.lower() == text:
            self._next += 1
            return True
        return False

    def _word(self, text: str) -> None:
        if not self._took(text):
            self._unexpected()

    _sign = _word

    def _unexpected(self) -> NoReturn:
        token = self._peek()
        raise problem_at(self._text, token.at, "MALFORMED_QUERY", f"unexpected token: '{token.text or '<EOF>'}'")


def _tokens(text: str) -> list[Token]:
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise problem_at(text, at, "MALFORMED_QUERY", f"line has no token at character {text[at : at + 1]!r}")
        tokens.append(Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        at = found.end()
    return [*tokens, Token("end", "", end)]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)


def _without_prefixes(query: Query, prefixes: set[str]) -> Query:
    """Names that begin with the object or its alias mean the same without it."""

    def short(name: Name) -> Name:
        return Name(name.parts[1:], name.at) if len(name.parts) > 1 and name.parts[0].lower() in prefixes else name

    def shorten(condition: Condition) -> Condition:
        if isinstance(condition, Comparison):
            return Comparison(short(condition.name), condition.sign, condition.values)
        return Junction(condition.word, tuple(shorten(part) for part in condition.parts))

    order = tuple(Order(short(one.name), one.descending, one.nulls_last) for one in query.order)
    where = shorten(query.where) if query.where else None
    fields = tuple(short(one) for one in query.fields)
    return Query(query.text, fields, query.source, where, order, query.limit, query.offset)
