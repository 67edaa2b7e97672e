"""Which records are sent: declarative conditions on columns, checked on load, all of which must hold.

An empty column equals nothing and is in no list, is above and below nothing; it does not equal everything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.mapping.declared import Declared, Where

if TYPE_CHECKING:
    from ipaas_dagster.mapping.language import ConditionWords

Passes = Callable[[Any], bool]

_TYPES: dict[Type, tuple[str, type]] = {
    Type.TEXT: ("text", str),
    Type.REFERENCE: ("text", str),
    Type.INTEGER: ("a whole number", int),
    Type.MONEY: ("a whole number (minor units)", int),
    Type.REAL: ("a number", float),
    Type.BOOLEAN: ("true or false", bool),
    Type.TIME: ("a time such as 2026-01-31T00:00:00Z", datetime),
}
_ORDERED = (Type.INTEGER, Type.MONEY, Type.REAL, Type.TIME)


@dataclass(frozen=True)
class Condition:
    """`words` is what was declared, for the digest and for people."""

    column: str
    words: str
    passes: Passes


@dataclass(frozen=True)
class Filter:
    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)

    def __add__(self, other: Filter) -> Filter:
        return Filter(self.conditions + other.conditions)

    @property
    def words(self) -> list[list[str]]:
        """What was declared, in one order, for the template's digest."""
        return sorted([condition.column, condition.words] for condition in self.conditions)

    @property
    def in_words(self) -> str:
        """For people: `currency is USD, paid_minor at least 1`; empty where every record is sent."""
        return ", ".join(_in_words(condition) for condition in self.conditions)

    def passes(self, record: Mapping[str, Any]) -> bool:
        return all(condition.passes(record[condition.column]) for condition in self.conditions)


_WORDS = {"equals": "is", "not_equals": "is not", "in": "is one of", "not_in": "is none of"}


def _in_words(condition: Condition) -> str:
    name, given = json.loads(condition.words)
    if name == "not_null":
        return f"{condition.column} {'is given' if given else 'is empty'}"
    shown = " ".join(str(one) for one in given) if isinstance(given, list) else str(given)
    return f"{condition.column} {_WORDS.get(name, name.replace('_', ' '))} {shown}"


def read_filter(
    words: Mapping[str, ConditionWords], columns: Mapping[str, Type], declared: Declared, where: Where
) -> Filter:
    """The filter that stands at `where`; `columns` are the names it may use. Raises DeclarationError."""
    made: list[Condition] = []
    for column, condition in words.items():
        here = (*where, column)
        if column not in columns:
            raise declared.error(here, f"unknown column {column!r}", given=column, allowed=tuple(columns))
        made.extend(_conditions(column, columns[column], condition, declared, here))
    return Filter(tuple(made))


def _conditions(column: str, type_: Type, words: ConditionWords, declared: Declared, here: Where) -> list[Condition]:
    if not words.model_fields_set:
        raise declared.error(here, f"the condition on {column!r} says nothing")
    made = []
    for name in words.model_fields_set:
        alias = type(words).model_fields[name].alias or name
        try:
            passes = _passes(name, getattr(words, name), type_)
        except ValueError as error:
            raise declared.error((*here, alias), f"{alias!r} on {column!r} {error}") from None
        made.append(Condition(column, json.dumps([alias, getattr(words, name)]), passes))
    return sorted(made, key=lambda condition: condition.words)


def _passes(name: str, given: Any, type_: Type) -> Passes:
    """Raises ValueError with the end of a sentence."""
    if given is None:
        raise ValueError("has no value; ask for an empty column with `not_null: false`")
    if name == "not_null":
        return (lambda value: value is not None) if given else (lambda value: value is None)
    if type_ == Type.JSON:
        raise ValueError("cannot look into a JSON column; only not_null can be asked")
    if name in ("one_of", "none_of"):
        values = frozenset(_constant(one, type_) for one in given)
        return (lambda value: value in values) if name == "one_of" else (lambda value: value not in values)
    constant = _constant(given, type_)
    if name in ("at_least", "at_most") and type_ not in _ORDERED:
        raise ValueError("needs a column with an order: a number or a time")
    made: dict[str, Passes] = {
        "equals": lambda value: value == constant,
        "not_equals": lambda value: value != constant,
        "at_least": lambda value: value is not None and value >= constant,
        "at_most": lambda value: value is not None and value <= constant,
    }
    return made[name]


def _constant(given: Any, type_: Type) -> Any:
    says, wanted = _TYPES[type_]
    if type_ == Type.TIME and isinstance(given, str):
        return _time(given)
    if type_ == Type.REAL and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    if not isinstance(given, wanted) or (isinstance(given, bool) and wanted is not bool):
        raise ValueError(f"must be {says}; ask for an empty column with `not_null: false`")
    return given


def _time(given: str) -> datetime:
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError("must be a time such as 2026-01-31T00:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
