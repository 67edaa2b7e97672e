"""When something was observed: by our clock, but never before what is already landed of the collection.

The hub keeps the later observation of a record. Were our clock set back between two runs, the newer answer would
look older than the row it should replace, and be passed over until the clock has caught up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


def not_before(project: Project, collection: str) -> datetime | None:
    """The first moment after every observation landed of this source collection; None where there is none."""
    from sqlalchemy import func, select

    from ipaas_dagster.operations.tables import landings as t

    with project.operations.read() as connection:
        newest = connection.scalar(select(func.max(t.c.observed_to)).where(t.c.collection == collection))
    return None if newest is None else newest + timedelta(microseconds=1)


def observed_now(project: Project, collection: str) -> datetime:
    """The present as an observation of this collection counts it. Ask for it while holding its scan lock, or where
    a scan that begins in between does no harm."""
    now, earliest = project.clock(), not_before(project, collection)
    return now if earliest is None else max(now, earliest)
