"""Links: which record of the hub is which record there, and what the system last confirmed of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from ipaas_dagster.operations.tables import links, payloads
from ipaas_dagster.outbox.among import among, among_given
from ipaas_dagster.outbox.bulk import bound

Ref = tuple[str, str]
"""(hub collection, hub id)"""


@cache
def _of_records(dialect: str) -> Select[str, str | None, bool]:
    return select(links.c.hub_id, links.c.external_id, links.c.deleted).where(
        links.c.system == bindparam("system"),
        links.c.collection == bindparam("collection"),
        among_given(dialect, links.c.hub_id, "hub_ids"),
    )


def external_ids(connection: Connection, system: str, refs: Iterable[Ref], *, alive: bool = True) -> dict[Ref, str]:
    """The id that the system gave each record; what it does not hold (any more) is absent."""
    found: dict[Ref, str] = {}
    by_collection: dict[str, set[str]] = {}
    for collection, hub_id in refs:
        by_collection.setdefault(collection, set()).add(hub_id)
    query = _of_records(connection.dialect.name)
    for collection, hub_ids in by_collection.items():
        given = {"system": system, "collection": collection, "hub_ids": sorted(hub_ids)}
        for hub_id, external_id, deleted in connection.execute(query, given).all():
            if external_id is not None and not (alive and deleted):
                found[collection, hub_id] = external_id
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


class Confirmed(NamedTuple):
    """What the system confirmed last of one record. `external_id` is the id it told, if it told one."""

    hub_id: str
    external_id: str | None
    payload_hash: str | None
    version: int
    entry_id: int
    deleted: bool


class ConfirmedPayload(NamedTuple):
    hub_id: str
    version: int
    payload: bytes


def confirmed_payloads(
    connection: Connection, system: str, collection: str, hub_ids: Sequence[str]
) -> list[ConfirmedPayload]:
    """What the system confirmed last of these records, as it was rendered; without those that it holds no more."""
    query = (
        select(links.c.hub_id, links.c.version, payloads.c.payload)
        .join(payloads, payloads.c.entry_id == links.c.entry_id)
        .where(
            links.c.system == system,
            links.c.collection == collection,
            among(connection, links.c.hub_id, hub_ids),
            ~links.c.deleted,
        )
    )
    return [ConfirmedPayload._make(row) for row in connection.execute(query)]


def confirm(
    connection: Connection, system: str, collection: str, confirmed: Iterable[Confirmed], now: datetime
) -> None:
    """Keep what the system confirmed; an id that it told before outlives an update and a delete."""
    statement, at = _confirming(connection.dialect.name), bound(connection, links, "confirmed_at", now)
    rows = [
        (system, collection, c.hub_id, c.external_id, c.payload_hash, c.version, c.entry_id, c.deleted, at)
        for c in confirmed
    ]
    connection.exec_driver_sql(statement, rows)


@cache
def _confirming(dialect: str) -> str:
    """In the driver's words; SQLAlchemy's work per row would cost more than the store's."""
    marker = "?" if dialect == "sqlite" else "%s"
    return f"""
        INSERT INTO links
            (system, collection, hub_id, external_id, payload_hash, version, entry_id, deleted, confirmed_at)
        VALUES ({", ".join([marker] * 9)})
        ON CONFLICT (system, collection, hub_id) DO UPDATE SET
            external_id = coalesce(excluded.external_id, links.external_id), payload_hash = excluded.payload_hash,
            version = excluded.version, entry_id = excluded.entry_id, deleted = excluded.deleted,
            confirmed_at = excluded.confirmed_at
        WHERE links.entry_id IS NULL OR links.entry_id <= excluded.entry_id"""
