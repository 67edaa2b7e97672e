"""Use case 1: read a collection from the source into a landing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ipaas_dagster.project import Project
from ipaas_dagster.records import Scope


@dataclass(frozen=True)
class PullResult:
    """`scope` is what was really read (a poll without a cursor is full). `landing_id` is None where nothing
    was found, and then nothing was written but the cursor. `fetched` counts source records as read."""

    collection: str
    scope: Scope
    landing_id: str | None
    fetched: int
    requests: int
    seconds: float
    cursor_before: datetime | None
    cursor_after: datetime | None
    notes: tuple[str, ...] = ()


def pull(project: Project, collection: str, scope: Scope | None = None) -> PullResult:
    """Scan `collection` and land what it holds. No scope: since the cursor, or full where there is none.

    Holds the collection's scan lock. Raises CallFailed, LockTimeout; then nothing has moved.
    """
    raise NotImplementedError
