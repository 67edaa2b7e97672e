"""What each system is owed, and what keeps it from being sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, true

from ipaas_dagster.destinations.notes import LIMITS
from ipaas_dagster.operations.care import differences
from ipaas_dagster.operations.tables import batch_notes, outbox, positions
from ipaas_dagster.outbox.entry import OPERATIONS, State
from ipaas_dagster.outbox.pauses import Pause
from ipaas_dagster.outbox.pruning import carried_over
from ipaas_dagster.status.hub_side import HubOpen
from ipaas_dagster.status.model import OnItsWay, SystemStatus, Waiting

if TYPE_CHECKING:
    from ipaas_dagster.mapping import Worksheet
    from ipaas_dagster.project import Project

DONE = ("delivered", "superseded")


class Entries(NamedTuple):
    """Of one system and state; `let_go` of them were discarded by a person. `last`: when one got there."""

    number: int
    let_go: int
    last: datetime


def read_entries(project: Project) -> dict[str, dict[str, Entries]]:
    """Every entry of the outbox, by system and state."""
    return _read_entries(project, true())


def read_open_entries(project: Project) -> dict[str, dict[str, Entries]]:
    """Those that are not done. With every system and operation that there can be, so that SQLite finds the index of
    what is owed and leaves out what is done."""
    systems = outbox.c.system.in_(select(positions.c.system))
    not_done = outbox.c.state.in_([state.value for state in State if state not in DONE])
    return _read_entries(project, systems & not_done & outbox.c.operation.in_(OPERATIONS))


def _read_entries(project: Project, which: ColumnElement[bool]) -> dict[str, dict[str, Entries]]:
    query = (
        select(
            outbox.c.system,
            outbox.c.state,
            func.count(),
            func.count(outbox.c.acknowledged_at),
            func.max(outbox.c.updated_at),
        )
        .where(which)
        .group_by(outbox.c.system, outbox.c.state)
        .order_by(outbox.c.system, outbox.c.state)
    )
    found: dict[str, dict[str, Entries]] = {}
    with project.operations.read() as connection:
        for system, state, *counted in connection.execute(query):
            found.setdefault(system, {})[state] = Entries(*counted)
    return found


def open_states(entries: Mapping[str, Entries]) -> dict[str, int]:
    """What is not done, by state; a dead letter that a person let go is no longer told."""
    told = {state: one.number - (one.let_go if state == "dead" else 0) for state, one in entries.items()}
    return {state: count for state, count in told.items() if count and state not in DONE}


def switched_off(project: Project) -> dict[str, str | None]:
    """Every destination of the worksheet -> which setting is missing; None: it is on."""
    worksheet = project.worksheet
    return {s.name: worksheet.switched_off(s.name, project.settings) for s in worksheet.destinations}


def read_systems(
    project: Project,
    off: Mapping[str, str | None],
    pauses: Sequence[Pause],
    open_since: Mapping[str, datetime],
    to_queue: Iterable[OnItsWay],
) -> list[SystemStatus]:
    counts, unread = read_entries(project), list(to_queue)
    with project.operations.read() as connection:
        said = select(batch_notes.c.system, batch_notes.c.note).where(batch_notes.c.batch_id == LIMITS)
        forgotten = Counter[str]()
        for (its, _), states in carried_over(connection).items():
            forgotten[its] += states.get("delivered", 0)
        limits: dict[str, Any] = {system: note for system, note in connection.execute(said)}
    found = []
    for system in project.worksheet.destinations:
        entries = counts.get(system.name, {})
        delivered, before = entries.get("delivered"), forgotten.get(system.name, 0)
        found.append(
            SystemStatus(
                system.name,
                system.kind.name,
                off[system.name],
                delivered=(delivered.number if delivered else 0) + before,
                states=open_states(entries),
                paused={pause.name: pause.reason for pause in pauses if pause.system == system.name},
                limits=limits.get(system.name),
                owed_since=open_since.get(system.name),
                last_delivery=delivered.last if delivered else None,
                unread_changes=sum(one.count for one in unread if one.where == system.name),
                let_go=sum(one.let_go for one in entries.values()),
            )
        )
    return found


def to_queue(project: Project, off: Mapping[str, str | None], hub: HubOpen) -> list[OnItsWay]:
    """Changes of the hub that the routes of switched-on systems have not read yet."""
    with project.operations.read() as connection:
        query = select(positions.c.system, positions.c.collection, positions.c.changes - positions.c.seeded)
        mine = (positions.c.epoch == hub.epoch) & positions.c.enabled
        read = {(system, name): int(count) for system, name, count in connection.execute(query.where(mine))}
    found = []
    for system, collection in _routed(project.worksheet, off):
        unread = (hub.changes or {}).get(collection, 0) - read.get((system, collection), 0)
        if unread > 0:
            found.append(OnItsWay("to queue", system, collection, "changes that its route has not read yet", unread))
    return found


def _routed(worksheet: Worksheet, off: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [
        (system, name)
        for system, why in off.items()
        if why is None
        for route in worksheet.routes(system)
        for name in (route.collection, *route.nested)
    ]


def not_connected(off: Mapping[str, str | None]) -> list[Waiting]:
    return [Waiting("switched off", system, why) for system, why in off.items() if why is not None]


def pipelines(project: Project) -> list[Waiting]:
    """Rows that follow a pipeline whose mapping waits for a person's word."""
    if not project.worksheet.pipelines:
        return []
    from ipaas_dagster.pipelines import standings

    return [Waiting("pipeline", one.name, one.in_words()) for one in standings(project) if one.waits]


def differing(project: Project) -> list[Waiting]:
    """What the last comparison found in a system otherwise than it was sent, and is not on its way to be mended."""
    of = differences.c
    query = (
        select(of.system, of.collection, of.what, func.count(), func.min(of.found_at))
        .where(of.state != "queued")
        .group_by(of.system, of.collection, of.what)
        .order_by(of.system, of.collection, of.what)
    )
    with project.operations.read() as connection:
        rows = connection.execute(query).all()
    return [
        Waiting(
            "differs", f"{system}/{name}", f"{count:,} {what} there; `ipaas reconcile` looks again and mends", since
        )
        for system, name, what, count, since in rows
    ]
