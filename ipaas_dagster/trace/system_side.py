"""What the operations store holds of one record for one system: entries, attempts, calls, link, readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, or_, select

from ipaas_dagster.ledger.bodies import read_bodies
from ipaas_dagster.operations.tables import attempts, calls, links, outbox, payloads, positions, readings
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.pruning import forgotten_before
from ipaas_dagster.outbox.queue import DeleteRule
from ipaas_dagster.trace.source_side import shown_call
from ipaas_dagster.trace.subject import Subject

if TYPE_CHECKING:
    from ipaas_dagster.mapping import Route
    from ipaas_dagster.project import Project

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SystemSide:
    """`calls` by the id of their sending, in the order they were made; `bodies` (request, answer) by call id."""

    system: str
    kind: str
    switched_off: str | None
    route: Route | None
    nested_in: str | None
    """The hub collection in whose payloads this one stands there."""
    deletes: DeleteRule
    position: Row | None
    entries: Sequence[Row]
    attempts: Mapping[int, Sequence[Row]]
    calls: Mapping[str, Sequence[Row]]
    look_ups: Mapping[str, Sequence[Row]]
    """What was asked while a sending was under way, by its id: questions, and requests for a token."""
    bodies: Mapping[str, tuple[bytes | None, bytes | None]]
    link: Row | None
    readings: Sequence[Row]
    forgotten_before: datetime | None = None
    """Entries that were settled before are forgotten."""

    @property
    def knows(self) -> bool:
        return bool(self.entries or self.link)

    def delivered(self, at: datetime | None = None) -> Row | None:
        """The entry that the system confirmed last, or had until `at`."""
        done = [e for e in self.entries if e["state"] == "delivered" and (at is None or e["updated_at"] <= at)]
        return max(done, key=lambda e: (e["updated_at"], e["entry_id"]), default=None)


def read_systems(project: Project, subject: Subject) -> list[SystemSide]:
    """The worksheet's systems in its order, then those that are no longer in it and were delivered to."""
    named = [system.name for system in project.worksheet.destinations]
    with project.operations.read() as connection:
        known = connection.scalars(select(positions.c.system).distinct().order_by(positions.c.system))
        every = list(dict.fromkeys([*named, *known]))
        return [_read(project, connection, system, subject, system in named) for system in every]


def _read(project: Project, connection: Connection, system: str, subject: Subject, named: bool) -> SystemSide:
    routes = project.worksheet.routes(system) if named else ()
    route = next((r for r in routes if r.collection == subject.collection.name), None)
    nesting = next((r.collection for r in routes if subject.collection.name in r.nested), None)
    mine = {"system": system, "collection": subject.collection.name}
    entries = _entries(connection, mine, subject.hub_id)
    tried = attempts_of(connection, [e["entry_id"] for e in entries])
    made = calls_of(connection, [a["call_id"] for a in tried if a["call_id"]])
    read = select(readings).filter_by(**mine).order_by(readings.c.number)
    return SystemSide(
        system,
        project.worksheet.system(system).kind.name if named else "",
        project.worksheet.switched_off(system, project.settings) if named else "it is no longer in the worksheet",
        route,
        nesting if route is None else None,
        route.deletes if route else "delete",
        _one(connection, select(positions).filter_by(**mine)),
        entries,
        _grouped(tried, "entry_id"),
        _grouped(made, "sending_id"),
        _look_ups(connection, system, tried),
        read_bodies(connection, [c["call_id"] for c in made]),
        _one(connection, select(links).filter_by(**mine, hub_id=subject.hub_id)),
        [dict(row) for row in connection.execute(read).mappings()],
        forgotten_before(connection, **mine),
    )


def _one(connection: Connection, query: Select[Any]) -> dict[str, Any] | None:
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def _entries(connection: Connection, mine: Mapping[str, str], hub_id: str) -> list[Row]:
    """A delete, and what could not be rendered, has no payload."""
    query = (
        select(outbox, payloads.c.payload)
        .select_from(outbox.outerjoin(payloads, payloads.c.entry_id == outbox.c.entry_id))
        .where(
            outbox.c.system == mine["system"],
            outbox.c.collection == mine["collection"],
            outbox.c.hub_id == hub_id,
        )
        .order_by(outbox.c.entry_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def attempts_of(connection: Connection, entry_ids: Sequence[int]) -> list[Row]:
    query = select(attempts).where(among(connection, attempts.c.entry_id, entry_ids)).order_by(attempts.c.attempt_id)
    return [dict(row) for row in connection.execute(query).mappings()]


def calls_of(connection: Connection, sendings: Sequence[str]) -> list[dict[str, Any]]:
    """Calls of before sendings had ids of their own are found by the call's."""
    wanted = sorted(set(sendings))
    either = or_(among(connection, calls.c.sending_id, wanted), among(connection, calls.c.call_id, wanted))
    rows = connection.execute(select(calls).where(either).order_by(calls.c.number)).mappings()
    return [{**shown_call(row), "sending_id": row["sending_id"] or row["call_id"]} for row in rows]


def _look_ups(connection: Connection, system: str, tried: Sequence[Row]) -> dict[str, list[Row]]:
    """A system has one deliverer, which sends one batch after the other: so what its run asked meanwhile was asked for
    this one. Ids of calls begin with their time, and are found by it."""
    sendings = {a["call_id"]: a for a in tried if a["call_id"] and a["run_id"] and a["ended_at"]}
    found: dict[str, list[Row]] = {}
    for sending_id, attempt in sendings.items():
        begun, ended = attempt["started_at"], attempt["ended_at"]
        query = select(calls).where(
            calls.c.call_id.between(_first_id(begun), _first_id(ended + _A_MILLISECOND)),
            calls.c.started_at.between(begun, ended),
            calls.c.sending_id.is_(None),
        )
        mine = query.filter_by(system=system, direction="read", run_id=attempt["run_id"]).order_by(calls.c.number)
        if rows := connection.execute(mine).mappings().all():
            found[sending_id] = [shown_call(row) for row in rows]
    return found


_A_MILLISECOND = timedelta(milliseconds=1)


def _first_id(at: datetime) -> str:
    return f"{int(at.timestamp() * 1000):012x}"


def _grouped(rows: Sequence[Row], name: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found
