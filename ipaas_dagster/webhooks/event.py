"""One event of a webhook, and how its words are taken out of JSON and tested."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ipaas_dagster.webhooks.convention import Convention

LONGEST = 200
"""Characters of an id, a collection's or method's name."""

_METHODS = {
    "create": "create", "created": "create", "insert": "create", "inserted": "create", "new": "create",
    "post": "create", "added": "create",
    "update": "update", "updated": "update", "change": "update", "changed": "update", "modified": "update",
    "put": "update", "patch": "update", "merge": "update", "merged": "update", "void": "update", "voided": "update",
    "delete": "delete", "deleted": "delete", "remove": "delete", "removed": "delete", "destroyed": "delete",
}  # fmt: skip

SAYS = "says:"
"""Begins the id of an event whose sender gives none: what it says may be said again of a later change."""
NAME = re.compile(r"[\w. -]+")
ID = re.compile(r"[\w.:@ -]+")


class Unreadable(Exception):
    """The body says nothing that is understood. The words go to the sender, and repeat nothing of the body."""


class Event(NamedTuple):
    """A hint. `collection` is the source's name of it, or another system's own word in small letters; `method` is
    `create`, `update`, `delete`, or what else the sender calls it."""

    event_id: str
    collection: str
    record_id: str
    method: str


def named(convention: Convention, collection: str) -> str:
    """The collection that is meant by a name."""
    low = collection.strip().lower()
    return convention.names.get(low, low)


def method(told: Any) -> str:
    """`create`, `update` or `delete`; another word as it is, in small letters; `unknown` where there is none."""
    low = told.strip().lower()[:LONGEST] if isinstance(told, str) else ""
    return _METHODS.get(low, low if NAME.fullmatch(low) else "unknown")


def at(document: Any, path: str) -> Any:
    """What stands at `data.object.id`; None where there is nothing. An empty path is the document itself."""
    for part in path.split(".") if path else ():
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def word(value: Any, where: str, form: re.Pattern[str] = ID) -> str:
    """A short text or whole number as text. Raises Unreadable naming the place."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST or not form.fullmatch(text):
        raise Unreadable(f"{where} holds no id or name")
    return text


def digest(value: Any) -> str:
    """A name for what a value says."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:40]
