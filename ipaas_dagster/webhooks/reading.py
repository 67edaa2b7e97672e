"""From a verified body to events: which record of which collection, and what is said to have happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ipaas_dagster.webhooks.convention import Convention
from ipaas_dagster.webhooks.event import NAME, SAYS, Event, Unreadable, at, digest, method, named, word
from ipaas_dagster.webhooks.intuit import intuit_events

MOST_EVENTS = 1_000
"""In one request."""


def read_events(convention: Convention, event_id: str, body: bytes) -> list[Event]:
    """The events of one request; none where all are of other accounts. `event_id`: from its headers, or empty.

    Raises Unreadable.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unreadable("the body is not JSON") from None
    intuit = convention.name == "intuit"
    events = list(intuit_events(convention, document) if intuit else by_paths(convention, document, event_id))
    if len(events) > MOST_EVENTS:
        raise Unreadable(f"more than {MOST_EVENTS:,} events in one request")
    return events


def by_paths(convention: Convention, document: Any, event_id: str) -> Iterator[Event]:
    """As the preset's paths say. Where no method has a path, it is what follows the kind's last full stop."""
    found = at(document, convention.events_path)
    given = found if isinstance(found, list) else [found]
    for number, one in enumerate(given, 1):
        kind = word(at(one, convention.collection_path), convention.collection_path, NAME)
        before, stop, after = kind.rpartition(".")
        split = bool(stop) and not convention.method_path
        yield Event(
            _id(convention, one, event_id, number if len(given) > 1 else None),
            named(convention, before if split else kind),
            word(at(one, convention.record_path), convention.record_path),
            method(at(one, convention.method_path) if convention.method_path else after),
        )


def _id(convention: Convention, event: Any, request_id: str, number: int | None) -> str:
    """Its own; else that of the request, with its place where there are several; else what it says."""
    if convention.event_id_path:
        return word(at(event, convention.event_id_path), convention.event_id_path)
    if not request_id:
        return SAYS + digest(event)
    return request_id if number is None else f"{request_id}#{number}"
