"""Webhooks of the systems that are filled: a record there changed behind our back, or by our own hand.

The record is compared with the hub's and, where it differs, what the hub has is queued again: the next delivery
mends it. What we sent ourselves differs in nothing, and costs one look.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import func, select

from ipaas_dagster.completeness import Comparison, check_records
from ipaas_dagster.destinations.base import Paused, Throttled, Unreachable
from ipaas_dagster.errors import CallFailed, UsageError
from ipaas_dagster.operations.tables import inbox
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM
from ipaas_dagster.webhooks.hints import Hints, Step, move, read_hints
from ipaas_dagster.webhooks.rows import DONE, IGNORED, PENDING

_TROUBLE = (Unreachable, Throttled, Paused, CallFailed)


@dataclass(frozen=True)
class Checked:
    """`events` of a system; `routes`: what was found, by hub collection. `ignored`: of nothing that it is sent.
    `trouble`: why the rest stays pending."""

    system: str
    events: int = 0
    ignored: int = 0
    routes: dict[str, Comparison] = field(default_factory=dict)
    trouble: str | None = None


def changed_systems(project: Project) -> dict[str, str]:
    """Systems that are filled and switched on, with pending webhooks -> a text that changes when more come."""
    query = select(inbox.c.system, func.max(inbox.c.received_at)).where(
        inbox.c.state == PENDING, inbox.c.system != SOURCE_SYSTEM
    )
    with project.operations.read() as connection:
        newest = {system: at for system, at in connection.execute(query.group_by(inbox.c.system))}
    named = [system.name for system in project.worksheet.destinations if system.name in newest] if newest else []
    on = [name for name in named if not project.worksheet.switched_off(name, project.settings)]
    return {name: f"webhooks up to {newest[name].isoformat()}" for name in on}


def check_changed(project: Project, system: str) -> Checked:
    """Compare the records that pending webhooks of this system named. A system in trouble keeps its events pending."""
    result = Checked(system)
    for kind in _kinds(project, system):
        hints = read_hints(project, kind, system)
        steps, result = _checked(project, hints, result)
        with project.operations.write() as connection:
            move(connection, steps, project.clock(), system)
    return result


def _kinds(project: Project, system: str) -> list[str]:
    query = select(inbox.c.collection).where(inbox.c.system == system, inbox.c.state == PENDING).distinct()
    with project.operations.read() as connection:
        return sorted(connection.scalars(query))


def _checked(project: Project, hints: Hints, result: Checked) -> tuple[list[Step], Checked]:
    result = replace(result, events=result.events + len(hints.rows))
    collections = _collections(project, result.system, hints.collection)
    if not collections:
        return _all(hints, IGNORED, f"it is sent no {hints.collection}"), replace(
            result, ignored=result.ignored + len(hints.rows)
        )
    if off := project.worksheet.switched_off(result.system, project.settings):
        return _all(hints, PENDING, off), replace(result, trouble=off)
    try:
        for collection in collections:
            found = check_records(project, result.system, collection, external_ids=hints.record_ids)
            result.routes[collection] = found
    except UsageError as error:
        return _all(hints, IGNORED, str(error)), replace(result, ignored=result.ignored + len(hints.rows))
    except _TROUBLE as error:
        return _all(hints, PENDING, str(error)), replace(result, trouble=str(error))
    return _all(hints, DONE, None), result


def _collections(project: Project, system: str, kind: str) -> list[str]:
    """The hub collections whose records are that kind there: by its own name of the object, or by ours."""
    routes = project.worksheet.routes(system)
    return [r.collection for r in routes if kind in (r.template.object.lower(), r.collection)]


def _all(hints: Hints, state: str, reason: str | None) -> list[Step]:
    return [Step(hint, state, reason=reason) for hint in hints.rows]
