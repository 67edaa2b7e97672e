"""Repairs of most of what a system holds wait for a person: it may be another system than yesterday.

The same measures as elsewhere: `IPAAS_HOLD_CHANGE_PERCENT` and `_RECORDS` for what is sent again, `IPAAS_HOLD_PERCENT`
and `_RECORDS` for what is deleted there. What was approved is found anew by the next comparison, and then goes.
"""

from __future__ import annotations

from sqlalchemy import func, select

from ipaas_dagster.completeness.looking import Looking
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.operations.tables import links
from ipaas_dagster.outbox import change_holds, differences
from ipaas_dagster.outbox.change_holds import ChangeHold, Kind

_KINDS: tuple[Kind, ...] = ("repairs", "deletes")


def held_repairs(looking: Looking) -> list[ChangeHold]:
    """The holds that are new; what is found less now lifts those of before."""
    route, project = looking.route, looking.project
    new = []
    with project.operations.write() as connection:
        found = differences.counted(connection, route.system, route.collection)
        mine = (links.c.system == route.system) & (links.c.collection == route.collection) & ~links.c.deleted
        alive = connection.scalar(select(func.count()).select_from(links).where(mine)) or 0
        for kind in _KINDS:
            records = found.get("extra", 0) if kind == "deletes" else sum(found.values()) - found.get("extra", 0)
            before = change_holds.read(connection, route.system, route.collection, kind)
            if not _guard(looking, kind).holds(records, alive):
                change_holds.lift(connection, route.system, route.collection, kind)
            elif before is None or before.state == "waiting":
                since = before.since if before else project.clock()
                hold = ChangeHold(route.system, route.collection, kind, records, alive, since)
                change_holds.write(connection, hold)
                new += [hold] if before is None else []
                looking.counts.held += records
    return new


def may_go(looking: Looking, kind: Kind) -> bool:
    """Whether these repairs are queued now; an approval is used up by it."""
    route = looking.route
    with looking.project.operations.write() as connection:
        hold = change_holds.read(connection, route.system, route.collection, kind)
        if hold is not None and hold.state == "approved":
            change_holds.lift(connection, route.system, route.collection, kind)
            return True
    return hold is None


def _guard(looking: Looking, kind: Kind) -> Guard:
    settings = looking.project.settings
    if kind == "deletes":
        return Guard(settings.hold_share, settings.hold_records)
    return Guard(settings.hold_change_share, settings.hold_change_records)
