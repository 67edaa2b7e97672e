"""Whether a record that is there is the one that was written, whichever of its documented forms it comes in.

A field that is absent on either side says nothing. Empty text and null are the same, times are compared as moments,
currencies by what they mean, contacts as a set of people, lines in their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ipaas_dagster.contracts import currency
from ipaas_dagster.destinations.instagaze.objects import ADDRESS, LINE, Field, Written

Form = tuple[Any, ...]
"""A record's values in the order of its object's fields, comparable with `==`."""
ABSENT = ...


def form_of(written: Written, record: Mapping[str, Any]) -> Form:
    """Of a record as it is read, or of a body as it is written."""
    return _form(written.fields, record)


def key_of(written: Written, form: Form) -> Form | None:
    """What records that could be the same share; None where the record does not say it."""
    values = tuple(form[written.position(name)] for name in written.key)
    return None if ABSENT in values else values


def number_of(written: Written, form: Form) -> Any:
    """What people number it by; None where it has none."""
    return None if written.number is None else form[written.position(written.number)]


def equal(ours: Form, theirs: Form) -> bool:
    return all(a == b for a, b in zip(ours, theirs, strict=True) if a is not ABSENT and b is not ABSENT)


def fits(ours: Form, theirs: Form) -> bool:
    """As `equal`, but what is empty in ours may have been filled there with a default."""
    pairs = zip(ours, theirs, strict=True)
    return all(a == b for a, b in pairs if a is not ABSENT and b is not ABSENT and not _empty(a))


def differing(written: Written, ours: Form, theirs: Form) -> list[str]:
    """Names of the fields that are there with other values than those that were written."""
    pairs = zip(written.fields, ours, theirs, strict=True)
    return [field.name for field, a, b in pairs if a is not ABSENT and b is not ABSENT and a != b]


def _form(fields: Sequence[Field], record: Mapping[str, Any]) -> Form:
    return tuple(_value(field, record) for field in fields)


def _value(field: Field, record: Mapping[str, Any]) -> Any:
    for name in (field.name, *field.spellings):
        if name in record:
            return _READ[field.type](record[name])
    return ABSENT


def _empty(value: Any) -> bool:
    """Nothing, or nothing but nothing."""
    return value is None or (isinstance(value, tuple) and all(_empty(one) for one in value if one is not ABSENT))


def _text(value: Any) -> Any:
    return str(value) if value not in (None, "") and not isinstance(value, bool | dict | list) else value or None


def _whole(value: Any) -> Any:
    try:
        return int(value) if value not in (None, "") and int(value) == float(value) else value or None
    except (TypeError, ValueError, OverflowError):
        return value


def _real(value: Any) -> Any:
    try:
        return None if value in (None, "") else float(value)
    except (TypeError, ValueError):
        return value


def _time(value: Any) -> Any:
    """Milliseconds since 1970: no finer time is documented."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and value else value
    except ValueError:
        return value
    if not isinstance(moment, datetime):
        return moment or None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def _currency(value: Any) -> Any:
    said = (value.get("name") or value.get("prefix")) if isinstance(value, dict) else value
    return (currency.resolve(said) or said) if isinstance(said, str) else said


def _object(value: Any) -> Mapping[str, Any]:
    """An address that is one text is its street."""
    if isinstance(value, str):
        return {"street": value}
    return value if isinstance(value, dict) else {}


def _address(value: Any) -> Form:
    """What an address leaves out is empty."""
    given = _object(value)
    return tuple(None if (found := _value(field, given)) is ABSENT else found for field in ADDRESS)


def _list(value: Any) -> list[Any]:
    """Also where it comes as a JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    return value if isinstance(value, list) else [] if value is None else [value]


def _contacts(value: Any) -> Form:
    people = [one for one in _list(value) if isinstance(one, dict) and one.get("is_deleted") is not True]
    return tuple(sorted({(one.get("name") or "", one.get("email") or "") for one in people}, key=str))


def _lines(value: Any) -> Form:
    return tuple(_form(LINE, _object(one)) for one in _list(value))


def _frequency(value: Any) -> Any:
    """Its id, which is all that is written."""
    its_id = value.get("id") if isinstance(value, dict) else None
    return _text(its_id) if value is not None and its_id is not None else ABSENT


_READ: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "whole": _whole,
    "real": _real,
    "flag": lambda value: value,
    "time": _time,
    "currency": _currency,
    "id": _text,
    "address": _address,
    "contacts": _contacts,
    "lines": _lines,
    "frequency": _frequency,
}
