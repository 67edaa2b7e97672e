"""Use case: forget what is older than it is to be kept: calls and bodies of the ledger, sightings, settled deliveries,
webhooks that are done, landings. The space that becomes free is given back where the store can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ipaas_dagster.ledger.prune import Pruned

if TYPE_CHECKING:
    from ipaas_dagster.project import Project
    from ipaas_dagster.replay.pruning import Pruned as PrunedLandings


@dataclass(frozen=True)
class Forgotten(Pruned):
    """The ledger's counts; `entries` of the outbox and `webhooks`; by source collection what was pruned of its
    landings; `freed` bytes that the operations store gave back to the disk."""

    landings: Sequence[PrunedLandings] = ()
    entries: int = 0
    webhooks: int = 0
    freed: int = 0

    @property
    def findings(self) -> list[str]:
        """Landings that are old and could not be pruned, with the reason."""
        return [f"landings of {one.collection} were not pruned: {one.reason}" for one in self.landings if one.reason]


@dataclass(frozen=True)
class Prunable:
    """What `prune` would forget of the ledger (evidence that is kept among it) and of operations."""

    calls: int
    bodies: int
    entries: int
    webhooks: int


def prune(project: Project) -> Forgotten:
    """By the settings; each store in small transactions, while deliveries and pulls go on. Raises LockTimeout,
    StoreDamaged."""
    from ipaas_dagster.ledger import prune as ledger
    from ipaas_dagster.ledger.inbox import prune_inbox
    from ipaas_dagster.operations.space import give_back
    from ipaas_dagster.outbox.pruning import prune_entries

    now, settings, operations = project.clock(), project.settings, project.operations
    done = ledger.prune(project)
    entries = webhooks = 0
    if settings.outbox_days is not None:
        entries = prune_entries(operations, now - timedelta(days=settings.outbox_days))
    if settings.inbox_days is not None:
        webhooks = prune_inbox(operations, now - timedelta(days=settings.inbox_days))
    old = _old_landings(project)
    freed = give_back(operations)
    return Forgotten(done.calls, done.bodies, done.sightings, done.kept, old, entries, webhooks, freed)


def prunable(project: Project) -> Prunable:
    """Counts only."""
    from ipaas_dagster.ledger.inbox import prunable as webhooks
    from ipaas_dagster.ledger.prune import older
    from ipaas_dagster.outbox.pruning import prunable as entries

    now, settings, operations = project.clock(), project.settings, project.operations
    calls, bodies = older(project)
    return Prunable(
        calls,
        bodies,
        0 if settings.outbox_days is None else entries(operations, now - timedelta(days=settings.outbox_days)),
        0 if settings.inbox_days is None else webhooks(operations, now - timedelta(days=settings.inbox_days)),
    )


def _old_landings(project: Project) -> Sequence[PrunedLandings]:
    days = project.settings.landings_days
    if days is None:
        return ()
    from ipaas_dagster.replay.pruning import prune_landings

    return prune_landings(project, project.clock() - timedelta(days=days))
