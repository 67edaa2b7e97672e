"""Target fields with dotted names as objects within objects: `BillAddr.City` is the field City of BillAddr.

An object whose fields are all empty is empty itself (null); one with any value has all of its fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Branch:
    """`fields` are names with the dotted name of the value that stands there, or with the branch below."""

    fields: tuple[tuple[str, str | Branch], ...]

    def nested(self, flat: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: below.nested_or_empty(flat) if isinstance(below, Branch) else flat[below]
            for name, below in self.fields
        }

    def nested_or_empty(self, flat: Mapping[str, Any]) -> dict[str, Any] | None:
        made = self.nested(flat)
        return made if any(value is not None for value in made.values()) else None

    def flat(self, nested: Mapping[str, Any]) -> dict[str, Any]:
        """The values by dotted name. Raises KeyError with a name that is missing or too much."""
        names = {name for name, _ in self.fields}
        if nested.keys() != names:
            raise KeyError(min(nested.keys() ^ names))
        found: dict[str, Any] = {}
        for name, below in self.fields:
            if isinstance(below, Branch):
                found |= below.flat(_object(name, nested[name])) if nested[name] is not None else below.empty()
            else:
                found[below] = nested[name]
        return found

    def empty(self) -> dict[str, None]:
        made: dict[str, None] = {}
        for _, below in self.fields:
            made |= below.empty() if isinstance(below, Branch) else {below: None}
        return made


def _object(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise KeyError(name)
    return value


class WrongName(ValueError):
    """A dotted name that cannot stand beside the others; the message is a sentence about it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name!r} {message}")
        self.name = name


def branch(names: Iterable[str]) -> Branch:
    """The objects that dotted names make. Raises WrongName for one that is a value and an object, or has an empty
    part."""
    top: dict[str, Any] = {}
    for name in names:
        *way, last = name.split(".")
        if not all((*way, last)):
            raise WrongName(name, "has an empty part")
        here = top
        for step in way:
            here = here.setdefault(step, {})
            if isinstance(here, str):
                raise WrongName(name, f"and {here!r} cannot both be: one would stand inside of the other")
        if last in here:
            raise WrongName(name, f"and names that begin with '{name}.' cannot both be")
        here[last] = name
    return _frozen(top)


def _frozen(tree: Mapping[str, Any]) -> Branch:
    return Branch(tuple((n, below if isinstance(below, str) else _frozen(below)) for n, below in tree.items()))
