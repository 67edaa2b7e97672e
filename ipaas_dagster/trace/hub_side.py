"""What the hub holds of one record, read in one short look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster import contracts
from ipaas_dagster.hub.changes import read_records, reader
from ipaas_dagster.hub.sightings import Sighting, has_sightings, read_sightings, unsighted_landings
from ipaas_dagster.hub.stored import decode
from ipaas_dagster.hub.tables import table
from ipaas_dagster.trace.subject import Subject

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class Version:
    """One change of the record. `record` has typed values by column; for a delete, the last live state."""

    version: int
    operation: str
    record: Mapping[str, Any]
    changed_at: datetime
    landing_id: str
    seq: int
    run_id: str


@dataclass(frozen=True)
class Current:
    """The hub's row of the record now."""

    version: int
    observed_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    record: Mapping[str, Any]


@dataclass(frozen=True)
class HubSide:
    epoch: str = ""
    versions: Sequence[Version] = ()
    current: Current | None = None
    sightings: Sequence[Sighting] = ()
    parents: Mapping[str, Sequence[Sighting]] = field(default_factory=dict)
    """The sightings of each record that this one was ever a child of."""
    rejects: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[Mapping[str, Any]] = ()
    holds: Sequence[Mapping[str, Any]] = ()
    unsighted: frozenset[str] = frozenset()

    @property
    def knows(self) -> bool:
        return bool(self.versions or self.current or self.sightings or self.rejects or self.holds)


def read_hub(project: Project, subject: Subject) -> HubSide:
    """Opens the hub once, for reading; empty where there is none."""
    with project.hub.reading() as connection:
        return HubSide() if connection is None else _read(connection, subject)


def _read(connection: HubConnection, subject: Subject) -> HubSide:
    name, hub_id = subject.collection.name, subject.hub_id
    versions = _versions(connection, subject) if subject.collection.versioned else []
    rejects = _rejects(connection, subject)
    kept = has_sightings(connection)
    parents = _parents(subject, versions, rejects)
    of_parent = subject.collection.parent or ""
    return HubSide(
        epoch=_epoch(connection),
        versions=versions,
        current=_current(connection, subject),
        sightings=read_sightings(connection, name, hub_id) if kept else [],
        parents={one: read_sightings(connection, of_parent, one) if kept else [] for one in parents},
        rejects=rejects,
        warnings=_rows(
            connection,
            "SELECT field, reason, landing_id FROM hub.warnings WHERE collection = ? AND source_id = ?",
            [name, subject.source_id],
        ),
        holds=_rows(
            connection,
            """SELECT hold_id, landing_id, records, reason, state, created_at, decided_at, decided_landing_id
            FROM hub.holds WHERE collection = ? AND strpos(subjects::VARCHAR, ?) > 0 ORDER BY created_at""",
            [name, f'"{hub_id}"'],
        ),
        unsighted=frozenset(unsighted_landings(connection) if kept else _merged_landings(connection)),
    )


def _epoch(connection: HubConnection) -> str:
    row = connection.execute("SELECT value FROM hub.meta WHERE name = 'epoch'").fetchone()
    return str(row[0]) if row else ""


def _versions(connection: HubConnection, subject: Subject) -> list[Version]:
    """`changes` is narrow and tells the run; it is asked by seq, which it is ordered by."""
    name = subject.collection.name
    rows = connection.execute(
        """
        SELECT version, operation, record::VARCHAR, changed_at, landing_id, seq FROM hub.versions
        WHERE hub_id = ? AND collection = ? ORDER BY seq""",
        [subject.hub_id, name],
    ).fetchall()
    if not rows:
        return []
    numbers = ", ".join(str(int(row[5])) for row in rows)
    changed = f"SELECT seq, run_id FROM hub.changes WHERE seq IN ({numbers})"
    runs: dict[int, str] = dict(connection.execute(changed).fetchall())
    read = reader(subject.collection)
    return [
        Version(version, operation, read(record, version), changed_at, landing_id, seq, runs.get(seq, ""))
        for version, operation, record, changed_at, landing_id, seq in rows
    ]


def _current(connection: HubConnection, subject: Subject) -> Current | None:
    row = connection.execute(
        f"SELECT version, observed_at, changed_at, deleted_at FROM {table(subject.collection)} WHERE hub_id = ?",
        [subject.hub_id],
    ).fetchone()
    if row is None:
        return None
    found = read_records(connection, subject.collection.name, [subject.hub_id], 0)
    version, observed_at, changed_at, deleted_at = row
    return Current(version, observed_at, changed_at, deleted_at, found[subject.hub_id].record)


def _rejects(connection: HubConnection, subject: Subject) -> list[dict[str, Any]]:
    rows = _rows(
        connection,
        """
        SELECT reject_id, reasons, record, landing_id, line, element, parent_hub_id, rejected_at, observed_at,
            resolved_at, resolution, run_id
        FROM hub.rejects WHERE collection = ? AND hub_id = ? ORDER BY rejected_at""",
        [subject.collection.name, subject.hub_id],
    )
    for row in rows:
        row["reasons"], row["record"] = decode(row["reasons"]), decode(row["record"] or "null")
    return rows


def _parents(subject: Subject, versions: Sequence[Version], rejects: Sequence[Mapping[str, Any]]) -> list[str]:
    column = subject.collection.parent_column
    if column is None:
        return []
    found = [subject.parent, *(v.record[column] for v in versions), *(r["parent_hub_id"] for r in rejects)]
    return list(dict.fromkeys(one for one in found if one))


def _merged_landings(connection: HubConnection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT landing_id FROM hub.merged_landings").fetchall()}


def _rows(connection: HubConnection, sql: str, values: list[Any]) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def parent_name(subject: Subject) -> str:
    """The parent's hub collection; "" for what is no child."""
    return contracts.collection(subject.collection.parent).name if subject.collection.parent else ""
