"""The modifiers that need no JavaScript. Adding one is a function and an entry in READY_MADE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.contracts.currency import EXPONENTS
from ipaas_dagster.mapping.javascript import ModifierFailed

Apply = Callable[[Any, Mapping[str, Any]], Any]
"""apply(value, hub record) -> value; the record is there for what belongs to it, such as its currency."""

_TEXTS = frozenset({Type.TEXT, Type.REFERENCE})


class WrongModifier(ValueError):
    """A modifier that cannot be used as it is declared; `allowed` are the names that would have been
    right."""

    def __init__(self, message: str, given: str | None = None, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.given, self.allowed = given, allowed


@dataclass(frozen=True)
class ReadyMade:
    """`takes` are the types it works on, `gives` that of its result. `build(argument, collection)` checks the argument,
    whose JSON Schema is `argument` (None: it has none)."""

    name: str
    description: str
    takes: frozenset[Type]
    build: Callable[[Any, Collection], Apply]
    argument: Mapping[str, Any] | None = None
    needs_argument: bool = False
    gives: Type = Type.TEXT


def minor_to_decimal(minor: int, currency: str) -> Decimal:
    """`1250, "USD"` -> 12.50; `1250, "JPY"` -> 1250; exact, with all places of the currency. Raises KeyError."""
    places = EXPONENTS[currency]
    digits = str(abs(minor)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return Decimal(f"-{text}" if minor < 0 else text)


def _minor_to_decimal(argument: Any, collection: Collection) -> Apply:
    column = "currency" if argument is None else argument
    names = tuple(c.name for c in collection.columns)
    if column not in names:
        raise WrongModifier(f"minor_to_decimal: {collection.name} has no column {column!r}", str(column), names)

    def apply(value: Any, record: Mapping[str, Any]) -> Decimal:
        currency = record[column]
        if not currency:
            raise ModifierFailed(f"the amount has no currency ({column} is empty)")
        if currency not in EXPONENTS:
            raise ModifierFailed(f"{column} is no ISO 4217 currency, so its minor unit is not known")
        return minor_to_decimal(value, currency)

    return apply


def _iso_date(argument: Any, collection: Collection) -> Apply:
    def apply(value: datetime, record: Mapping[str, Any]) -> str:
        return value.astimezone(UTC).date().isoformat()

    return apply


def _as_text(argument: Any, collection: Collection) -> Apply:
    return lambda value, record: f"{value:f}" if isinstance(value, Decimal) else str(value)


def _truncate(argument: Any, collection: Collection) -> Apply:
    if not isinstance(argument, int) or isinstance(argument, bool) or argument < 1:
        raise WrongModifier("truncate needs the number of characters to keep, such as `truncate: 80`")
    return lambda value, record: value[:argument]


def _upper(argument: Any, collection: Collection) -> Apply:
    return lambda value, record: value.upper()


def _lower(argument: Any, collection: Collection) -> Apply:
    return lambda value, record: value.lower()


def _empty_if_blank(argument: Any, collection: Collection) -> Apply:
    return lambda value, record: value if value.strip() else None


def _lookup(argument: Any, collection: Collection) -> Apply:
    values = argument.get("values") if isinstance(argument, dict) else None
    if not isinstance(values, dict) or not values or set(argument) - {"values", "otherwise"}:
        raise WrongModifier("lookup needs `values: {from: to, ...}` and may have `otherwise: value`")
    if not all(isinstance(one, str | None) for one in [*values.values(), argument.get("otherwise")]):
        raise WrongModifier("lookup gives text; write its values in quotes")
    table: dict[str, str | None] = dict(values)
    refuses, otherwise = "otherwise" not in argument, argument.get("otherwise")

    def apply(value: Any, record: Mapping[str, Any]) -> str | None:
        name = str(value).lower() if isinstance(value, bool) else str(value)
        if name not in table and refuses:
            raise ModifierFailed("the look-up table has no entry for this value, and no `otherwise`")
        return table.get(name, otherwise)

    return apply


_TABLE = {
    "type": "object",
    "properties": {
        "values": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "otherwise": {"type": ["string", "null"]},
    },
    "required": ["values"],
    "additionalProperties": False,
}

READY_MADE: tuple[ReadyMade, ...] = (
    ReadyMade(
        "minor_to_decimal",
        "minor units to an exact decimal: 1250 in USD is 12.50; the argument is the column with the currency "
        "(`currency` if absent)",
        frozenset({Type.MONEY}),
        _minor_to_decimal,
        {"type": "string"},
        gives=Type.DECIMAL,
    ),
    ReadyMade(
        "as_text",
        "the digits as text, for a system that wants amounts or numbers as text",
        frozenset({Type.DECIMAL, Type.INTEGER}),
        _as_text,
    ),
    ReadyMade("iso_date", "the day in UTC: 2026-01-31", frozenset({Type.TIME}), _iso_date),
    ReadyMade("truncate", "the first so many characters", _TEXTS, _truncate, {"type": "integer", "minimum": 1}, True),
    ReadyMade(
        "empty_if_blank",
        "text of nothing but blanks counts as empty: `default` applies, `required` refuses it by name",
        _TEXTS,
        _empty_if_blank,
    ),
    ReadyMade("upper", "in capitals", _TEXTS, _upper),
    ReadyMade("lower", "in small letters", _TEXTS, _lower),
    ReadyMade(
        "lookup",
        "the counterpart in a table; a value that is not there rejects the record, or is the `otherwise`",
        _TEXTS | {Type.BOOLEAN, Type.INTEGER},
        _lookup,
        _TABLE,
        True,
    ),
)
