"""A record from a request: every field known and of its type, or a problem that names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.ipaas_com.models import OF_SERVER, Model
from ipaas_dagster.sandbox.ipaas_com.problems import invalid, missing, unknown_field
from ipaas_dagster.sandbox.ipaas_com.settings import Settings

Record = dict[str, Any]
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_COMMON = frozenset({"tracking_guid"})
LARGEST_ID = 2**63


def read_record(model: Model, given: Any, settings: Settings, where: str = "") -> Record:
    """Typed values of what was sent; null is a field that is to be empty. Lists of records stay as they are sent,
    but for being lists of objects. Raises Problem for the first wrong one."""
    if not isinstance(given, dict):
        raise invalid(f"{where or model.name} must be a JSON object.")
    found: Record = {}
    for name, value in given.items():
        label = f"{where}{name}"
        if name in model.types:
            found[name] = None if value is None else _READERS[model.types[name]](value, label, settings)
        elif name in model.lists or name in ("external_ids", "custom_fields"):
            found[name] = _objects(value, label)
        elif name not in OF_SERVER | _COMMON and settings.unknown_fields == "refused":
            raise unknown_field(label)
    for one in found.get("custom_fields", ()):
        if not isinstance(one.get("custom_field_name"), str) or not one["custom_field_name"]:
            raise missing(f"{where}custom_fields.custom_field_name")
    return found


def check_required(model: Model, record: Mapping[str, Any], where: str = "") -> None:
    for name in model.required:
        if record.get(name) in (None, ""):
            raise missing(f"{where}{name}")


def read_external_ids(given: list[Record], where: str) -> list[tuple[int, str]]:
    """(system id, external id) of each. Raises Problem."""
    found = []
    for one in given:
        system_id, external_id = one.get("system_id"), one.get("external_id")
        if isinstance(system_id, bool) or not isinstance(system_id, int) or system_id <= 0:
            raise invalid(f"{where}external_ids.system_id must be a whole number above 0.")
        if not isinstance(external_id, str) or not external_id:
            raise missing(f"{where}external_ids.external_id")
        found.append((system_id, external_id))
    return found


def _text(value: Any, label: str, settings: Settings) -> str:
    if not isinstance(value, str):
        raise invalid(f"The field {label} must be text.")
    if settings.longest_text is not None and len(value) > settings.longest_text:
        raise invalid(f"The field {label} is longer than {settings.longest_text} characters.")
    return value


def _mail(value: Any, label: str, settings: Settings) -> str:
    text = _text(value, label, settings)
    if text and not _EMAIL.fullmatch(text):
        raise invalid(f"The field {label} is not a valid e-mail address.")
    return text


def _number(value: Any, label: str, settings: Settings) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise invalid(f"The field {label} must be a number.")
    return Decimal(value)


def _whole(value: Any, label: str, settings: Settings) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -LARGEST_ID <= value < LARGEST_ID:
        raise invalid(f"The field {label} must be a whole number.")
    return value


def _flag(value: Any, label: str, settings: Settings) -> bool:
    if not isinstance(value, bool):
        raise invalid(f"The field {label} must be true or false.")
    return value


def _time(value: Any, label: str, settings: Settings) -> str:
    text = _text(value, label, settings)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"The field {label} must be a time.") from None
    return text


def _object(value: Any, label: str, settings: Settings) -> Record:
    if not isinstance(value, dict):
        raise invalid(f"The field {label} must be an object.")
    return value


def _objects(value: Any, label: str, settings: Settings | None = None) -> list[Record]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid(f"The field {label} must be a list of objects.")
    return value


_READERS: Mapping[str, Callable[[Any, str, Settings], Any]] = {
    "s": _text,
    "m": _mail,
    "n": _number,
    "i": _whole,
    "b": _flag,
    "t": _time,
    "o": _object,
    "l": _objects,
}
