"""Values of fields: what a text in a request means, and how a value is written in an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

Value: TypeAlias = "str | int | Decimal | date | datetime | tuple[Mapping[str, str], ...]"
Record: TypeAlias = "Mapping[str, Value]"

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,10})?")
_DATE = "%m/%d/%Y"
_TIME = "%m/%d/%Y %H:%M:%S"
CENT = Decimal("0.01")


def number(text: str) -> Decimal:
    """Raises ValueError for what is not a plain decimal number: no exponents, no separators."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not a number")
    return Decimal(text)


def money(text: str) -> Decimal:
    """Raises ValueError for an amount that has parts of a cent."""
    amount = number(text)
    if amount != amount.quantize(CENT):
        raise ValueError(f"{text} has more than two decimals")
    return amount.quantize(CENT)


def whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text):
        raise ValueError(f"{text} is not a whole number")
    return int(text)


def flag(text: str) -> str:
    if text not in ("true", "false"):
        raise ValueError(f"{text} is neither true nor false")
    return text


def day(text: str) -> date:
    """MM/DD/YYYY."""
    return datetime.strptime(text, _DATE).replace(tzinfo=UTC).date()


def moment(text: str) -> datetime:
    """MM/DD/YYYY HH:MM:SS, or only the day. UTC."""
    return datetime.strptime(text, _TIME if " " in text else _DATE).replace(tzinfo=UTC)


PARSE: Mapping[str, Callable[[str], Value]] = {
    "text": str,
    "number": number,
    "money": money,
    "whole": whole,
    "flag": flag,
    "day": day,
    "moment": moment,
}


def show(value: Value | None) -> str:
    """As it stands in an answer; empty for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime(_TIME)
    if isinstance(value, date):
        return value.strftime(_DATE)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, str) else str(value)


def blank(value: Value | None) -> bool:
    return value is None or value == "" or value == ()
