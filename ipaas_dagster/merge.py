"""Use case 2: merge waiting landings into the hub, first in first out, each exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from ipaas_dagster.errors import LandingDamaged, Stopped
from ipaas_dagster.hub import Counts, Hub, HubHead
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.locks import Hold
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.project import Project
from ipaas_dagster.records import LandingNote
from ipaas_dagster.recovery import first_merged, note_head, recover, set_aside
from ipaas_dagster.source import SOURCE_COLLECTIONS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ipaas_dagster.hub.landing import Merged
    from ipaas_dagster.hub.store import HubConnection

__all__ = ["Counts", "MergeResult", "merge"]


MEMORY_STEP, MEMORY_STEPS = 1.15, 20


@dataclass(frozen=True)
class MergeResult:
    """One landing merged. `counts` by hub collection (children too); `new_rejects` opened by this landing;
    `holds` are ids for `ipaas approve`; `damaged` says why the landing was set aside instead."""

    landing_id: str
    collection: str
    scope: str
    counts: Mapping[str, Counts]
    new_rejects: int = 0
    holds: tuple[str, ...] = ()
    damaged: str | None = None
    notes: tuple[str, ...] = ()


def merge(project: Project, collections: Iterable[str] | None = None) -> list[MergeResult]:
    """Merge what waits for these source collections (None: all). Damaged landings are set aside and reported.

    One merge runs at a time, into a hub on a server one of each collection (locks of their own); a hub's file is locked
    only inside it, landing by landing. Raises LockTimeout, StoreDamaged; then the landings that are left still wait.
    """
    wanted = None if collections is None else tuple(collections)
    with project.locks.hold(_LOCK) as held:
        recover(project)
        if not project.hub.shared:
            return [_merge_one(project, note, held) for note in waiting(project, wanted)]
    results = []
    for source in dict.fromkeys(note.collection for note in waiting(project, wanted)):
        with project.locks.hold(merge_lock(project, source)) as held:
            results += [_merge_one(project, note, held) for note in waiting(project, (source,))]
    return results


_LOCK = "merge"


def merge_lock(project: Project, source: str) -> str:
    """What whoever merges landings of a source collection holds."""
    return f"{_LOCK}-{source}" if project.hub.shared else _LOCK


@contextmanager
def nobody_merges(project: Project) -> Iterator[None]:
    """For the block no landing of any collection is merged."""
    names = dict.fromkeys((_LOCK, *(merge_lock(project, source.name) for source in SOURCE_COLLECTIONS)))
    with ExitStack() as held:
        for name in names:
            held.enter_context(project.locks.hold(name))
        yield


def waiting(project: Project, collections: tuple[str, ...] | None = None) -> list[LandingNote]:
    """Landings that are not merged yet, oldest first; what stands for older ones that were pruned before all."""
    query = select(landings).where(landings.c.state == "waiting")
    query = query.order_by(landings.c.scope != "baseline", landings.c.number)
    if collections is not None:
        query = query.where(landings.c.collection.in_(collections))
    with project.operations.read() as connection:
        return [note_of(row) for row in connection.execute(query)]


def note_of(row: Any) -> LandingNote:
    """A row of `landings` as its manifest says it."""
    return LandingNote(
        landing_id=row.landing_id,
        collection=row.collection,
        scope=row.scope,
        records=row.records,
        sha256=row.sha256,
        bytes=row.bytes,
        observed_from=row.observed_from,
        observed_to=row.observed_to,
        run_id=row.run_id,
        start=row.window_from,
        end=row.window_to,
        details=row.details,
    )


def _merge_one(project: Project, landing: LandingNote, held: Hold) -> MergeResult:
    with ExitStack() as files:
        try:
            path = files.enter_context(project.landings.verified(landing))
        except LandingDamaged as error:
            set_aside(project, landing, str(error))
            return MergeResult(landing.landing_id, landing.collection, landing.scope, {}, damaged=str(error))
        return _merge_file(project, path, landing, held)


def _merge_file(project: Project, path: Path, landing: LandingNote, held: Hold) -> MergeResult:
    settings = project.settings
    guard = None if landing.details.get("approval") else Guard(settings.hold_share, settings.hold_records)
    project.progress(f"merge {landing.collection}", 0, landing.records)
    merged = merge_into(project.hub, path, landing, guard=guard, run_id=project.run_id, held=held)
    mark_merged(project, landing, merged.head)
    project.progress(f"merge {landing.collection}", landing.records, landing.records)
    return MergeResult(
        landing.landing_id,
        landing.collection,
        landing.scope,
        merged.counts,
        new_rejects=merged.new_rejects,
        holds=merged.holds,
    )


def merge_into(
    hub: Hub, path: Path, landing: LandingNote, *, guard: Guard | None, run_id: str, held: Hold | None = None
) -> Merged:
    """Merge the landing's file into `hub`, the real one or another, in one transaction. `guard` None: approved.
    `held`: what entitles to it; asked again once the hub is ours, right before its transaction.

    The memory limit fits the usual record; a landing of much larger ones gets a little more until it fits. Raises
    Stopped where even that is too little, or where the lease was taken over.
    """
    import duckdb

    for step in range(MEMORY_STEPS):
        try:
            with hub.scratch(MEMORY_STEP**step) as scratch, _staged(hub, scratch, path, landing) as connection:
                return _merge_staged(connection, landing, guard, run_id, held)
        except duckdb.OutOfMemoryException as error:
            reason = str(error).splitlines()[0]
    raise Stopped(
        f"landing {landing.landing_id} of {landing.collection} does not fit into "
        f"{MEMORY_STEP ** (MEMORY_STEPS - 1):.0f} times the memory limit ({reason}); raise IPAAS_MEMORY_LIMIT. "
        "It waits, and nothing of it was merged"
    )


@contextmanager
def _staged(hub: Hub, scratch: DuckDBPyConnection, path: Path, landing: LandingNote) -> Iterator[HubConnection]:
    """The hub with the landing's records beside it; it is opened only when these are ready."""
    if landing.scope == "baseline":
        from ipaas_dagster.hub.baseline import needs_baseline, stage_baseline

        with hub.reading() as connection:
            needed = needs_baseline(connection, landing)
        if needed:
            stage_baseline(scratch, path, landing)
    else:
        from ipaas_dagster.contracts.staging import stage

        stage(scratch, path, landing.collection)
    with hub.receiving(scratch) as connection:
        yield connection


def _merge_staged(
    connection: HubConnection, landing: LandingNote, guard: Guard | None, run_id: str, held: Hold | None
) -> Merged:
    from ipaas_dagster.hub.baseline import merge_baseline
    from ipaas_dagster.hub.fences import Fence
    from ipaas_dagster.hub.landing import merge_landing

    fence = None
    if held is not None and held.token:
        held.check()
        fence = Fence(held.name, held.token)
    if landing.scope == "baseline":
        return merge_baseline(connection, landing, run_id=run_id, fence=fence)
    return merge_landing(connection, landing, guard=guard, run_id=run_id, fence=fence)


def mark_merged(project: Project, landing: LandingNote, head: HubHead) -> None:
    with project.operations.write() as connection:
        connection.execute(
            update(landings)
            .where(landings.c.landing_id == landing.landing_id)
            .values(state="merged", merged_at=first_merged(project.clock()))
        )
        note_head(connection, head, project.clock())
