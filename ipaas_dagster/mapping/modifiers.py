"""Small functions on one field of a template: ready-made ones, and JavaScript as Instagaze writes it.

A modifier never sees an empty value (an empty field stays empty, or takes its default), gives the same
result for the same record every time, and rejects a record it cannot handle by raising ModifierFailed with
the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.mapping.javascript import Function, ModifierFailed, check
from ipaas_dagster.mapping.ready_made import READY_MADE, Apply, ReadyMade, WrongModifier

_MARKS_OF_JAVASCRIPT = ("=>", "function")
_PYTHON_TYPES: dict[Type, tuple[type, ...]] = {
    Type.TEXT: (str,),
    Type.INTEGER: (int,),
    Type.REAL: (float, int),
    Type.BOOLEAN: (bool,),
}
_DECIMAL = re.compile(r"-?[0-9]{1,28}(\.[0-9]{1,28})?")
_KINDS = {str: "text", bool: "a boolean", int: "a whole number", float: "a fraction", list: "a list"}


@dataclass(frozen=True)
class Modifier:
    """`words` is its declaration (it goes into the template's digest); `gives` the type of its result.
    `start` makes the function for one batch of records: a JavaScript one gets a fresh engine each time."""

    words: str
    gives: Type
    start: Callable[[], Apply]


def read_modifiers(words: Any, column: Type, collection: Collection, result: Type) -> tuple[Modifier, ...]:
    """The modifiers that `words` (a name, `{name: argument}`, JavaScript, or a list of them) declare for a
    column of this type; `result` is what JavaScript gives. Raises WrongModifier."""
    modifiers: list[Modifier] = []
    exact = column == Type.MONEY
    if words == []:
        raise WrongModifier("the list of modifiers is empty")
    for one in words if isinstance(words, list) else [words]:
        made = _read_one(one, column, collection, result, exact)
        column = made.gives
        modifiers.append(made)
    return tuple(modifiers)


def _read_one(words: Any, takes: Type, collection: Collection, result: Type, exact: bool) -> Modifier:
    if isinstance(words, str) and any(mark in words for mark in _MARKS_OF_JAVASCRIPT):
        return _javascript(words, result, exact)
    name, argument = _name_and_argument(words)
    ready = _ready_made(name)
    if takes not in ready.takes:
        suits = ", ".join(sorted(ready.takes))
        raise WrongModifier(f"{name!r} works on {suits} columns, not on {takes}")
    if ready.argument is None and argument is not None:
        raise WrongModifier(f"{name!r} has no argument")
    apply = ready.build(argument, collection)
    return Modifier(json.dumps({name: argument}, sort_keys=True), ready.gives, lambda: apply)


def _name_and_argument(words: Any) -> tuple[str, Any]:
    if isinstance(words, str):
        return words, None
    if isinstance(words, dict) and len(words) == 1:
        name, argument = next(iter(words.items()))
        return name, argument
    raise WrongModifier("a modifier is a name, one `name: argument`, JavaScript (data => ...), or a list of these")


def _ready_made(name: str) -> ReadyMade:
    for one in READY_MADE:
        if one.name == name:
            return one
    names = tuple(one.name for one in READY_MADE)
    raise WrongModifier(f"unknown modifier {name!r} (JavaScript is written as data => ...)", name, names)


def _javascript(source: str, result: Type, exact: bool) -> Modifier:
    """`exact`: what comes of money holds no fraction of binary places, at any depth."""
    try:
        check(source)  # what cannot be used shows now, before anything is sent
    except ModifierFailed as failed:
        raise WrongModifier(str(failed)) from None

    def start() -> Apply:
        function = Function(source)
        typed = _without_fractions if exact and result == Type.JSON else _as_it_is
        return lambda value, record: typed(_of_type(function(value), result))

    return Modifier(source, result, start)


def _as_it_is(value: Any) -> Any:
    return value


def _without_fractions(value: Any) -> Any:
    if isinstance(value, float):
        raise ModifierFailed("the modifier gave a fraction, which money never is; give decimal text, or a whole number")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _without_fractions(one)
    return value


def _of_type(value: Any, wanted: Type) -> Any:
    if value is None or wanted == Type.JSON:
        return value
    if wanted == Type.DECIMAL:
        return _decimal(value)
    is_right = isinstance(value, _PYTHON_TYPES[wanted]) and (wanted == Type.BOOLEAN or not isinstance(value, bool))
    if not is_right:
        given = _KINDS.get(type(value), "an object")
        raise ModifierFailed(f"the modifier gave {given}, not {wanted}; give {wanted}, or state its `type`")
    return float(value) if wanted == Type.REAL else value


def is_decimal(value: Any) -> bool:
    """Decimal text and whole numbers are exact; a fraction (a float) is not."""
    if isinstance(value, str):
        return _DECIMAL.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _decimal(value: Any) -> Decimal:
    if is_decimal(value):
        return Decimal(value)
    given = "text that is no decimal" if isinstance(value, str) else _KINDS.get(type(value), "an object")
    raise ModifierFailed(f"the modifier gave {given}, not decimal; give decimal text, such as n.toFixed(2)")
