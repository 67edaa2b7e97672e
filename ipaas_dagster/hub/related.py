"""Records found by others: children of given parents, holders of a value, parents whose children changed; and how
many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.types import duckdb_type
from ipaas_dagster.hub.changes import reader
from ipaas_dagster.hub.dialect import Dialect, record_fields
from ipaas_dagster.hub.tables import table

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection


@dataclass(frozen=True)
class Touched:
    """`changes` of a child collection up to the seq `upto`, and the hub ids of the `parents` they concern."""

    changes: int
    upto: int
    parents: tuple[str, ...]


def read_children(connection: HubConnection, collection: str, parents: Sequence[str]) -> list[dict[str, Any]]:
    """Live children of these parents, typed, by their number in the parent, else by hub id."""
    child = contracts.collection(collection)
    order = ", ".join(f'c."{name}"' for name in (child.number_column, "hub_id") if name)
    query = f"""
        SELECT c.version, {connection.sql.json_text("c", record_fields(child))} FROM {table(child)} c
        WHERE c.deleted_at IS NULL AND c."{child.parent_column}" IN (SELECT unnest(?::VARCHAR[])) ORDER BY {order}"""
    read = reader(child)
    return [read(record, version) for version, record in connection.execute(query, [list(parents)]).fetchall()]


def read_children_at(
    connection: HubConnection, collection: str, parents: Sequence[str], seq: int
) -> list[dict[str, Any]]:
    """As `read_children`, when `seq` was the hub's last change; but for those that moved to another parent since."""
    child = contracts.collection(collection)
    query = f"""
        SELECT v.version, v.record::VARCHAR FROM hub.versions v JOIN (
            SELECT hub_id, max(seq) AS seq FROM hub.versions
            WHERE collection = ? AND seq <= ? AND hub_id IN (
                SELECT c.hub_id FROM {table(child)} c
                WHERE c."{child.parent_column}" IN (SELECT unnest(?::VARCHAR[])))
            GROUP BY hub_id) last ON v.seq = last.seq AND v.hub_id = last.hub_id
        WHERE v.operation <> 'delete'"""
    values = [collection, seq, list(parents)]
    read = reader(child)
    found = [read(record, version) for version, record in connection.execute(query, values).fetchall()]
    mine = [one for one in found if one[child.parent_column or ""] in parents]
    return sorted(mine, key=lambda one: (one[child.number_column] if child.number_column else 0, one["hub_id"]))


def read_holders(
    connection: HubConnection, collection: str, column: str, values: Sequence[Any]
) -> list[tuple[Any, str]]:
    """(value, hub id) of the live records that hold one of the values, in hub id order."""
    declared = contracts.collection(collection)
    kind = next((duckdb_type(c.type) for c in declared.columns if c.name == column), "VARCHAR")
    query = f"""
        SELECT c."{column}", c.hub_id FROM {table(declared)} c
        WHERE c.deleted_at IS NULL AND c."{column}" IN (SELECT unnest(?::{kind}[])) ORDER BY c.hub_id"""
    return [(value, hub_id) for value, hub_id in connection.execute(query, [list(values)]).fetchall()]


def read_touched(
    connection: HubConnection, collection: str, after_seq: int, limit: int, upto: int, parents_after: int
) -> Touched:
    """At most `limit` changes of a child collection with `after_seq` < seq <= `upto`. Parents that changed
    themselves with `parents_after` < seq <= `upto` are left out: who reads their changes knows of them."""
    child = contracts.collection(collection)
    count, last = _chunk(connection, collection, after_seq, limit, upto)
    if not count:
        return Touched(0, upto, ())
    found = connection.execute(
        f"""
        SELECT DISTINCT t.parent FROM ({_parents(connection.sql, child, after_seq, last)}) t
        WHERE t.parent IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM hub.changes p
            WHERE p.collection = ? AND p.hub_id = t.parent AND p.seq > ? AND p.seq <= ?)
        ORDER BY t.parent""",
        [child.parent, parents_after, upto],
    ).fetchall()
    return Touched(count, last if count == limit else upto, tuple(parent for (parent,) in found))


def _chunk(connection: HubConnection, collection: str, after_seq: int, limit: int, upto: int) -> tuple[int, int]:
    row = connection.execute(
        f"""
        SELECT count(*), max(seq) FROM (
            SELECT seq FROM hub.changes WHERE collection = ? AND seq > ? AND seq <= ?
            ORDER BY seq LIMIT {int(limit)}) chunk""",
        [collection, after_seq, upto],
    ).fetchone()
    return (int(row[0]), int(row[1] or 0)) if row else (0, 0)


def _parents(sql: Dialect, child: Collection, after: int, last: int) -> str:
    """The parents the changes name; where a child can move from one to another, the one it left as well."""
    named, chosen = sql.named("v.record", child.parent_column or ""), f"v.collection = '{child.name}'"
    now = f"SELECT {named} AS parent FROM hub.versions v WHERE {chosen} AND v.seq > {after} AND v.seq <= {last}"
    if child.number_column is not None:
        return now  # its own id holds its parent's
    return f"""{now} UNION
        SELECT {named} FROM hub.versions v JOIN hub.changes c
            ON c.collection = v.collection AND c.hub_id = v.hub_id AND c.version = v.version + 1
        WHERE {chosen} AND c.operation = 'update' AND c.seq > {after} AND c.seq <= {last}"""


def read_sizes(connection: HubConnection) -> dict[str, int]:
    """Live records of each hub collection."""
    queries = (
        f"SELECT '{collection.name}', count(*) FROM {table(collection)} WHERE deleted_at IS NULL"
        for collection in contracts.COLLECTIONS
    )
    return {name: int(count) for name, count in connection.execute(" UNION ALL ".join(queries)).fetchall()}
