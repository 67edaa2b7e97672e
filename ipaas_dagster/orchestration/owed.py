"""Whether anything can be delivered to a system now: a look at operations alone; the hub is not opened. No
Dagster.

What only waits (for its next attempt, for a parent, for a person) is not deliverable now; it is once its
time has come, or once a change or a person has released it.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, func, or_, select

from ipaas_dagster.mapping import Route
from ipaas_dagster.operations.tables import outbox
from ipaas_dagster.outbox.change_holds import held_before
from ipaas_dagster.outbox.entry import State
from ipaas_dagster.outbox.pauses import WHOLE, read_pauses
from ipaas_dagster.outbox.positions import Position, read_positions
from ipaas_dagster.project import Project
from ipaas_dagster.recovery import HUB_MARK, read_mark

ANY_TIME = (State.PENDING, State.SENDING)
IN_TIME = (State.WAITING, State.IN_DOUBT)


def owed(project: Project) -> dict[str, str]:
    """System -> what is owed there, as a text that changes when it does. Systems owed nothing are left
    out."""
    head = read_mark(project, HUB_MARK)
    found = {}
    for system in project.worksheet.destinations:
        if project.worksheet.switched_off(system.name, project.settings):
            continue
        routes = project.worksheet.routes(system.name)
        with project.operations.read() as connection:
            paused = {pause.collection for pause in read_pauses(connection, system.name)}
            if WHOLE in paused:
                continue
            parts = [*_unread(connection, system.name, routes, head), *_due(connection, project, system.name, paused)]
        if parts:
            found[system.name] = ", ".join(parts)
    return found


def _unread(
    connection: Connection, system: str, routes: tuple[Route, ...], head: Mapping[str, object] | None
) -> list[str]:
    """The routes that have not read the hub's changes up to `head`, or must be compared anew."""
    if head is None:
        return []
    known, upto = read_positions(connection, system), held_before(connection, system)
    heads = {route.collection: _bounded(head, upto.get(route.collection)) for route in routes}
    behind = [r.collection for r in routes if _is_behind(known.get(r.collection), r, heads[r.collection])]
    behind += [
        name
        for route in routes
        for name in route.nested
        if not _is_at(known.get(name), heads[route.collection]) and name not in behind
    ]
    return [f"changes up to {head['seq']} of {head['epoch']} for {' '.join(behind)}"] if behind else []


def _bounded(head: Mapping[str, object], before: tuple[str, int] | None) -> Mapping[str, object]:
    """As far as a route may read: a mass change that waits for a person is not read into."""
    if before is None or before[0] != head["epoch"]:
        return head
    return {**head, "seq": min(int(str(head["seq"])), before[1] - 1)}


def _is_behind(position: Position | None, route: Route, head: Mapping[str, object]) -> bool:
    if position is None or not position.enabled:
        return True
    if position.seed is not None and position.seed.phase != "held":
        return True
    if position.epoch != head["epoch"] or position.template_digest != route.digest:
        return True
    return position.seq < int(str(head["seq"]))  # it is beyond, where a crash kept the mark from being written


def _is_at(position: Position | None, head: Mapping[str, object]) -> bool:
    """Whether the changes of a nested collection are read, as far as `head` tells."""
    return position is not None and position.epoch == head["epoch"] and position.seq >= int(str(head["seq"]))


def _due(connection: Connection, project: Project, system: str, paused: set[str]) -> list[str]:
    """Entries that a run would send or ask about now."""
    timely = or_(outbox.c.next_attempt_at.is_(None), outbox.c.next_attempt_at <= project.clock())
    now = or_(outbox.c.state.in_(ANY_TIME), outbox.c.state.in_(IN_TIME) & timely)
    count, newest, attempts = connection.execute(
        select(func.count(), func.max(outbox.c.entry_id), func.sum(outbox.c.attempts)).where(
            outbox.c.system == system, outbox.c.collection.not_in(paused), now
        )
    ).one()
    return [f"{count} entries up to {newest}, {attempts} attempts"] if count else []
