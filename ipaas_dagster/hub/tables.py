"""The hub's tables, made from the declared collections.

No secondary indexes: DuckDB 1.5 was seen to corrupt them in a crash, and a scan of one column is fast enough.
"""

from __future__ import annotations

import re
from collections.abc import Collection as Some

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.types import duckdb_type
from ipaas_dagster.hub.dialect import Dialect
from ipaas_dagster.hub.store import HubConnection
from ipaas_dagster.records import new_id

SCHEMA_VERSION = 1

BEFORE = (("hub_id", "VARCHAR"), ("source_system", "VARCHAR"), ("source_id", "VARCHAR"))
AFTER = (
    ("extra", "JSON"),
    ("version", "INTEGER"),
    ("content_hash", "VARCHAR"),
    ("observed_at", "TIMESTAMPTZ"),
    ("changed_at", "TIMESTAMPTZ"),
    ("deleted_at", "TIMESTAMPTZ"),
)

_HISTORY = """
CREATE TABLE IF NOT EXISTS hub.meta (name VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS hub.fences (name VARCHAR, token BIGINT);
CREATE TABLE IF NOT EXISTS hub.changes (
    seq BIGINT, collection VARCHAR, hub_id VARCHAR, operation VARCHAR, version INTEGER,
    changed_at TIMESTAMPTZ, landing_id VARCHAR, run_id VARCHAR);
CREATE TABLE IF NOT EXISTS hub.versions (
    collection VARCHAR, hub_id VARCHAR, version INTEGER, operation VARCHAR, record JSON,
    changed_at TIMESTAMPTZ, landing_id VARCHAR, seq BIGINT, content_hash VARCHAR);
CREATE TABLE IF NOT EXISTS hub.rejects (
    collection VARCHAR, source_id VARCHAR, reasons JSON, record JSON, landing_id VARCHAR,
    rejected_at TIMESTAMPTZ, resolved_at TIMESTAMPTZ, reject_id VARCHAR, source_collection VARCHAR,
    hub_id VARCHAR, parent_hub_id VARCHAR, line BIGINT, element INTEGER, observed_at TIMESTAMPTZ,
    run_id VARCHAR, resolution VARCHAR);
CREATE TABLE IF NOT EXISTS hub.warnings (
    collection VARCHAR, source_id VARCHAR, field VARCHAR, reason VARCHAR, landing_id VARCHAR);
CREATE TABLE IF NOT EXISTS hub.merged_landings (
    landing_id VARCHAR, collection VARCHAR, scope VARCHAR, observed_from TIMESTAMPTZ, run_id VARCHAR,
    number BIGINT, hold_share FLOAT8, hold_records BIGINT);
CREATE TABLE IF NOT EXISTS hub.sightings (
    collection VARCHAR, hub_id VARCHAR, landing_id VARCHAR, line BIGINT, element INTEGER, verdict VARCHAR);
CREATE TABLE IF NOT EXISTS hub.unsighted_landings (landing_id VARCHAR);
CREATE TABLE IF NOT EXISTS hub.landing_counts (
    landing_id VARCHAR, source_collection VARCHAR, collection VARCHAR, level VARCHAR, fetched BIGINT,
    inserted BIGINT, updated BIGINT, unchanged BIGINT, stale BIGINT, duplicate BIGINT, rejected BIGINT,
    deleted BIGINT, warned BIGINT, held BIGINT);
CREATE TABLE IF NOT EXISTS hub.holds (
    hold_id VARCHAR, collection VARCHAR, source_collection VARCHAR, landing_id VARCHAR, kind VARCHAR,
    records BIGINT, alive BIGINT, reason VARCHAR, subjects JSON, state VARCHAR, created_at TIMESTAMPTZ,
    decided_at TIMESTAMPTZ, decided_landing_id VARCHAR);
"""

OWN_TABLES = frozenset(re.findall(r"EXISTS hub\.(\w+)", _HISTORY))
"""The hub's own tables, beside those of collections."""

_GAINED = (
    ("merged_landings", "number", "BIGINT"),
    ("merged_landings", "hold_share", "FLOAT8"),
    ("merged_landings", "hold_records", "BIGINT"),
)
"""Columns of the hub's own tables that older hubs lack."""


def column_names(collection: Collection) -> list[str]:
    """All columns of the collection's hub table, in order."""
    declared = [column.name for column in collection.columns]
    return [name for name, _ in BEFORE] + declared + [name for name, _ in AFTER]


