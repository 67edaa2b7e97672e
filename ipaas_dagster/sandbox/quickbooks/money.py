"""Amounts: exact decimals from the request's text to the answer's, never a binary fraction between."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ipaas_dagster.sandbox.quickbooks.problems import Problem

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal(10) ** 12


def number(value: Any, element: str) -> Decimal:
    """A JSON number, or a text that is one. Raises Problem 2080 for anything else and for absurd sizes."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _malformed(value, element)
    try:
        read = Decimal(value)
    except InvalidOperation:
        raise _malformed(value, element) from None
    if not read.is_finite() or abs(read) >= LARGEST:
        raise _malformed(value, element)
    return read


def amount(value: Any, element: str) -> Decimal:
    """The same in whole cents, half cents rounded up."""
    return cents(number(value, element))


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _malformed(value: Any, element: str) -> Problem:
    return Problem("2080", f"The number format supplied is not valid. Supplied value:{str(value)[:40]}", element)
