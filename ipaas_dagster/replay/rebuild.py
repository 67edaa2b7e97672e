"""Use case 6: landings merged again through today's contracts, and what would differ from now.

The real hub is copied once, under its lock; from then on nobody waits for a replay, and both hubs stand still.
Disk: twice the hub, below the state folder, for as long as it runs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ipaas_dagster import contracts
from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import LandingDamaged, NotSetUp, UsageError
from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.spill import spill_folder
from ipaas_dagster.locks import Locks
from ipaas_dagster.merge import merge_into
from ipaas_dagster.project import Project
from ipaas_dagster.replay.chosen import Choice, Merged, choose, effective, merged_landings
from ipaas_dagster.replay.differences import Compared
from ipaas_dagster.replay.differing import Limits, compare

SHOWN = 100
"""Differing records named of each collection, unless told otherwise; all are counted."""


@dataclass(frozen=True)
class Replayed:
    """`landings` and `records` (lines) that were merged again. `damaged` says which landings could not be."""

    landings: int
    records: int
    compared: tuple[Compared, ...]
    damaged: tuple[str, ...] = ()
    kept: Path | None = None

    @property
    def findings(self) -> list[str]:
        """What makes the two hubs different, in words; empty where they are equal."""
        return [*self.damaged, *(one.in_words() for one in self.compared if one.differs)]


def replay(project: Project, choice: Choice | None = None, *, keep: Path | None = None, shown: int = SHOWN) -> Replayed:
    """Merge the chosen landings (None: all) into a fresh hub, as the real one merged them, and compare.

    `keep`: a new file for that hub. Raises UsageError where the choice or the file is wrong, NotSetUp without a hub.
    """
    chosen = choice or Choice()
    _require_new(keep)
    if not project.hub.exists():
        raise NotSetUp(f"there is no hub at {project.hub.shown} to compare with; run `ipaas sync` first")
    with workshop(project) as (now, fresh):
        with now.writing() as connection:  # an older hub gains its columns here
            listed = merged_landings(project, connection)
        landings = choose(effective(listed), chosen)
        damaged = rebuild(project, fresh, landings)
        names = [c.name for c in _collections(chosen)]
        limits = Limits(shown, tuple(m.note.landing_id for m in landings) if chosen.is_partial else None)
        compared = compare(now, fresh, names, limits)
        if keep is not None:
            keep.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(fresh.path, keep)
            crash_point("replay.kept")
    records = sum(merged.note.records for merged in landings)
    return Replayed(len(landings), records, tuple(compared), tuple(damaged), keep)


@contextmanager
def workshop(project: Project) -> Iterator[tuple[Hub, Hub]]:
    """A copy of the real hub, and a fresh one, in a folder that goes with the block (or after a kill, with the next
    process that opens the hub)."""
    settings = project.settings
    with spill_folder(settings.state, project.local_locks) as name:
        folder = Path(name)
        locks = Locks(folder / "locks")
        now = Hub(f"duckdb:///{folder}/now.duckdb", locks, memory_limit=settings.memory_limit)
        fresh = Hub(f"duckdb:///{folder}/replayed.duckdb", locks, memory_limit=settings.memory_limit)
        project.hub.copy_to(now.path)
        yield now, fresh


def rebuild(project: Project, hub: Hub, landings: Sequence[Merged]) -> list[str]:
    """Merge these landings into `hub`, each as it was merged; returns why some could not be."""
    total, done, damaged = sum(merged.note.records for merged in landings), 0, []
    with hub.writing():
        pass  # it has its tables, also where nothing is merged into it
    for merged in landings:
        note = merged.note
        project.progress("replay", done, total)
        with ExitStack() as files:
            try:
                path = files.enter_context(project.landings.verified(note))
            except LandingDamaged as error:
                damaged.append(f"landing {note.landing_id} could not be replayed: {error}")
                continue
            merge_into(hub, path, note, guard=merged.guard, run_id=project.run_id)
        done += note.records
    project.progress("replay", total, total)
    return damaged


def _collections(choice: Choice) -> list[contracts.Collection]:
    declared = (*contracts.COLLECTIONS, *contracts.REFERENCE)
    if choice.collections is None:
        return list(declared)
    family = {c.name for name in choice.collections for c in contracts.of_source(name)}
    return [collection for collection in declared if collection.name in family]


def _require_new(keep: Path | None) -> None:
    if keep is not None and keep.exists():
        raise UsageError(f"{keep} exists already; name a new file for the replayed hub, or remove it")
