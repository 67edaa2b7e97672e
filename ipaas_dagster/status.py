"""The state of everything at a glance, from the stores alone: collections, systems, balance, what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from ipaas_dagster.destinations.notes import LIMITS
from ipaas_dagster.operations.tables import batch_notes, cursors, landings, outbox
from ipaas_dagster.outbox.pauses import read_pauses
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM

if TYPE_CHECKING:
    from ipaas_dagster.ledger import Balance

DONE = ("delivered", "superseded")


@dataclass(frozen=True)
class CollectionStatus:
    """A hub or reference collection. `cursor` is that of its source collection; `lag_seconds` is what the hub
    may be behind the source. Snapshots have no cursor: for them it counts from the last reading."""

    collection: str
    source: str
    records: int
    open_rejects: int
    cursor: datetime | None
    read_at: datetime | None
    lag_seconds: float | None
    waiting_landings: int
    damaged_landings: int


@dataclass(frozen=True)
class SystemStatus:
    """`states` are the entries that are not done yet, or dead; discarded dead letters are not among them."""

    system: str
    kind: str
    switched_off: str | None
    delivered: int
    states: Mapping[str, int]
    paused: Mapping[str, str] = field(default_factory=dict)
    """`system` or `system/collection` -> why nothing is sent until `ipaas resume` says so."""
    limits: Mapping[str, Any] | None = None
    """What it said last of its own limit of calls: {"used", "of", "at"}."""


@dataclass(frozen=True)
class Status:
    collections: Sequence[CollectionStatus]
    systems: Sequence[SystemStatus]
    balance: Balance
    holds: int
    findings: Sequence[str]


def read_status(project: Project) -> Status:
    """Opens the hub for reading. `findings` are what is wrong in itself: books that do not balance."""
    from ipaas_dagster.ledger import balance

    books = balance(project)
    return Status(
        collections=_collections(project, books),
        systems=_systems(project),
        balance=books,
        holds=_open_in_hub(project)[1],
        findings=books.findings,
    )


def _collections(project: Project, books: Balance) -> list[CollectionStatus]:
    now = project.clock()
    with project.operations.read() as connection:
        mine = select(cursors).where(cursors.c.source_system == SOURCE_SYSTEM)
        read = {row.collection: row for row in connection.execute(mine)}
        by_state = select(landings.c.collection, landings.c.state, func.count()).group_by(
            landings.c.collection, landings.c.state
        )
        landed = {(name, state): count for name, state, count in connection.execute(by_state)}
    booked = {c.collection: c for c in books.landings.collections}
    found = []
    for collection, source in _with_sources():
        row, book = read.get(source), booked.get(collection)
        since = (row.cursor or row.updated_at) if row else None
        found.append(
            CollectionStatus(
                collection,
                source,
                records=book.alive if book else 0,
                open_rejects=book.open_rejects if book else 0,
                cursor=row.cursor if row else None,
                read_at=row.updated_at if row else None,
                lag_seconds=max((now - since).total_seconds(), 0.0) if since else None,
                waiting_landings=landed.get((source, "waiting"), 0),
                damaged_landings=landed.get((source, "damaged"), 0),
            )
        )
    return found


def _with_sources() -> list[tuple[str, str]]:
    """Every collection of the hub with the source collection it is read from; parents first."""
    from ipaas_dagster import contracts
    from ipaas_dagster.source.collections import SOURCE_COLLECTIONS

    return [(c.name, source.name) for source in SOURCE_COLLECTIONS for c in contracts.of_source(source.name)]


def _systems(project: Project) -> list[SystemStatus]:
    counts, worksheet = delivery_states(project), project.worksheet
    with project.operations.read() as connection:
        pauses = read_pauses(connection)
        said = select(batch_notes.c.system, batch_notes.c.note).where(batch_notes.c.batch_id == LIMITS)
        limits = {system: note for system, note in connection.execute(said)}
    return [
        SystemStatus(
            system.name,
            system.kind.name,
            worksheet.switched_off(system.name, project.settings),
            delivered=counts.get(system.name, {}).get("delivered", 0),
            states={state: n for state, n in counts.get(system.name, {}).items() if state not in DONE},
            paused={pause.name: pause.reason for pause in pauses if pause.system == system.name},
            limits=limits.get(system.name),
        )
        for system in worksheet.destinations
    ]


def delivery_states(project: Project) -> dict[str, dict[str, int]]:
    """Entries by system and state; a dead letter that a person let go is no longer told."""
    query = (
        select(outbox.c.system, outbox.c.state, func.count())
        .where(outbox.c.acknowledged_at.is_(None))
        .group_by(outbox.c.system, outbox.c.state)
        .order_by(outbox.c.system)
    )
    found: dict[str, dict[str, int]] = {}
    with project.operations.read() as connection:
        for system, state, count in connection.execute(query):
            found.setdefault(system, {})[state] = count
    return found


@dataclass(frozen=True)
class KnownOpen:
    """What is open from this or earlier runs, by collection or system; being there, it fails no run."""

    rejects: Mapping[str, int]
    dead: Mapping[str, int]
    blocked: Mapping[str, int]
    in_doubt: Mapping[str, int]
    holds: int
    paused: Sequence[str] = ()

    def in_words(self) -> list[str]:
        said = [
            _counted("open rejects", self.rejects, "ipaas rejects list"),
            _counted("dead letters", self.dead, "ipaas dead list"),
            _counted("blocked deliveries", self.blocked, "ipaas status"),
            _counted("deliveries in doubt", self.in_doubt, "ipaas deliver"),
        ]
        if self.holds:
            said.append(f"holds waiting for a person: {self.holds} (ipaas approve list)")
        if self.paused:
            said.append(f"paused: {', '.join(self.paused)} (ipaas resume)")
        return [line for line in said if line]


def _counted(what: str, counts: Mapping[str, int], command: str) -> str:
    if not counts:
        return ""
    return f"{what}: {', '.join(f'{name} {count:,}' for name, count in counts.items())} ({command})"


def known_open(project: Project) -> KnownOpen:
    """Counts only; opens the hub for reading where there is one."""
    states = delivery_states(project)
    rejects, holds = _open_in_hub(project)

    def of(state: str) -> dict[str, int]:
        return {system: counts[state] for system, counts in states.items() if counts.get(state)}

    with project.operations.read() as connection:
        paused = [pause.name for pause in read_pauses(connection)]
    return KnownOpen(rejects, of("dead"), of("blocked"), of("in_doubt"), holds, paused)


def _open_in_hub(project: Project) -> tuple[dict[str, int], int]:
    """Open rejects by hub collection, and the number of waiting holds."""
    from ipaas_dagster.hub.holds import HOLDS
    from ipaas_dagster.hub.rejects import REJECTS

    with project.hub.reading() as connection:
        if connection is None:
            return {}, 0
        rows = connection.execute(
            f"SELECT collection, count(*) FROM {REJECTS} WHERE resolved_at IS NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
        holds = connection.execute(f"SELECT count(*) FROM {HOLDS} WHERE state = 'waiting'").fetchone()
    return dict(rows), int(holds[0]) if holds else 0
