"""Values as they come in, as JSON or as text of a CSV, to values as they are stored.

Text is stored without the space around it, and none of it is null. An address of mail is stored in lower
case. A number is rounded to its field's scale. A time has whole seconds. Stored times are text as it is
answered; numbers are floats, but a Decimal where a float would lose digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ipaas_dagster.sandbox.salesforce.ids import whole_id
from ipaas_dagster.sandbox.salesforce.problems import Refusal
from ipaas_dagster.sandbox.salesforce.schema import Field

Reader = Callable[[Any], Any]
TEXTS = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"})
NUMBERS = frozenset({"currency", "double", "percent", "int"})
EXACT_FLOAT_DIGITS = 15
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*/=?^_+`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)")
_TRUE = frozenset({"true", "1", "yes", "y", "on"})
_FALSE = frozenset({"false", "0", "no", "n", "off"})


class NotThisType(Exception):
    """The value is not of the field's type at all."""


def text_reader(field: Field) -> Reader:
    """Reads a CSV's text. Raises NotThisType, or Refusal for a value of the type that the field does not take."""
    if field.type in TEXTS:
        return _text(field)
    if field.type in NUMBERS:
        return _number(field)
    return {"boolean": _flag, "date": _date, "datetime": time_text, "reference": _reference(field)}.get(
        field.type, _never
    )


def json_reader(field: Field) -> Reader:
    """Reads a JSON value; numbers that are no integers come as Decimal. Raises as `text_reader` does."""
    inner = text_reader(field)
    if field.type == "boolean":
        return _only_boolean
    accepted: tuple[type, ...] = (str,)
    if field.type in TEXTS or field.type in NUMBERS:
        accepted = (str, int, Decimal)

    def read(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, accepted) or (value is True or value is False):
            raise NotThisType
        return inner(value if type(value) is str else str(value))

    return read


def _only_boolean(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise NotThisType


def _never(value: str) -> Any:
    raise NotThisType


def _text(field: Field) -> Reader:
    limit, label, name = field.length, field.label, field.name

    def read(value: str) -> str | None:
        text = value.strip()
        if len(text) > limit:
            raise Refusal("STRING_TOO_LONG", f"{label}: data value too large: {text} (max length={limit})", (name,))
        return text or None

    def read_email(value: str) -> str | None:
        text = read(value)
        if text is not None and not _EMAIL.fullmatch(text):
            raise Refusal("INVALID_EMAIL_ADDRESS", f"{label}: invalid email address: {text}", (name,))
        return text.lower() if text else None

    def read_choice(value: str) -> str | None:
        text = read(value)
        if text is not None and text not in field.values:
            message = f"{label}: bad value for restricted picklist field: {text}"
            raise Refusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (name,))
        return text

    return read_email if field.type == "email" else read_choice if field.restricted else read


def _number(field: Field) -> Reader:
    scale = 0 if field.type == "int" else field.scale
    whole = 9 if field.type == "int" else field.precision - field.scale
    step = Decimal(1).scaleb(-scale)

    def read(value: str) -> float | int | Decimal | None:
        text = value.strip()
        if not text:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise NotThisType from None
        if not number.is_finite() or "_" in text:
            raise NotThisType
        if number and number.adjusted() >= whole:
            message = f"{field.label}: value outside of valid range on numeric field: {text}"
            raise Refusal("NUMBER_OUTSIDE_VALID_RANGE", message, (field.name,))
        return plain(number.quantize(step, ROUND_HALF_UP)) if field.type != "int" else int(number)

    return read


def plain(number: Decimal) -> float | Decimal:
    """The float that says the same; the Decimal itself if none does."""
    if number.adjusted() - int(number.as_tuple().exponent) < EXACT_FLOAT_DIGITS:
        return float(number)
    return float(number) if Decimal(repr(float(number))) == number else number


def _flag(value: str) -> bool:
    text = value.strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise NotThisType


def _date(value: str) -> str:
    if not _DATE.fullmatch(value):
        raise NotThisType
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise NotThisType from None


def time_text(value: str) -> str:
    """A time with its offset, to the second, as it is answered: 2026-01-31T10:00:00.000+0000."""
    found = _TIME.fullmatch(value)
    if found is None:
        raise NotThisType
    try:
        moment = datetime.fromisoformat(found[1] + ("+00:00" if found[2] == "Z" else found[2])).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotThisType from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000").rjust(28, "0")


def _reference(field: Field) -> Reader:
    def read(value: str) -> str | None:
        if not value:
            return None
        found = whole_id(value)
        if found is None:
            raise Refusal("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", (field.name,))
        return found

    return read
