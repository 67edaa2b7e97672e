"""A record's change as the body of an event.

    {"type": "customers.updated", "timestamp": when the hub took the change, "data": {the template's fields, hub_id,
     version, epoch}}

The bytes are those of the entry alone, so a plan, a first attempt and a repeat send the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import Entry, Shape
from ipaas_dagster.destinations.webhook.preset import Content
from ipaas_dagster.errors import SettingsError

PING = "ipaas.ping"
_OWN = ("hub_id", "version", "epoch")
_TYPE = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")

_sorted = msgspec.json.Encoder(order="sorted").encode


def event_type(entry: Entry) -> str:
    """`created` is the first that this receiver is told of the record, also after it was deleted."""
    if entry.operation == "delete":
        return f"{entry.object}.deleted"
    return f"{entry.object}.{'created' if entry.external_id is None else 'updated'}"


def body_of(entry: Entry, content: Content) -> bytes:
    """`thin`: which record it is, and nothing of what it holds. Decimals are text, times ISO 8601 in UTC."""
    fields = entry.payload if content == "full" and entry.payload is not None else {}
    own = {"hub_id": entry.hub_id, "version": entry.version, "epoch": entry.epoch}
    return _event(event_type(entry), {**fields, **own}, {"timestamp": entry.changed_at} if entry.changed_at else {})


def ping_of(system: str) -> bytes:
    return _event(PING, {"system": system}, {})


def message_of(type: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """An event that is about no record."""
    return _event(type, data, {"timestamp": at})


def _event(type: str, data: Mapping[str, Any], when: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"type": type, **when, "data": msgspec.Raw(_sorted(data))})


def refuse_shape(system: str, shape: Shape) -> None:
    """Raises SettingsError where a template cannot be told as events."""
    if not _TYPE.fullmatch(shape.object):
        raise SettingsError(
            f"{system}: {shape.collection} go to the object {shape.object!r}; it begins the event's type, so it may "
            "have letters, digits, _ and full stops between them"
        )
    taken = [name for name in _OWN if name in shape.fields and name not in (shape.key, shape.hub_id_field)]
    if taken:
        raise SettingsError(
            f"{system}: the template of {shape.collection} has a field {taken[0]!r}, which every event has of its own"
        )
