"""Pruning landings: source records that are older than they may be kept go; a baseline stays in their place.

Of each source collection the landings merged first go, up to the first that is younger. What an open reject or a
waiting hold came from is kept until it is settled. In this order, so that a kill at any moment loses nothing: the
baseline's file, its place in the hub's list, the operations store, then the pruned files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import update

from ipaas_dagster.hub import Hub
from ipaas_dagster.merge import mark_merged, merge_into, merge_lock
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.project import Project
from ipaas_dagster.records import LandingNote
from ipaas_dagster.replay.baseline import write_baseline
from ipaas_dagster.replay.chosen import Merged, effective, merged_landings
from ipaas_dagster.replay.rebuild import rebuild, workshop
from ipaas_dagster.source.landed import add_landing, scan_lock

_AT_ONCE = 500


@dataclass(frozen=True)
class Pruned:
    """One source collection. `landings` of it were pruned; `kept` files wait for open rejects or holds. `reason`
    says why nothing was pruned although something is old."""

    collection: str
    landings: int = 0
    kept: int = 0
    bytes: int = 0
    baseline: str | None = None
    reason: str | None = None


def prune_landings(project: Project, older_than: datetime, collections: Sequence[str] | None = None) -> list[Pruned]:
    """Prune what was observed before `older_than` (aware UTC) of these source collections (None: all); nothing still
    owed goes.

    Takes about as long as merging what is pruned did, and disk as a replay does. Raises LockTimeout, StoreDamaged.
    """
    if not project.hub.exists():
        return []
    with project.locks.hold("prune-landings"), workshop(project) as (now, fresh):
        with now.writing() as connection:
            listed = merged_landings(project, connection)
        listed = [m for m in listed if collections is None or m.note.collection in collections]
        old = _old(effective(listed), older_than)
        results = {name: _replace(project, now, fresh, merged, listed) for name, merged in old.items()}
        listed += [Merged(result.note, None) for result in results.values() if result.note is not None]
        found = _remove_files(project, listed)
    names = dict.fromkeys((*results, *found))
    return [_pruned(name, results.get(name), found.get(name, _Files())) for name in names]


class _Replaced(NamedTuple):
    note: LandingNote | None
    reason: str | None


@dataclass
class _Files:
    removed: int = 0
    kept: int = 0
    bytes: int = 0


def _pruned(name: str, replaced: _Replaced | None, files: _Files) -> Pruned:
    note, reason = replaced or (None, None)
    return Pruned(name, files.removed, files.kept, files.bytes, note.landing_id if note else None, reason)


def _old(listed: Sequence[Merged], older_than: datetime) -> dict[str, list[Merged]]:
    """The landings merged first of each collection, as long as they are old; not where only a baseline is."""
    found: dict[str, list[Merged]] = {}
    ended: set[str] = set()
    for merged in listed:
        note = merged.note
        if note.observed_to >= older_than:
            ended.add(note.collection)
        elif note.collection not in ended:
            found.setdefault(note.collection, []).append(merged)
    return {name: some for name, some in found.items() if any(m.note.scope != "baseline" for m in some)}


def _replace(project: Project, now: Hub, fresh: Hub, old: Sequence[Merged], listed: Sequence[Merged]) -> _Replaced:
    """Write the baseline of these landings and let it stand for them; their files go later."""
    source, last = old[0].note.collection, old[-1].note
    damaged = rebuild(project, fresh, old)
    if damaged:
        return _Replaced(None, f"{damaged[0]}; without it no baseline can be made")
    younger = {m.note.landing_id for m in effective(listed)} - {m.note.landing_id for m in old}
    covered = [m.note for m in listed if m.note.collection == source and m.note.landing_id not in younger]
    with (
        project.locks.hold(scan_lock(source)),
        project.landings.writer(source, run_id=project.run_id) as writer,
    ):
        note = write_baseline(writer, now, fresh, covered, last)
        with project.locks.hold(merge_lock(project, source)) as held, project.landings.verified(note) as path:
            head = merge_into(project.hub, path, note, guard=None, run_id=project.run_id, held=held).head
            with project.operations.write() as store:
                add_landing(store, note, project.clock())
            mark_merged(project, note, head)
    return _Replaced(note, None)


def _remove_files(project: Project, listed: Sequence[Merged]) -> dict[str, _Files]:
    """Call pruned what a baseline stands for, and remove the files that nothing refers to; by collection."""
    standing = {merged.note.landing_id for merged in effective(listed)}
    needed, there = _needed(project), set(project.landings.ids())
    gone = [m.note for m in listed if m.note.landing_id not in standing and m.note.landing_id in there]
    found: dict[str, _Files] = {}
    _call_pruned(project, gone)
    for note in gone:
        files = found.setdefault(note.collection, _Files())
        if note.landing_id in needed:
            files.kept += 1
            continue
        project.landings.remove(note.landing_id)
        files.removed, files.bytes = files.removed + 1, files.bytes + note.bytes
    return found


def _call_pruned(project: Project, gone: Sequence[LandingNote]) -> None:
    ids = [note.landing_id for note in gone]
    with project.operations.write() as store:
        for start in range(0, len(ids), _AT_ONCE):
            mine = landings.c.landing_id.in_(ids[start : start + _AT_ONCE])
            store.execute(update(landings).where(mine).values(state="pruned"))


def _needed(project: Project) -> set[str]:
    with project.hub.reading() as connection:
        if connection is None:
            return set()
        rows = connection.execute("""
            SELECT landing_id FROM hub.rejects WHERE resolved_at IS NULL
            UNION SELECT landing_id FROM hub.holds WHERE state = 'waiting'""").fetchall()
    return {row[0] for row in rows}
