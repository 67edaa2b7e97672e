"""Reading what is nearly JSON, record by record, so that one bad record never spoils its page.

A page is cut at the commas and brackets outside of its strings, without looking into the records. Good records
stay the bytes they were. Of the others, what Python's reader takes is written anew (NaN and Infinity as text, raw
control characters as escapes, what is no character as U+FFFD); in place of one that nothing can read stands an
object with its id and the reason, which its contract rejects by name.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from ipaas_dagster.records import UNREADABLE

DEEPEST = 200
"""Levels of nesting of a record; what reads it later gives up somewhat above (DuckDB, Python)."""
LARGEST = 24_000_000
"""Bytes of a record: what DuckDB's reader takes in one line, with room to spare."""

LONGEST_NUMBER = 300
"""Digits: longer ones are no numbers to Python, and of no use as numbers to anybody."""

_LONG_NUMBER = re.compile(rb"[0-9]{%d}" % LONGEST_NUMBER)
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]', re.DOTALL)
_OPEN, _CLOSE = b"[{", b"]}"


class NotWhole(Exception):
    """The text ends before its brackets do, or is no list or object at all."""


def members(text: bytes) -> dict[bytes, bytes]:
    """The members of the object that `text` is: name (as written, unquoted) -> value. Raises NotWhole."""
    found = {}
    for part in parts(text):
        name = _TOKEN.match(part)
        if name is not None and part[:1] == b'"':
            found[name.group()[1:-1]] = part[name.end() :].lstrip().removeprefix(b":").strip()
    return found


def parts(text: bytes) -> list[bytes]:
    """What stands between the commas of the list or object that `text` is. Raises NotWhole."""
    text = text.strip()
    depth, start, found = 0, 1, []
    for token in _TOKEN.finditer(text):
        sign = token.group()
        depth += (sign in _OPEN) - (sign in _CLOSE) if len(sign) == 1 else 0
        if depth == 0 and token.end() != len(text):
            raise NotWhole
        if depth == 0 or (depth == 1 and sign == b","):
            found.append(text[start : token.start()].strip())
            start = token.end()
    if depth or not found:
        raise NotWhole
    return found if found != [b""] else []


def depth_of(text: bytes) -> int:
    """How deep lists and objects are nested."""
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if len(sign) == 1:
            depth += (sign in _OPEN) - (sign in _CLOSE)
            deepest = max(deepest, depth)
    return deepest


def readable(record: bytes) -> tuple[bytes, str]:
    """The record as valid JSON in UTF-8 that all that follows can read, and what was done to it ("": nothing)."""
    why = _too_much(record)
    if why:
        return stand_in(record, why), why
    if _is_strict(record):
        return record, ""
    constants: list[str] = []
    try:
        repaired = msgspec.json.encode(_encodable(loads(record, constants)))
    except (ValueError, RecursionError) as error:
        why = f"is not JSON ({error.msg})" if isinstance(error, json.JSONDecodeError) else "cannot be read"
        return stand_in(record, why), why
    named = ", ".join(
        sorted({constant if len(constant) < 20 else "a number of hundreds of digits" for constant in constants})
    )
    return repaired, f"{named} written as text" if named else "written anew"


def loads(record: bytes, constants: list[str] | None = None) -> Any:
    """As Python reads it; numbers keep their spelling, and NaN and its like become text, noted in `constants`."""

    def as_text(constant: str) -> str:
        if constants is not None:
            constants.append(constant)
        return constant

    def as_written(number: str) -> msgspec.Raw | str:
        return msgspec.Raw(number.encode()) if len(number) < LONGEST_NUMBER else as_text(number)

    text = record.decode("utf-8", "replace")
    return json.loads(text, strict=False, parse_constant=as_text, parse_float=as_written, parse_int=as_written)


def stand_in(record: bytes, why: str) -> bytes:
    """What is landed in place of a record that cannot be read, or not be searched for secrets: its id and why.
    Nothing else of it, since nobody can tell what it holds."""
    try:
        found = members(record)
    except NotWhole:
        found = {}
    kept: dict[str, Any] = {}
    if _is_id(found.get(b"id", b"")):
        kept["id"] = msgspec.Raw(found[b"id"])
    return msgspec.json.encode({**kept, UNREADABLE: f"{why}; {len(record):,} bytes were left out"})


def is_handy(record: bytes) -> bool:
    """Whether a record of valid JSON is one that all that follows can handle: a quick look, which errs to no."""
    small = len(record) <= LARGEST and record.count(b"[") + record.count(b"{") <= DEEPEST
    return small and not _LONG_NUMBER.search(record)


def _too_much(record: bytes) -> str:
    if len(record) > LARGEST:
        return f"is larger than {LARGEST // 1_000_000} MB"
    if record.count(b"[") + record.count(b"{") > DEEPEST and depth_of(record) > DEEPEST:
        return f"is nested deeper than {DEEPEST} levels"
    return ""


def _is_strict(record: bytes) -> bool:
    if _LONG_NUMBER.search(record):
        return False
    try:
        record.decode()
        msgspec.json.decode(record, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True


def _is_id(value: bytes) -> bool:
    return len(value) <= 400 and value[:1] not in _OPEN and _is_strict(value) and value not in (b"true", b"false")


def _encodable(value: Any) -> Any:
    """Lone surrogates, which no UTF-8 text can hold, become U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_encodable(name): _encodable(item) for name, item in value.items()}
    return value
