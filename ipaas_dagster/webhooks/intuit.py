"""QuickBooks' notifications: the older form, and CloudEvents, which replaces it.

Neither says when it was sent, so what somebody recorded and sends again is genuine: it is known by its id, which in the
older form is a digest of all that an entity says (company, name, id, operation, time of the change).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ipaas_dagster.webhooks.convention import Convention
from ipaas_dagster.webhooks.event import NAME, Event, Unreadable, at, digest, method, named, word


def intuit_events(convention: Convention, document: Any) -> Iterator[Event]:
    """One app gets the notifications of all companies it is connected to: those of others are passed over. Raises
    Unreadable."""
    if isinstance(document, list):
        yield from (_cloud_event(convention, one) for one in document if _is_ours(convention, one, "intuitaccountid"))
        return
    notifications = at(document, "eventNotifications")
    if not isinstance(notifications, list):
        raise Unreadable("eventNotifications is no list, and the body is none of CloudEvents")
    for one in notifications:
        if _is_ours(convention, one, "realmId"):
            yield from _entities(convention, one)


def _is_ours(convention: Convention, event: Any, field: str) -> bool:
    if not isinstance(event, Mapping):
        raise Unreadable("an event is no object")
    return not convention.account or str(event.get(field)) == convention.account


def _entities(convention: Convention, notification: Mapping[str, Any]) -> Iterator[Event]:
    entities = at(notification, "dataChangeEvent.entities")
    if not isinstance(entities, list):
        raise Unreadable("dataChangeEvent.entities is no list")
    for one in entities:
        name = word(at(one, "name"), "name", NAME)
        event_id = digest([notification.get("realmId"), one])
        yield Event(event_id, named(convention, name), word(at(one, "id"), "id"), method(at(one, "operation")))


def _cloud_event(convention: Convention, event: Mapping[str, Any]) -> Event:
    """`type` is qbo.invoice.created.v1."""
    parts = word(at(event, "type"), "type", NAME).split(".")
    if len(parts) < 3:
        raise Unreadable("type is not like qbo.invoice.created.v1")
    record = word(at(event, "intuitentityid"), "intuitentityid")
    return Event(word(at(event, "id"), "id"), named(convention, parts[1]), record, method(parts[2]))
