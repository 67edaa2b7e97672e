"""Which properties a record may have, of what type and length, and reading them from a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ipaas_dagster.sandbox.quickbooks.money import number
from ipaas_dagster.sandbox.quickbooks.problems import Problem, too_long, unsupported

Record = dict[str, Any]
KEPT_BY_SERVER = frozenset({"Id", "SyncToken", "MetaData", "domain", "sparse", "status"})
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")


@dataclass(frozen=True)
class Properties:
    """Types by name; `computed` may be sent, as clients do who send back what they read, and is ignored.

    `lengths` are by dotted path. Every property of an object that is not listed here is stored as it is.
    """

    types: Mapping[str, str]
    computed: frozenset[str]
    lengths: Mapping[str, int]

    def read(self, given: Record) -> Record:
        """What was sent, typed; None is a property that is to be empty. Raises Problem for the first wrong one."""
        found: Record = {}
        for name, value in given.items():
            kind = self.types.get(name)
            if kind is not None:
                found[name] = _READERS[kind](value, name)
            elif name not in KEPT_BY_SERVER and name not in self.computed:
                raise unsupported(name)
        self._measure(found)
        return found

    def _measure(self, found: Record) -> None:
        for path, longest in self.lengths.items():
            first, _, second = path.partition(".")
            value = found.get(first)
            if second and isinstance(value, dict):
                value = value.get(second)
            if isinstance(value, str) and len(value) > longest:
                raise too_long(first, longest, len(value))


def properties(text: str, computed: str = "", lengths: str = "") -> Properties:
    """From words: `s:Name Notes b:Active`; lengths `Name=100 BillAddr.Line1=500`."""
    types: dict[str, str] = {}
    kind = ""
    for word in text.split():
        mark, _, name = word.rpartition(":")
        kind = mark or kind
        types[name] = kind
    measured = {path: int(longest) for path, longest in (word.split("=") for word in lengths.split())}
    return Properties(types, frozenset(computed.split()), measured)


def _string(value: Any, name: str) -> str | None:
    if isinstance(value, dict | list):
        raise unsupported(name)
    text = str(value) if value is not None else ""
    return text or None


def _name(value: Any, name: str) -> str | None:
    """A name: without the characters that would separate names, and without spaces around it."""
    text = (_string(value, name) or "").strip(" ")
    if any(mark in text for mark in ":\t\n"):
        raise Problem(
            "2040", f"Element contains invalid characters: {name} must not have a colon, tab or newline", name
        )
    return text or None


def _flag(value: Any, name: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    flags = {"true": True, "false": False, "": None}
    if not isinstance(value, str) or value not in flags:
        raise Problem("2230", f"The boolean value is not valid. Supplied value:{value}", name)
    return flags[value]


def _number(value: Any, name: str) -> Any:
    return None if value is None or value == "" else number(value, name)


def _date(value: Any, name: str) -> str | None:
    text = _string(value, name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise Problem("2070", f"The date value must be a valid value. Supplied value:{text[:40]}", name) from None


def reference(value: Any, name: str) -> Record | None:
    """`{"value": id, ...}`; without a value it is none. The name beside it is not looked at, as QuickBooks does."""
    if value is None or value == "":
        return None
    if not isinstance(value, dict) or isinstance(value.get("value"), dict | list):
        raise unsupported(name)
    given = value.get("value")
    return None if given in (None, "") else {"value": str(given)}


def _object(value: Any, name: str) -> Record | None:
    if value in (None, ""):
        return None
    if not isinstance(value, dict):
        raise unsupported(name)
    return {key: one for key, one in value.items() if one not in (None, "")}


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise unsupported(name)
    return value


def _email(value: Any, name: str) -> Record | None:
    read = _object(value, name)
    address = (read or {}).get("Address")
    if not address:
        return None
    if not all(_EMAIL.fullmatch(one.strip()) for one in str(address).split(",")):
        raise Problem(
            "2210", f"Email Address does not conform to the RFC 822. Supplied value:{str(address)[:60]}", name
        )
    return read


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "s": _string,
    "m": _name,
    "b": _flag,
    "n": _number,
    "d": _date,
    "r": reference,
    "o": _object,
    "l": _list,
    "e": _email,
}
