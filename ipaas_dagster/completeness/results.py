"""What a comparison of one system found, and how it is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from ipaas_dagster.deliver import DeliverResult
from ipaas_dagster.operations.tables import marks
from ipaas_dagster.project import Project

_MARK = "reconciled:"


@dataclass
class Comparison:
    """One hub collection in one system, in records. `owed`: not compared, since a delivery of them is open or dead.
    `remarks` differ for good: the system keeps them in a form of its own. `doubles`: another record there says that
    it is the same one of ours; a person has to choose. `held` wait for `ipaas approve`."""

    compared: int = 0
    missing: int = 0
    changed: int = 0
    extra: int = 0
    owed: int = 0
    remarks: int = 0
    doubles: int = 0
    queued: int = 0
    held: int = 0

    @property
    def different(self) -> int:
        return self.missing + self.changed + self.extra


@dataclass(frozen=True)
class SystemReconcile:
    """`differences` are named one by one, each with what it is; `doubles` are (hub id, id there). `unread` says why
    the system, or the rest of it, could not be compared. `delivered` before and after."""

    system: str
    routes: Mapping[str, Comparison] = field(default_factory=dict)
    differences: tuple[Mapping[str, Any], ...] = ()
    """The first of each route."""
    doubles: tuple[tuple[str, str], ...] = ()
    switched_off: str | None = None
    unread: str | None = None
    readable: bool = True
    holds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    delivered: tuple[DeliverResult, ...] = ()
    seconds: float = 0.0

    @property
    def trouble(self) -> str | None:
        """Why it was not compared to the end, where it could have been."""
        return f"not compared: {self.unread}" if self.unread and self.readable else None

    @property
    def different(self) -> int:
        return sum(route.different for route in self.routes.values())


@dataclass(frozen=True)
class LastReconcile:
    """`unread`: why not all of it could be compared."""

    system: str
    at: datetime
    routes: Mapping[str, Comparison]
    unread: str | None = None


def note_reconcile(project: Project, result: SystemReconcile) -> None:
    name, now = f"{_MARK}{result.system}", project.clock()
    value = {"routes": {name: asdict(route) for name, route in result.routes.items()}, "unread": result.unread}
    with project.operations.write() as connection:
        connection.execute(delete(marks).where(marks.c.name == name))
        connection.execute(insert(marks).values(name=name, value=value, updated_at=now))


def last_reconcile(project: Project) -> list[LastReconcile]:
    """The last comparison of each system that was ever compared."""
    query = select(marks).where(marks.c.name.startswith(_MARK, autoescape=True)).order_by(marks.c.name)
    with project.operations.read() as connection:
        rows = connection.execute(query).all()
    return [
        LastReconcile(
            row.name.removeprefix(_MARK),
            row.updated_at,
            {name: Comparison(**route) for name, route in row.value["routes"].items()},
            row.value["unread"],
        )
        for row in rows
    ]
