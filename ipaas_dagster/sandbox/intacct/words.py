"""The language of readByQuery: CUSTOMERID = 'C1' AND (STATUS in ('active') or not NAME like 'A%')."""

from __future__ import annotations

import re

from ipaas_dagster.sandbox.intacct.comparing import Test, compares, query_failed
from ipaas_dagster.sandbox.intacct.objects import ObjectType

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
    r"""|(?P<mark>>=|<=|!=|<>|[=<>(),])"""
    r"""|(?P<word>[^\s=<>!(),'"]+))"""
)
_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SENTENCE = "The query '{0}' is not valid: {1}"
_DEEPEST = 50


def parse_query(text: str, kind: ObjectType, custom: tuple[str, ...]) -> Test:
    """A test for records of that object; an empty query fits all. Raises Refused for what is not understood."""
    if not text.strip():
        return lambda record: True
    return _Query(text, kind, custom).whole()


class _Query:
    """A reader that goes down: or, and, not, brackets, comparison."""

    def __init__(self, text: str, kind: ObjectType, custom: tuple[str, ...]) -> None:
        self._text, self._kind, self._custom = text, kind, custom
        self._tokens = self._split()
        self._at = 0
        self._depth = 0

    def whole(self) -> Test:
        test = self._either()
        if self._at < len(self._tokens):
            raise self._wrong(f"'{self._tokens[self._at]}' is not expected")
        return test

    def _split(self) -> list[str]:
        tokens, at = [], 0
        text = self._text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._wrong(f"it cannot be read from position {at}")
            tokens.append(found[0].strip())
            at = found.end()
        return tokens

    def _either(self) -> Test:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def _all(self) -> Test:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("it is nested too deeply")
        try:
            if self._take("not"):
                denied = self._one()
                return lambda record: not denied(record)
            if self._take("("):
                inner = self._either()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Test:
        name = self._next()
        if self._take("is"):
            operator = "is not null" if self._take("not") else "is null"
            self._expect("null")
            return compares(self._kind, self._custom, name, operator, [])
        denied = self._take("not")
        if self._take("in"):
            return compares(self._kind, self._custom, name, "not in" if denied else "in", self._several())
        if self._take("like"):
            return compares(self._kind, self._custom, name, "not like" if denied else "like", [self._value()])
        operator = self._next()
        if denied or operator not in _COMPARISONS:
            raise self._wrong(f"'{operator}' is no operator")
        return compares(self._kind, self._custom, name, _COMPARISONS[operator], [self._value()])

    def _several(self) -> list[str]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return values

    def _value(self) -> str:
        token = self._next()
        if token[0] in "'\"":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token in _COMPARISONS or token in ("(", ")", ","):
            raise self._wrong(f"'{token}' stands where a value belongs")
        return token

    def _take(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].lower() == word:
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise self._wrong("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(f"'{word}' is missing")

    def _wrong(self, why: str) -> Exception:
        return query_failed(_SENTENCE.format(self._text, why))
