"""Links: which record of the hub is which record there, and what the system last confirmed of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, literal, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ipaas_dagster.operations.tables import links, outbox
from ipaas_dagster.outbox.among import among

Ref = tuple[str, str]
"""(hub collection, hub id)"""


def external_ids(connection: Connection, system: str, refs: Iterable[Ref], *, alive: bool = True) -> dict[Ref, str]:
    """The id that the system gave each record; what it does not hold (any more) is absent."""
    found: dict[Ref, str] = {}
    by_collection: dict[str, set[str]] = {}
    for collection, hub_id in refs:
        by_collection.setdefault(collection, set()).add(hub_id)
    for collection, hub_ids in by_collection.items():
        query = select(links.c.hub_id, links.c.external_id).where(
            links.c.system == system,
            links.c.collection == collection,
            among(connection, links.c.hub_id, sorted(hub_ids)),
            links.c.external_id.is_not(None),
        )
        if alive:
            query = query.where(~links.c.deleted)
        found |= {(collection, row.hub_id): row.external_id for row in connection.execute(query)}
    return found


def held(connection: Connection, system: str, collection: str, hub_ids: Sequence[str]) -> set[str]:
    """Those of the records that the system holds."""
    query = select(links.c.hub_id).where(
        links.c.system == system,
        links.c.collection == collection,
        among(connection, links.c.hub_id, hub_ids),
        ~links.c.deleted,
    )
    return set(connection.scalars(query))


def confirm(connection: Connection, which: ColumnElement[bool], now: datetime, *, keeps_hub_ids: bool) -> None:
    """`which` entries are what the system confirmed last, of their records."""
    entry = outbox.c
    is_delete = entry.operation == "delete"
    hash_ = case((is_delete, null()), else_=entry.payload_hash)
    row: dict[str, Any] = {
        "system": entry.system,
        "collection": entry.collection,
        "hub_id": entry.hub_id,
        "external_id": entry.hub_id if keeps_hub_ids else null(),
        "payload_hash": hash_,
        "version": entry.version,
        "entry_id": entry.entry_id,
        "deleted": is_delete,
        "confirmed_at": literal(now, links.c.confirmed_at.type),
    }
    source = select(*(value.label(name) for name, value in row.items())).where(which)
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(links).from_select(list(row), source)
    kept = () if keeps_hub_ids else ("external_id",)  # an id outlives an update and a delete
    news = {name: statement.excluded[name] for name in row if name not in ("system", "collection", "hub_id", *kept)}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["system", "collection", "hub_id"],
            set_=news,
            where=links.c.entry_id.is_(None) | (links.c.entry_id <= statement.excluded.entry_id),
        )
    )


def name_externally(connection: Connection, system: str, collection: str, ids: Mapping[str, str]) -> None:
    """Keep the ids that the system gave, by hub id."""
    if not ids:
        return
    mine = (links.c.system == system) & (links.c.collection == collection)
    connection.execute(
        update(links).where(mine & (links.c.hub_id == bindparam("h"))).values(external_id=bindparam("x")),
        [{"h": hub_id, "x": external_id} for hub_id, external_id in ids.items()],
    )
