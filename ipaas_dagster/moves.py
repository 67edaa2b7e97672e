"""The worksheet's rows with what has moved: records in the hub, delivered, open, dead, and the last success."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from ipaas_dagster import contracts
from ipaas_dagster.mapping import Row
from ipaas_dagster.operations.tables import landings, links, outbox
from ipaas_dagster.outbox.entry import OPEN, State
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM

if TYPE_CHECKING:
    from sqlalchemy import Connection

Pair = tuple[str, str]
"""(system, hub collection)"""


@dataclass(frozen=True)
class Move:
    """`records` are alive in the hub, `delivered` those that the system has confirmed to hold. `last_success` is the
    time of the last confirmed delivery; of a row to the hub, that of the last landing. `switched_off` says why
    nothing moves."""

    row: Row
    records: int
    delivered: int | None = None
    open: int | None = None
    dead: int | None = None
    last_success: datetime | None = None
    switched_off: str | None = None


def moves(project: Project) -> list[Move]:
    """Every row of the worksheet. Opens the hub for reading once, writes nothing."""
    records = project.hub.sizes()
    with project.operations.read() as connection:
        landed, held, owed = _landed(connection), _held(connection), _owed(connection)
    nothing = (0, None)
    off = {s.name: project.worksheet.switched_off(s.name, project.settings) for s in project.worksheet.destinations}
    found = []
    for row in project.worksheet.table():
        count, pair = records.get(row.collection, 0), (row.system, row.collection)
        if row.system == SOURCE_SYSTEM:
            found.append(Move(row, count, last_success=landed.get(_source_of(row.collection))))
        elif row.remark:  # in its parent's records, or not carried
            found.append(Move(row, count, switched_off=off[row.system] if row.direction == "from" else None))
        else:
            delivered, last = held.get(pair, nothing)
            found.append(Move(row, count, delivered, *owed.get(pair, (0, 0)), last, off[row.system]))
    return found


def _source_of(collection: str) -> str:
    """The source collection whose landings a hub collection stands in."""
    parent = contracts.collection(collection).parent
    return contracts.collection(parent or collection).source


def _landed(connection: Connection) -> dict[str, datetime]:
    last = select(landings.c.collection, func.max(landings.c.created_at)).where(landings.c.state != "damaged")
    return {name: time for name, time in connection.execute(last.group_by(landings.c.collection))}


def _held(connection: Connection) -> dict[Pair, tuple[int, datetime | None]]:
    alive = func.sum(case((links.c.deleted, 0), else_=1))
    query = select(links.c.system, links.c.collection, alive, func.max(links.c.confirmed_at))
    rows = connection.execute(query.group_by(links.c.system, links.c.collection))
    return {(system, collection): (int(count), last) for system, collection, count, last in rows}


def _owed(connection: Connection) -> dict[Pair, tuple[int, int]]:
    """(open, dead) entries; a dead letter that a person let go is no longer told."""
    is_dead = outbox.c.state == State.DEAD.value
    query = (
        select(outbox.c.system, outbox.c.collection, is_dead, func.count())
        .where(outbox.c.state.in_([*OPEN, State.DEAD]), outbox.c.acknowledged_at.is_(None))
        .group_by(outbox.c.system, outbox.c.collection, is_dead)
    )
    found: dict[Pair, tuple[int, int]] = {}
    for system, collection, dead, count in connection.execute(query):
        was = found.get((system, collection), (0, 0))
        found[system, collection] = (was[0], count) if dead else (count, was[1])
    return found
