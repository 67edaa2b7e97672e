"""Use case 4: a full scan against the hub: what was missed is merged, what is gone is deleted."""

from __future__ import annotations

from dataclasses import dataclass

from ipaas_dagster.merge import MergeResult
from ipaas_dagster.project import Project
from ipaas_dagster.pull import PullResult


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


def reconcile(project: Project, collection: str) -> ReconcileResult:
    raise NotImplementedError