def table(collection: Collection) -> str:
    """The qualified name of the collection's hub table."""
    return f'{collection.schema}."{collection.name}"'


def statements(sql: Dialect) -> list[str]:
    """What makes a new hub; every statement may be repeated."""
    made = [f"CREATE SCHEMA IF NOT EXISTS {schema}" for schema in ("hub", "instagaze")]
    made += [_stored(one.strip(), sql) for one in _HISTORY.split(";") if one.strip()]
    for collection in (*contracts.COLLECTIONS, *contracts.REFERENCE):
        columns = ", ".join(f'"{name}" {_stored(kind, sql)}' for name, kind in _columns(collection))
        made.append(f"CREATE TABLE IF NOT EXISTS {table(collection)} ({columns})")
    return made


def _stored(declared: str, sql: Dialect) -> str:
    return re.sub(r"\b(VARCHAR|JSON)\b", lambda kind: sql.text if kind[0] == "VARCHAR" else sql.json, declared)


def declared_columns(text: str) -> list[tuple[str, str, str]]:
    """(table, column, the statement that adds it to a hub made before the column was declared)."""

    def of(kind: str) -> str:
        return kind.replace("VARCHAR", text)

    gained = [
        (name, column, f"ALTER TABLE hub.{name} ADD COLUMN IF NOT EXISTS {column} {of(kind)}")
        for name, column, kind in _GAINED
    ]
    return gained + [
        (collection.name, name, f'ALTER TABLE {table(collection)} ADD COLUMN IF NOT EXISTS "{name}" {of(kind)}')
        for collection in (*contracts.COLLECTIONS, *contracts.REFERENCE)
        for name, kind in _columns(collection)
    ]


def make(connection: HubConnection, tables: Some[str], columns: Some[tuple[str, str]]) -> None:
    """Make what is missing of a hub that has these tables, and these (table, column) pairs; in the caller's
    transaction."""
    for statement in statements(connection.sql):
        connection.execute(statement)
    for table_name, column, statement in declared_columns(connection.sql.text):
        if table_name in tables and (table_name, column) not in columns:
            connection.execute(statement)
    if "merged_landings" in tables and "sightings" not in tables:
        connection.execute("INSERT INTO hub.unsighted_landings SELECT landing_id FROM hub.merged_landings")
    if not connection.execute("SELECT 1 FROM hub.meta WHERE name = 'epoch'").fetchone():
        for name, value in (("epoch", new_id()), ("schema_version", str(SCHEMA_VERSION))):
            connection.execute("INSERT INTO hub.meta VALUES (?, ?)", [name, value])


def _columns(collection: Collection) -> list[tuple[str, str]]:
    declared = [(column.name, duckdb_type(column.type)) for column in collection.columns]
    return [*BEFORE, *declared, *AFTER]


def _indexes() -> list[str]:
    made = [f"CREATE UNIQUE INDEX IF NOT EXISTS {table}_key ON hub.{table} ({key})" for table, key in _KEYS.items()]
    made += [f"CREATE INDEX IF NOT EXISTS {table}_{name} ON hub.{table} ({columns})" for table, name, columns in _WAYS]
    for collection in (*contracts.COLLECTIONS, *contracts.REFERENCE):
        made.append(f'CREATE UNIQUE INDEX IF NOT EXISTS "{collection.name}_key" ON {table(collection)} (hub_id)')
        if collection.parent_column is not None:
            made.append(
                f'CREATE INDEX IF NOT EXISTS "{collection.name}_parent" ON {table(collection)} '
                f'("{collection.parent_column}")'
            )
    return made


_KEYS = {"meta": "name", "fences": "name", "changes": "seq", "versions": "collection, hub_id, version"}
_KEYS |= {"merged_landings": "landing_id", "landing_counts": "landing_id, collection", "holds": "hold_id"}
_WAYS = (
    ("changes", "by_collection", "collection, seq"),
    ("versions", "by_seq", "seq"),
    ("sightings", "by_record", "hub_id"),
    ("rejects", "by_record", "collection, hub_id"),
    ("rejects", "by_key", "reject_id"),
)

INDEXES = _indexes()
"""For stores whose indexes can be trusted: keys, which also refuse what could only be a mistake, and ways to rows."""
