"""What a poll is due for: something new at the source, or work that a run left unfinished. No Dagster
here."""

from collections.abc import Sequence

from sqlalchemy import select

from ipaas_dagster.operations.tables import cursors, landings
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM


def changed(project: Project, collections: Sequence[str]) -> tuple[str, ...]:
    """The collections with something newer than their probe mark, one request each; moves the mark."""
    raise NotImplementedError


def unfinished(project: Project, collections: Sequence[str]) -> dict[str, str]:
    """The collections with a landing that waits to be merged, or whose cursor a launched poll did not
    move."""
    waiting = select(landings.c.collection).where(
        landings.c.state == "waiting", landings.c.collection.in_(collections)
    )
    unmoved = select(cursors.c.collection).where(
        cursors.c.source_system == SOURCE_SYSTEM,
        cursors.c.collection.in_(collections),
        cursors.c.probe_mark.is_not(None),
        cursors.c.cursor.is_(None) | (cursors.c.updated_at < cursors.c.probe_mark),
    )
    with project.operations.read() as connection:
        found = dict.fromkeys(connection.scalars(unmoved), "the last poll did not succeed")
        return found | dict.fromkeys(connection.scalars(waiting), "a landing waits to be merged")
