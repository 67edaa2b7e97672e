"""Use case 4: a full scan against the hub: what was missed is merged, what is gone is deleted.

A record is deleted only if it was last observed before the full scan began, stands in neither its valid nor its
rejected records nor in a poll made after it, and its absence was confirmed: by GET where one is documented, else
by a second full scan. The deletes pass the same guard as all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ipaas_dagster import contracts
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.hub.tables import table
from ipaas_dagster.mend import ask, land_records, land_tombstones
from ipaas_dagster.merge import MergeResult, merge
from ipaas_dagster.project import Project
from ipaas_dagster.pull import PullResult, pull
from ipaas_dagster.records import Scope
from ipaas_dagster.source.collections import source_collection
from ipaas_dagster.source.observed import observed_now


@dataclass(frozen=True)
class ReconcileResult:
    """`missed` records the polls had not brought; `deleted` confirmed gone; `held` wait for `ipaas approve`."""

    collection: str
    pulled: PullResult
    merged: tuple[MergeResult, ...]
    missed: int
    deleted: int
    held: int
    holds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Work:
    project: Project
    collection: str
    merged: list[MergeResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    """By hub id: the call that confirmed it gone."""

    def scan(self, scope: Scope | None) -> PullResult:
        pulled = pull(self.project, self.collection, scope)
        self.merged += merge(self.project, [self.collection])
        return pulled


def reconcile(project: Project, collection: str) -> ReconcileResult:
    """Compare one source collection with the hub and repair the hub. Raises what `pull` and `merge` raise."""
    work = _Work(project, collection)
    if source_collection(collection).kind == "snapshot":
        return _result(work, work.scan(None))  # a snapshot is complete: its merge deletes what it lacks
    started = observed_now(project, collection)
    pulled = work.scan(None)  # what changed since the last poll was not missed
    if pulled.scope.kind != "full":
        started = observed_now(project, collection)
        pulled = work.scan(Scope.full())
        work.scan(None)  # what moved while the full scan read
    gone = _unseen(project, collection, started)
    if gone:
        _confirm_and_delete(work, gone, started)
    return _result(work, pulled)


def _unseen(project: Project, collection: str, since: datetime) -> list[str]:
    """Live records that nothing has shown since, not even as rejected."""
    top = contracts.of_source(collection)[0]
    with project.hub.reading() as connection:
        if connection is None:
            return []
        rows = connection.execute(
            f"""
            SELECT hub_id FROM {table(top)} c WHERE deleted_at IS NULL AND observed_at < ?
            AND NOT EXISTS (
                SELECT 1 FROM hub.rejects r WHERE r.hub_id = c.hub_id AND r.collection = ? AND r.observed_at >= ?)
            ORDER BY hub_id""",
            [since, top.name, since],
        ).fetchall()
    return [row[0] for row in rows]


def _confirm_and_delete(work: _Work, unseen: list[str], started: datetime) -> None:
    project, collection = work.project, work.collection
    gone = [(hub_id, started) for hub_id in unseen]
    if _is_mass(project, collection, len(gone)):
        work.notes.append(f"{len(gone)} records are gone; they are checked again when they are approved")
    elif source_collection(collection).get_by_id:
        gone = _confirm_by_get(work, unseen)
    else:
        started = observed_now(project, collection)
        work.scan(Scope.full())
        still = set(_unseen(project, collection, started))
        gone = [(hub_id, started) for hub_id in unseen if hub_id in still]
    if gone:
        land_tombstones(project, collection, gone, {"reconcile": True}, work.told)
        work.merged += merge(project, [collection])


def _is_mass(project: Project, collection: str, deletes: int) -> bool:
    top = contracts.of_source(collection)[0]
    with project.hub.reading() as connection:
        assert connection is not None  # records were just read from it
        row = connection.execute(f"SELECT count(*) FROM {table(top)} WHERE deleted_at IS NULL").fetchone()
    alive = int(row[0]) if row else 0
    return Guard(project.settings.hold_share, project.settings.hold_records).holds(deletes, alive)


def _confirm_by_get(work: _Work, unseen: list[str]) -> list[tuple[str, datetime]]:
    """Ask for each; one that answers after all is merged, not deleted."""
    confirmed = ask(work.project, work.collection, unseen)
    work.told |= {hub_id: one.call_id for hub_id, one in confirmed.items()}
    found = [(one.observed_at, one.record, one.call_id) for one in confirmed.values() if one.record is not None]
    if found:
        work.notes.append(f"{len(found)} records answered by id although the list did not show them; they stay")
        land_records(work.project, work.collection, found)
        work.merged += merge(work.project, [work.collection])
    return [(hub_id, one.observed_at) for hub_id, one in confirmed.items() if one.gone]


def _result(work: _Work, pulled: PullResult) -> ReconcileResult:
    names = [collection.name for collection in contracts.of_source(work.collection)]
    of_scan = [m for m in work.merged if m.landing_id == pulled.landing_id and pulled.cursor_before is not None]
    counts = [m.counts[name] for m in work.merged for name in names if name in m.counts]
    seen = [m.counts[names[0]] for m in of_scan if names[0] in m.counts]
    return ReconcileResult(
        work.collection,
        pulled,
        tuple(work.merged),
        missed=sum(c.inserted + c.updated for c in seen),
        deleted=sum(m.counts[names[0]].deleted for m in work.merged if names[0] in m.counts),
        held=sum(c.held for c in counts),
        holds=tuple(hold for m in work.merged for hold in m.holds),
        notes=tuple(work.notes),
    )
