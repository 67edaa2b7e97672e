"""Getting hub, landings and operations to agree again after a crash, a restored backup or a damaged file.

The hub's own list of merged landings is the authority: what it does not list is merged (again).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select, update

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.hub import HubHead
from ipaas_dagster.operations.put import put
from ipaas_dagster.operations.tables import cursors, landings, marks
from ipaas_dagster.project import Project
from ipaas_dagster.records import SOURCE_SYSTEM, LandingNote, new_id
from ipaas_dagster.source import adopt_orphans

HUB_MARK = "hub"


def recover(project: Project) -> None:
    """Before merging: landings without a row, a hub that was replaced, merges that were committed but not noted."""
    adopt_orphans(project)
    if not project.hub.exists() and read_mark(project, HUB_MARK) is None:
        return
    known = read_mark(project, HUB_MARK)
    head = project.hub.head()  # asked second: another process may merge and note between the two
    if known is not None and (head.epoch != known["epoch"] or head.seq < known["seq"]):
        _adopt_replaced_hub(project, head, known)
    _settle_waiting(project)


def read_mark(project: Project, name: str) -> dict[str, Any] | None:
    with project.operations.read() as connection:
        value: dict[str, Any] | None = connection.scalar(select(marks.c.value).where(marks.c.name == name))
    return value


def note_head(connection: Connection, head: HubHead, at: datetime) -> None:
    """Remember how far the hub was, in the caller's transaction."""
    put(connection, marks, name=HUB_MARK, value={"epoch": head.epoch, "seq": head.seq}, updated_at=at)


def _adopt_replaced_hub(project: Project, head: HubHead, known: dict[str, Any]) -> None:
    """The hub is older than what we knew, or another one: positions into it mean nothing any more."""
    project.say(
        f"the hub at {project.hub.shown} was replaced (it ends at {head.seq}, {known['seq']} was known): "
        "landings that it does not list are merged again, and every route is compared from the beginning"
    )
    with project.hub.writing() as connection:
        epoch = head.epoch
        if epoch == known["epoch"]:
            epoch = new_id()
            connection.execute("UPDATE hub.meta SET value = ? WHERE name = 'epoch'", [epoch])
            crash_point("recovery.epoch_renewed")
        listed = _listed(connection)
    with project.operations.write() as store:
        missing = [
            row.landing_id
            for row in store.execute(select(landings.c.landing_id).where(landings.c.state == "merged"))
            if row.landing_id not in listed
        ]
        for landing_id in missing:
            store.execute(update(landings).where(landings.c.landing_id == landing_id).values(state="waiting"))
        note_head(store, HubHead(epoch, head.seq), project.clock())


def _settle_waiting(project: Project) -> None:
    """A crash between the hub's commit and ours: the landing is merged, only the note is missing."""
    with project.operations.read() as store:
        waiting = set(store.scalars(select(landings.c.landing_id).where(landings.c.state == "waiting")))
    if not waiting:
        return
    with project.hub.reading() as connection:
        merged = waiting & _listed(connection) if connection is not None else set()
    if merged:
        with project.operations.write() as store:
            store.execute(
                update(landings)
                .where(landings.c.landing_id.in_(merged))
                .values(state="merged", merged_at=first_merged(project.clock()))
            )
            note_head(store, project.hub.head(), project.clock())


def first_merged(now: datetime) -> ColumnElement[datetime]:
    """When the hub got a landing: merged again into a restored hub, it keeps the first time."""
    return func.coalesce(landings.c.merged_at, literal(now, landings.c.merged_at.type))


def _listed(connection: Any) -> set[str]:
    return {row[0] for row in connection.execute("SELECT landing_id FROM hub.merged_landings").fetchall()}


def set_aside(project: Project, landing: LandingNote, reason: str) -> None:
    """A damaged landing blocks nothing: it is shown, and the cursor goes back so that its scope is read again."""
    mine = (cursors.c.source_system == SOURCE_SYSTEM) & (cursors.c.collection == landing.collection)
    with project.operations.write() as store:
        store.execute(
            update(landings).where(landings.c.landing_id == landing.landing_id).values(state="damaged", reason=reason)
        )
        cursor = store.scalar(select(cursors.c.cursor).where(mine))
        if cursor is not None and (landing.start is None or landing.start < cursor):
            store.execute(update(cursors).where(mine).values(cursor=landing.start, digest=None))
        else:
            store.execute(update(cursors).where(mine).values(digest=None))
    project.say(f"landing {landing.landing_id} of {landing.collection} is damaged and was set aside: {reason}")
