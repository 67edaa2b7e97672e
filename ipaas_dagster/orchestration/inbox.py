"""Webhooks received, as hints that a collection changed. No Dagster here.

A row is `pending` until the pull that followed it has succeeded, then `done`; what a hint says about a
record is never believed, the record is read again.
"""

from datetime import datetime

from sqlalchemy import func, select, update

from ipaas_dagster.operations.tables import inbox
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM
from ipaas_dagster.source.collections import POLLED

PENDING, DONE = "pending", "done"


def waiting_hints(project: Project) -> dict[str, datetime]:
    """Polled source collections with pending webhooks -> when the newest was received."""
    query = (
        select(inbox.c.collection, func.max(inbox.c.received_at))
        .where(inbox.c.system == SOURCE_SYSTEM, inbox.c.state == PENDING, inbox.c.collection.in_(POLLED))
        .group_by(inbox.c.collection)
    )
    with project.operations.read() as connection:
        return {collection: newest for collection, newest in connection.execute(query)}


def hints_done(project: Project, collection: str, upto: datetime) -> None:
    """The collection was read after `upto`: what was received until then is dealt with."""
    mine = (inbox.c.system == SOURCE_SYSTEM) & (inbox.c.collection == collection)
    with project.operations.write() as connection:
        connection.execute(
            update(inbox)
            .where(mine, inbox.c.state == PENDING, inbox.c.received_at <= upto)
            .values(state=DONE, done_at=project.clock())
        )
