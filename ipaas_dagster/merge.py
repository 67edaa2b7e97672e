"""Use case 2: merge waiting landings into the hub, first in first out, each exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ipaas_dagster.project import Project


@dataclass(frozen=True)
class Counts:
    """What became of the records of one collection in one landing. `deleted` stands beside the balance:
    fetched = inserted + updated + unchanged + stale + duplicate + rejected."""

    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    duplicate: int = 0
    rejected: int = 0
    deleted: int = 0
    warned: int = 0
    held: int = 0

    @property
    def balanced(self) -> bool:
        ended = self.inserted + self.updated + self.unchanged + self.stale + self.duplicate + self.rejected
        return self.fetched == ended


@dataclass(frozen=True)
class MergeResult:
    """One landing merged. `counts` by hub collection (children too); `new_rejects` opened by this landing."""

    landing_id: str
    collection: str
    scope: str
    counts: Mapping[str, Counts]
    new_rejects: int = 0
    holds: tuple[str, ...] = ()
    damaged: str | None = None
    notes: tuple[str, ...] = field(default=())


def merge(project: Project, collections: Iterable[str] | None = None) -> list[MergeResult]:
    """Merge what waits for these source collections (None: all). Damaged landings are set aside and reported."""
    raise NotImplementedError
