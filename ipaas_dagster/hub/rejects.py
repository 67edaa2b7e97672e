"""Rejects: records that do not meet their contract, kept with every reason until a good version resolves them.

One open reject per record content: key = (collection, hub id, hash of the record); a record without a readable
id is keyed by its content and its place among equal ones. The same bad record read again is known, not new; a
later good version, a delete, another bad version, or a full scan that no longer holds it resolves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.matching import no

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection

REJECTS = "hub.rejects"


def write_rejects(
    connection: HubConnection, collection: Collection, *, source: str, landing_id: str, run_id: str
) -> int:
    """Open, refresh and resolve this collection's rejects; returns how many are new."""
    name = collection.name
    new = 0
    if _any(connection, f"rejected_{name}"):
        _key_rejects(connection, name)
        _resolve_replaced(connection, name)
        _refresh_known(connection, name)
        new = _open_new(connection, name, source, landing_id, run_id)
    if _any(connection, f"{REJECTS} WHERE collection = '{name}' AND resolved_at IS NULL"):
        _resolve_good(connection, name)
    return new


_CONTENT = "concat_ws('|', collection, coalesce(hub_id, concat('no id', parent_hub_id, '#', place)), content)"
_OPEN = f"(SELECT reject_id FROM {REJECTS} WHERE resolved_at IS NULL)"
_REJECTED = "collection, line, element, observed_at, hub_id, source_id, parent_hub_id, reasons, record"


def _any(connection: HubConnection, source: str) -> bool:
    return bool(connection.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone())


def _key_rejects(connection: HubConnection, name: str) -> None:
    connection.execute(f"""
        CREATE TEMP TABLE keyed_{name} AS
        WITH placed AS (
            SELECT *, coalesce(record::VARCHAR, 'null') AS content, row_number() OVER (
                PARTITION BY hub_id, parent_hub_id, coalesce(record::VARCHAR, 'null')
                ORDER BY line, element) AS place
            FROM rejected_{name}),
        keyed AS (SELECT *, {connection.sql.sha256(_CONTENT)} AS reject_id FROM placed),
        ranked AS (
            SELECT *, row_number() OVER (PARTITION BY reject_id ORDER BY observed_at DESC, line DESC) AS rank
            FROM keyed)
        SELECT {_REJECTED}, reject_id FROM ranked WHERE rank = 1""")


def _resolve_replaced(connection: HubConnection, name: str) -> None:
    connection.execute(f"""
        UPDATE {REJECTS} SET resolved_at = k.observed_at, resolution = 'replaced by a newer rejected version'
        FROM keyed_{name} k WHERE {REJECTS}.collection = '{name}' AND {REJECTS}.hub_id = k.hub_id
        AND {REJECTS}.reject_id <> k.reject_id AND {REJECTS}.resolved_at IS NULL""")


def _refresh_known(connection: HubConnection, name: str) -> None:
    connection.execute(f"""
        UPDATE {REJECTS} SET observed_at = greatest({REJECTS}.observed_at, k.observed_at),
            reasons = to_json(k.reasons)
        FROM keyed_{name} k WHERE {REJECTS}.reject_id = k.reject_id AND {REJECTS}.resolved_at IS NULL""")


def _open_new(connection: HubConnection, name: str, source: str, landing_id: str, run_id: str) -> int:
    return connection.change(
        f"""
        INSERT INTO {REJECTS}
        SELECT collection, source_id, to_json(reasons), record, ?, observed_at, NULL, reject_id,
            ?, hub_id, parent_hub_id, line, element, observed_at, ?, NULL
        FROM keyed_{name} k WHERE {no(_OPEN, "k", "reject_id")}""",
        [landing_id, source, run_id],
    )


def _resolve_good(connection: HubConnection, name: str) -> None:
    connection.execute(f"""
        UPDATE {REJECTS} SET resolved_at = g.observed_at, resolution = g.resolution
        FROM (
            SELECT hub_id, observed_at, 'a good version was merged' AS resolution FROM verdict_{name}
            WHERE verdict IN ('insert', 'update', 'unchanged')
            UNION ALL SELECT hub_id, observed_at, 'the record was deleted' FROM gone_{name}
            UNION ALL SELECT hub_id, observed_at, 'the record was deleted' FROM staged_tombstones) g
        WHERE {REJECTS}.collection = '{name}' AND {REJECTS}.hub_id = g.hub_id
        AND {REJECTS}.resolved_at IS NULL AND {REJECTS}.observed_at <= g.observed_at""")


def resolve_vanished(connection: HubConnection, collection: Collection, observed_from: str) -> None:
    """After a full scan: a rejected record that it no longer holds was deleted or changed its content."""
    connection.execute(
        f"""
        UPDATE {REJECTS} SET resolved_at = ?::TIMESTAMPTZ, resolution = 'no longer in the source'
        WHERE collection = '{collection.name}' AND resolved_at IS NULL AND observed_at < ?::TIMESTAMPTZ""",
        [observed_from, observed_from],
    )


def list_rejects(
    connection: HubConnection, *, open_only: bool = True, limit: int | None = None
) -> list[dict[str, Any]]:
    """Rejects, newest first, as rows with parsed reasons and record."""
    from ipaas_dagster.hub.stored import decode

    where = "WHERE resolved_at IS NULL" if open_only else ""
    bound = f"LIMIT {int(limit)}" if limit is not None else ""
    cursor = connection.execute(f"SELECT * FROM {REJECTS} {where} ORDER BY rejected_at DESC, hub_id {bound}")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["reasons"], row["record"] = decode(row["reasons"]), decode(row["record"] or "null")
    return rows
