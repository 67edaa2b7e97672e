"""Content models: which child elements may stand in which order, decided by one regular expression each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

_NAME = re.compile(r"[A-Za-z_][\w.]*")


@dataclass(frozen=True)
class Ordered:
    """Children in the order of `order`: names, (groups), | for a choice, and ? * + behind either."""

    order: str

    @cached_property
    def pattern(self) -> str:
        """The same as a regular expression over names that end in a semicolon each."""
        return _pattern(self.order)

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @cached_property
    def _beginning(self) -> re.Pattern[str]:
        """Matches as much of a wrong sequence as could still become a right one, by the parts at the top."""
        nested = ""
        for part in reversed(_parts(self.order)):
            nested = f"(?:{_pattern(part)}{nested})?"
        return re.compile(nested)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(_NAME.findall(self.order))

    def wrong(self, children: Sequence[str]) -> str | None:
        """What is wrong with children of these names, as a sentence; None if they may stand like this."""
        text = "".join(f"{name};" for name in children)
        if self._whole.fullmatch(text):
            return None
        begun = self._beginning.match(text)
        right = text[: begun.end()].count(";") if begun else 0
        if right < len(children):
            return f"Element '{children[right]}': This element is not expected."
        return f"Missing child element(s). Expected is: {self.order}."


@dataclass(frozen=True)
class AnyOrder:
    """Children in any order, each at most once (`several`: more often); `needed` must be there."""

    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    several: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.needed, *self.allowed, *self.several))

    def wrong(self, children: Sequence[str]) -> str | None:
        for position, name in enumerate(children):
            if name not in self.names or (name in children[:position] and name not in self.several):
                return f"Element '{name}': This element is not expected."
        missing = [name for name in self.needed if name not in children]
        return f"Missing child element(s). Expected is: {', '.join(missing)}." if missing else None


@dataclass(frozen=True)
class Attributes:
    """`needed` and `allowed` attributes; the listed values, or any text."""

    needed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wrong(self, given: Mapping[str, str]) -> str | None:
        for name, value in given.items():
            values = self.needed.get(name, self.allowed.get(name))
            if values is None:
                return f"The attribute '{name}' is not allowed."
            if values and value not in values:
                return f"Value '{value}' for attribute '{name}' is not among {', '.join(values)}."
        missing = [name for name in self.needed if name not in given]
        return f"The attribute '{missing[0]}' is required but missing." if missing else None


def _pattern(order: str) -> str:
    named = _NAME.sub(r"<\g<0>>", order)
    return "".join({"(": "(?:", "<": "(?:", ">": ";)", " ": ""}.get(mark, mark) for mark in named)


def _parts(order: str) -> list[str]:
    """The parts at the top: names and groups, each with what stands behind it. A choice at the top is one part."""
    parts, depth, begun = [], 0, 0
    for position, mark in enumerate(order):
        depth += (mark == "(") - (mark == ")")
        if depth == 0 and mark == "|":
            return [order]
        if depth == 0 and mark == " ":
            parts.append(order[begun:position])
            begun = position + 1
    return [*parts, order[begun:]]
