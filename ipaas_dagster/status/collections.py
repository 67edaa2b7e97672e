"""What the hub holds of each collection, and how far it may be behind the source."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from ipaas_dagster.operations.tables import cursors, landings
from ipaas_dagster.records import SOURCE_SYSTEM
from ipaas_dagster.status.hub_side import HubOpen
from ipaas_dagster.status.model import CollectionStatus, OnItsWay, Waiting

if TYPE_CHECKING:
    from ipaas_dagster.ledger import Balance
    from ipaas_dagster.project import Project


def read_collections(project: Project, books: Balance, hub: HubOpen) -> list[CollectionStatus]:
    """Every collection of the hub, in the order in which they are read."""
    now = project.clock()
    unread_since = now - timedelta(hours=project.settings.stale_hours)
    with project.operations.read() as connection:
        mine = select(cursors).where(cursors.c.source_system == SOURCE_SYSTEM)
        read = {row.collection: row for row in connection.execute(mine)}
        by_state = select(landings.c.collection, landings.c.state, func.count()).group_by(
            landings.c.collection, landings.c.state
        )
        landed = {(name, state): count for name, state, count in connection.execute(by_state)}
    booked = {c.collection: c for c in books.landings.collections}
    found = []
    for collection, source in with_sources():
        row, book = read.get(source), booked.get(collection)
        found.append(
            CollectionStatus(
                collection,
                source,
                records=book.alive if book else 0,
                open_rejects=book.open_rejects if book else 0,
                cursor=row.cursor if row else None,
                read_at=row.updated_at if row else None,
                lag_seconds=_lag(row, now),
                waiting_landings=landed.get((source, "waiting"), 0),
                damaged_landings=landed.get((source, "damaged"), 0),
                rejects_since=hub.rejects_since.get(collection),
                stale=row is not None and row.updated_at < unread_since,
            )
        )
    return found


def _lag(cursor: Any, now: datetime) -> float | None:
    """Of a row of the cursors; None where there is none."""
    return max((now - (cursor.cursor or cursor.updated_at)).total_seconds(), 0.0) if cursor else None


def lag_of(project: Project, collection: str) -> float | None:
    """What one hub collection may be behind the source, in seconds; None: never read."""
    source = dict(with_sources())[collection]
    mine = (cursors.c.source_system == SOURCE_SYSTEM) & (cursors.c.collection == source)
    with project.operations.read() as connection:
        return _lag(connection.execute(select(cursors).where(mine)).one_or_none(), project.clock())


def with_sources() -> list[tuple[str, str]]:
    """Every collection of the hub with the source collection it is read from; parents first."""
    from ipaas_dagster import contracts
    from ipaas_dagster.source.collections import SOURCE_COLLECTIONS

    return [(c.name, source.name) for source in SOURCE_COLLECTIONS for c in contracts.of_source(source.name)]


def to_merge(project: Project) -> list[OnItsWay]:
    """Landings that are not merged yet, in records."""
    query = (
        select(landings.c.collection, func.sum(landings.c.records), func.min(landings.c.created_at))
        .where(landings.c.state == "waiting")
        .group_by(landings.c.collection)
        .order_by(landings.c.collection)
    )
    with project.operations.read() as connection:
        rows = connection.execute(query).all()
    return [
        OnItsWay("to merge", "hub", name, "read, and not merged yet", int(count), since) for name, count, since in rows
    ]


def set_aside(project: Project) -> list[Waiting]:
    """Damaged landings; the cursor went back, so that the next poll reads their records again."""
    query = select(landings.c.landing_id, landings.c.collection, landings.c.reason, landings.c.created_at)
    with project.operations.read() as connection:
        rows = connection.execute(query.where(landings.c.state == "damaged").order_by(landings.c.number)).all()
    return [
        Waiting(
            "damaged landing",
            row.collection,
            f"{row.landing_id} is damaged and was set aside ({row.reason}); what it held is read again by the next "
            f"poll, or by `ipaas sync {row.collection} --full`",
            row.created_at,
        )
        for row in rows
    ]


def stale(collections: list[CollectionStatus]) -> list[Waiting]:
    """What was not read for long: whatever should read it does not run, or cannot."""
    return [
        Waiting("stale", one.collection, f"was last read at {one.read_at:%Y-%m-%d %H:%M} UTC", one.read_at)
        for one in collections
        if one.stale
    ]
