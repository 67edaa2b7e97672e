"""The outbound half of the balance, computed from the operations store alone.

changes = queued + coalesced + same_as_delivered + filtered + not_needed     per route, up to its position
queued  = the entries that there are, each in exactly one state, and those   per route
          that were settled long ago and forgotten, by the state in which they were
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import outbox, positions
from ipaas_dagster.outbox.pruning import carried_over, with_carried


@dataclass(frozen=True)
class RouteBalance:
    """One hub collection on its way to one system. `seeded` says how many of `changes` were records looked at
    without a change of this hub (a new template, a hub that was replaced)."""

    system: str
    collection: str
    changes: int
    queued: int
    coalesced: int
    same_as_delivered: int
    filtered: int
    not_needed: int
    seeded: int
    states: Mapping[str, int]
    findings: tuple[str, ...]


def route_balance(operations: Operations) -> tuple[RouteBalance, ...]:
    """Every route that ever read a change, by system and collection."""
    with operations.read() as store:
        rows = store.execute(select(positions).order_by(positions.c.system, positions.c.collection)).all()
        counted = store.execute(
            select(outbox.c.system, outbox.c.collection, outbox.c.state, func.count()).group_by(
                outbox.c.system, outbox.c.collection, outbox.c.state
            )
        ).all()
        forgotten = carried_over(store)
    states: dict[tuple[str, str], dict[str, int]] = {}
    for system, collection, state, number in counted:
        states.setdefault((system, collection), {})[state] = number
    states |= {route: with_carried(states.get(route, {}), more) for route, more in forgotten.items()}
    found = []
    for row in rows:
        own = states.pop((row.system, row.collection), {})
        ended = row.queued + row.coalesced + row.same_as_delivered + row.filtered + row.not_needed
        findings = _findings(f"{row.system}/{row.collection}", row.changes, ended, row.queued, sum(own.values()))
        found.append(
            RouteBalance(
                row.system,
                row.collection,
                row.changes,
                row.queued,
                row.coalesced,
                row.same_as_delivered,
                row.filtered,
                row.not_needed,
                row.seeded,
                own,
                findings,
            )
        )
    found += [
        RouteBalance(
            *route, 0, 0, 0, 0, 0, 0, 0, own, (f"{'/'.join(route)}: {sum(own.values())} entries, no position",)
        )
        for route, own in states.items()
    ]
    return tuple(found)


def _findings(route: str, changes: int, ended: int, queued: int, entries: int) -> tuple[str, ...]:
    findings = []
    if changes != ended:
        findings.append(f"{route}: {changes} changes read, {ended} accounted for")
    if queued != entries:
        findings.append(f"{route}: {queued} queued, {entries} entries in the outbox")
    return tuple(findings)
