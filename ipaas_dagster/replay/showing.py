"""The first of the differing records, rejects and versions, with the values of both hubs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.stored import decode
from ipaas_dagster.replay.differences import Difference, Field, RejectDifference, VersionDifference

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def side_table(side: str, collection: Collection) -> str:
    return f'{side}_hub.{collection.schema}."{collection.name}"'


def show_records(
    connection: DuckDBPyConnection, collection: Collection, columns: Sequence[str], limit: int
) -> Iterator[Difference]:
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE shown AS SELECT hub_id, coalesce(any_value(kind), 'same') AS kind FROM (
            SELECT hub_id, kind FROM differing UNION ALL SELECT hub_id, NULL FROM differing_versions)
        GROUP BY hub_id ORDER BY hub_id LIMIT {int(limit)}""")
    now, replayed = (_rows(connection, side_table(side, collection), columns) for side in ("now", "replayed"))
    versions = _versions(connection, collection)
    for hub_id, kind in connection.execute("SELECT hub_id, kind FROM shown ORDER BY hub_id").fetchall():
        fields = {} if kind == "same" else differing_fields(now.get(hub_id), replayed.get(hub_id))
        yield Difference(collection.name, hub_id, kind, fields, tuple(versions.get(hub_id, ())))


def _rows(connection: DuckDBPyConnection, table: str, columns: Sequence[str]) -> dict[str, dict[str, Any]]:
    packed = ", ".join(f'"{name}" := t."{name}"' for name in columns)
    rows = connection.execute(f"""
        SELECT hub_id, to_json(struct_pack({packed}))::VARCHAR FROM {table} t SEMI JOIN shown USING (hub_id)""")
    return {hub_id: decode(text) for hub_id, text in rows.fetchall()}


def _versions(connection: DuckDBPyConnection, collection: Collection) -> dict[str, list[VersionDifference]]:
    record = """to_json(struct_pack(operation := {0}.operation, changed_at := {0}.changed_at,
        content_hash := {0}.content_hash, record := {0}.record))::VARCHAR"""
    side = f"(SELECT * FROM {{}}_hub.hub.versions WHERE collection = '{collection.name}')"
    rows = connection.execute(f"""
        SELECT d.hub_id, d.version, d.kind,
            CASE WHEN d.kind <> 'only_replayed' THEN {record.format("n")} END,
            CASE WHEN d.kind <> 'only_now' THEN {record.format("r")} END
        FROM differing_versions d SEMI JOIN shown USING (hub_id)
        LEFT JOIN {side.format("now")} n USING (hub_id, version)
        LEFT JOIN {side.format("replayed")} r USING (hub_id, version) ORDER BY d.hub_id, d.version""").fetchall()
    found: dict[str, list[VersionDifference]] = {}
    for hub_id, version, kind, now, replayed in rows:
        fields = differing_fields(_flat(now), _flat(replayed))
        found.setdefault(hub_id, []).append(VersionDifference(version, kind, fields))
    return found


def _flat(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    found: dict[str, Any] = decode(text)
    return {**found.pop("record"), **found}


def differing_fields(now: Mapping[str, Any] | None, replayed: Mapping[str, Any] | None) -> dict[str, Field]:
    """Old and new value of every field that is not the same; a record that is missing has none."""
    one, other = now or {}, replayed or {}
    names = dict.fromkeys((*one, *other))
    return {n: Field(one.get(n), other.get(n)) for n in names if one.get(n) != other.get(n)}


def show_rejects(connection: DuckDBPyConnection, name: str, limit: int) -> list[RejectDifference]:
    rows = connection.execute(f"""
        SELECT record, kind, now, replayed FROM differing_rejects ORDER BY record LIMIT {int(limit)}""").fetchall()
    return [
        RejectDifference(name, record, kind, tuple(decode(now or "[]")), tuple(decode(replayed or "[]")))
        for record, kind, now, replayed in rows
    ]
