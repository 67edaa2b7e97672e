"""Why a record that another one refers to is not owed to a system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ipaas_dagster.outbox.rendering import Renders

if TYPE_CHECKING:
    from ipaas_dagster.hub import Hub


def why_absent(hub: Hub, routes: Sequence[Renders], collection: str, hub_ids: Sequence[str]) -> dict[str, str]:
    """`routes` are all of the system; the hub is asked for these records of one collection."""
    found = hub.records(collection, hub_ids)
    routed = any(route.collection == collection for route in routes)
    reasons = {}
    for hub_id in hub_ids:
        record = found.get(hub_id)
        if record is None:
            reasons[hub_id] = "is not in the hub: it never came, or was rejected (ipaas rejects list)"
        elif record.operation == "delete":
            reasons[hub_id] = "was deleted"
        else:
            reasons[hub_id] = "is filtered out by its route" if routed else "has no route to the system"
    return reasons
