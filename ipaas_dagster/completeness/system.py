"""Use case: one system compared with the hub, record by record; what differs is queued as any change, and delivered.

What is owed is delivered first, so that it is no difference; then every route is read, chunk by chunk; only then is
anything queued, since only then is known how much it is. Memory is that of one chunk.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from ipaas_dagster.completeness.extras import find_extras
from ipaas_dagster.completeness.holding import held_repairs, may_go
from ipaas_dagster.completeness.looking import Looking
from ipaas_dagster.completeness.repairing import look_again, queue_repairs
from ipaas_dagster.completeness.results import SystemReconcile, note_reconcile
from ipaas_dagster.deliver import DeliverResult, Means, connect, deliver, queue_changes
from ipaas_dagster.destinations.base import Destination, Paused, Throttled, Unreachable
from ipaas_dagster.destinations.held import Compares
from ipaas_dagster.errors import UsageError
from ipaas_dagster.mapping import Route
from ipaas_dagster.outbox import change_holds, differences
from ipaas_dagster.project import Project

NAMED = 20
"""How many differences are named one by one; the rest is counted."""
NOT_READABLE = "its records cannot be read back, so nothing is compared"
_TROUBLE = (Unreachable, Throttled, Paused)


def reconcile_system(
    project: Project,
    system: str,
    collections: Sequence[str] | None = None,
    *,
    deliver_too: bool = True,
    means: Means | None = None,
) -> SystemReconcile:
    """Compare `collections` (None: all that it is sent). Trouble with the system is no exception but `unread`; raises
    UsageError for what is declared wrongly, LockTimeout. Without `deliver_too` the repairs stay queued."""
    started, means = time.monotonic(), means or Means(connect)
    off = project.worksheet.switched_off(system, project.settings)
    if off is not None:
        return SystemReconcile(system, switched_off=off)
    since = project.clock()
    before = (deliver(project, system, means),) if deliver_too else _queued(project, system, means)
    chosen = [r for r in project.worksheet.routes(system) if collections is None or r.collection in collections]
    try:
        destination = means.connect(project, system)
    except _TROUBLE as problem:
        return _ended(project, SystemReconcile(system, unread=str(problem), delivered=before), started)
    try:
        result = _compared(project, system, chosen, destination, since)
        if deliver_too and any(route.queued for route in result.routes.values()):
            result = _delivered(project, result, chosen, destination, means)
    finally:
        destination.close()
    return _ended(project, replace(result, delivered=(*before, *result.delivered)), started)


def _queued(project: Project, system: str, means: Means) -> tuple[DeliverResult, ...]:
    with project.locks.hold(f"deliver-{system}"):
        queue_changes(project, system, means.chunk, [])
    return ()


def _compared(
    project: Project, system: str, routes: Sequence[Route], destination: Destination, since: datetime
) -> SystemReconcile:
    if not isinstance(destination, Compares):
        return SystemReconcile(system, unread=NOT_READABLE, readable=False)
    looking = [Looking(project, r, destination, destination, int(since.timestamp() * 1e6)) for r in routes]
    doubles: list[tuple[str, str]] = []
    unread, done = None, list[Looking]()
    with project.operations.write() as connection:
        for one in looking:
            differences.forget(connection, system, one.route.collection)
    try:
        for one in looking:
            doubles += _look(one)
            done.append(one)
    except _TROUBLE as problem:
        unread = f"it could not be read to the end: {problem}"
    found = differences.listed(project.operations, system, NAMED)
    holds = tuple(hold.hold_id for one in done for hold in held_repairs(one))
    for one in done:
        queue_repairs(one, deletes=False) if may_go(one, "repairs") else None
    for one in reversed(done):
        queue_repairs(one, deletes=True) if may_go(one, "deletes") else None
    return SystemReconcile(
        system,
        {one.route.collection: one.counts for one in done},
        tuple({**vars(one), "in_words": one.in_words} for one in found if one.state != "remark"),
        tuple(doubles),
        unread=unread,
        holds=holds,
        notes=tuple(f"{i} is there twice: as {its} too; delete one of them there" for i, its in doubles[:NAMED]),
    )


def _look(looking: Looking) -> list[tuple[str, str]]:
    """Every record of a route; returns doubles."""
    project, route, after = looking.project, looking.route, None
    size = max(1, looking.reader.compared_at_once)
    while records := project.hub.current(route.collection, after, size):
        looking.compare(records)
        after = records[-1].hub_id
        project.progress(f"{route.system}/{route.collection}: comparing", looking.counts.compared, None)
    return find_extras(looking)


def _delivered(
    project: Project,
    result: SystemReconcile,
    routes: Sequence[Route],
    destination: Destination,
    means: Means,
) -> SystemReconcile:
    delivered = deliver(project, result.system, means)
    assert isinstance(destination, Compares)  # it was compared before
    for route in routes:
        with suppress(*_TROUBLE):  # then the next comparison looks again
            look_again(Looking(project, route, destination, destination, 0))
    with project.operations.write() as connection:
        remarks = differences.untold(connection, result.system)
    told = tuple(
        f"{one.in_words} right after its repair: {result.system} keeps it in a form of its own, and it is not sent "
        "again until it changes"
        for one in remarks[:NAMED]
    )
    return replace(result, delivered=(delivered,), notes=(*result.notes, *told))


def _ended(project: Project, result: SystemReconcile, started: float) -> SystemReconcile:
    done = replace(result, seconds=time.monotonic() - started)
    note_reconcile(project, done)
    return done


def approve(project: Project, hold_id: str, means: Means | None = None) -> SystemReconcile | None:
    """Let a held mass change go. Repairs and deletes are carried out at once, after the system was compared again;
    changes go with the next delivery (None). Raises UsageError where no such hold waits."""
    hold = change_holds.approve(project.operations, hold_id, project.clock())
    if hold is None:
        raise UsageError(f"there is no hold {hold_id!r}; see `ipaas approve list`")
    if hold.kind == "changes":
        return None
    return reconcile_system(project, hold.system, [hold.collection], means=means)
