"""Use case: forget what is older than it is to be kept: bodies and calls of the ledger, sightings, landings."""

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
    """The ledger's counts, and by source collection what was pruned of its landings."""

    landings: Sequence[PrunedLandings] = ()

    @property
    def findings(self) -> list[str]:
        """Landings that are old and could not be pruned, with the reason."""
        return [f"landings of {one.collection} were not pruned: {one.reason}" for one in self.landings if one.reason]


def prune(project: Project) -> Forgotten:
    """By `settings.bodies_days`, `settings.ledger_days` and `settings.landings_days`. Raises LockTimeout,
    StoreDamaged."""
    from ipaas_dagster.ledger import prune as ledger

    done = ledger.prune(project)
    return Forgotten(done.calls, done.bodies, done.sightings, done.kept, _old_landings(project))


def _old_landings(project: Project) -> Sequence[PrunedLandings]:
    days = project.settings.landings_days
    if days is None:
        return ()
    from ipaas_dagster.replay.pruning import prune_landings

    return prune_landings(project, project.clock() - timedelta(days=days))
