"""Merging one staged landing into the hub: one transaction, from verdicts to the note that it was merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.changes import HubHead, read_head
from ipaas_dagster.hub.classify import classify
from ipaas_dagster.hub.counts import Counts, count, write_counts
from ipaas_dagster.hub.deletes import Guard, find_gone, hold_back, note_present
from ipaas_dagster.hub.fences import Fence, pass_fence
from ipaas_dagster.hub.holds import decide, write_hold
from ipaas_dagster.hub.rejects import resolve_vanished, write_rejects
from ipaas_dagster.hub.sightings import write_sightings
from ipaas_dagster.hub.store import HubConnection, transaction
from ipaas_dagster.hub.write import write_collection
from ipaas_dagster.records import LandingNote

WARNINGS_KEPT = 100
"""Of each landing: enough to see what is wrong; their number is in the counts."""

NUMBERING = "numbering"
"""Held from taking the next `seq` until the commit. So whoever reads up to a `seq` has read all that are smaller: none
of them is still to come, whatever the order in which transactions began."""


@dataclass(frozen=True)
class Merged:
    counts: Mapping[str, Counts]
    new_rejects: int
    holds: tuple[str, ...]
    head: HubHead


def merge_landing(
    connection: HubConnection, landing: LandingNote, *, guard: Guard | None, run_id: str, fence: Fence | None = None
) -> Merged:
    """Merge the landing whose records are staged beside the hub; one that was merged meanwhile is left as it is.

    `guard` None: a person approved the deletes of this landing. Raises LeaseLost where the `fence` was overtaken.
    """
    family = contracts.of_source(landing.collection)
    with transaction(connection):
        pass_fence(connection, fence)
        connection.lock(f"merge {landing.collection}")
        if is_merged(connection, landing.landing_id):
            return Merged(read_counts(connection, landing.landing_id), 0, (), read_head(connection))
        classify(connection, family)
        holds = _settle_deletes(connection, family, landing, guard)
        new_rejects = 0
        counts = {}
        connection.lock(NUMBERING)
        head = read_head(connection)
        seq = head.seq
        for collection in family:
            new_rejects += write_rejects(
                connection, collection, source=landing.collection, landing_id=landing.landing_id, run_id=run_id
            )
            held = holds.get(collection.name, ("", 0))[1]
            counts[collection.name] = count(connection, collection, held=held)
            write_counts(connection, landing.landing_id, landing.collection, collection, counts[collection.name])
            write_sightings(connection, collection, landing.landing_id)
            seq = write_collection(connection, collection, seq=seq, landing_id=landing.landing_id, run_id=run_id)
            if landing.scope == "full":
                resolve_vanished(connection, collection, landing.observed_from.isoformat())
        _note(connection, landing, guard, run_id)
    return Merged(counts, new_rejects, tuple(hold_id for hold_id, _ in holds.values()), HubHead(head.epoch, seq))


def _settle_deletes(
    connection: HubConnection, family: tuple[Collection, ...], landing: LandingNote, guard: Guard | None
) -> dict[str, tuple[str, int]]:
    """Find what is gone, hold back what is too much at once: collection -> (hold id, records held)."""
    holds = {}
    for collection in family:
        parent = family[0] if collection.parent else None
        if parent is not None:
            note_present(connection, collection)
        find_gone(connection, collection, parent, landing)
        held = hold_back(connection, collection, guard)
        if held is not None:
            hold_id = write_hold(
                connection,
                held,
                source=landing.collection,
                landing_id=landing.landing_id,
                created_at=landing.observed_to,
            )
            holds[collection.name] = (hold_id, held.records)
    return holds


def is_merged(connection: HubConnection, landing_id: str) -> bool:
    """Whether the hub lists this landing."""
    found = connection.execute("SELECT 1 FROM hub.merged_landings WHERE landing_id = ?", [landing_id]).fetchone()
    return found is not None


def note_merged(connection: HubConnection, landing: LandingNote, guard: Guard | None, run_id: str) -> None:
    """List the landing as merged, with its place in the order and the guard that it passed: a replay needs both."""
    share, records = (guard.share, guard.records) if guard is not None else (None, None)
    connection.execute(
        """
        INSERT INTO hub.merged_landings
            (landing_id, collection, scope, observed_from, run_id, number, hold_share, hold_records)
        SELECT ?, ?, ?, ?, ?, greatest(coalesce(max(number), 0), count(*)) + 1, ?, ?
        FROM hub.merged_landings""",
        [landing.landing_id, landing.collection, landing.scope, landing.observed_from, run_id, share, records],
    )


def _note(connection: HubConnection, landing: LandingNote, guard: Guard | None, run_id: str) -> None:
    note_merged(connection, landing, guard, run_id)
    connection.execute(
        f"""
        INSERT INTO hub.warnings
        SELECT collection, source_id, field, reason, ? FROM staged_warnings ORDER BY line, element
        LIMIT {WARNINGS_KEPT}""",
        [landing.landing_id],
    )
    approved = landing.details.get("approval")
    if approved:
        decide(connection, str(approved), "approved", landing.observed_to, landing.landing_id)


def read_counts(connection: HubConnection, landing_id: str) -> dict[str, Counts]:
    """The balance of a landing that was merged before, by hub collection."""
    from dataclasses import fields

    names = [f.name for f in fields(Counts)]
    rows = connection.execute(
        f"SELECT collection, {', '.join(names)} FROM hub.landing_counts WHERE landing_id = ?",
        [landing_id],
    ).fetchall()
    return {row[0]: Counts(*row[1:]) for row in rows}
