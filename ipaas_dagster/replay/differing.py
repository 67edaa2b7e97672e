"""Two hubs compared by SQL joins over both files; only what is shown of it passes through Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.tables import column_names
from ipaas_dagster.replay.differences import Compared, Tallies
from ipaas_dagster.replay.showing import show_records, show_rejects, side_table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BOOKKEEPING = ("version", "content_hash", "observed_at", "changed_at")
"""Columns that depend on all landings of a record: not compared where some are left out."""


@dataclass(frozen=True)
class Limits:
    """`shown` records a collection. `landing_ids`: only what these landings brought is compared, without history."""

    shown: int
    landing_ids: tuple[str, ...] | None = None


def compare(now: Hub, replayed: Hub, names: Sequence[str], limits: Limits) -> list[Compared]:
    """Compare these hub collections; nobody else may use the two files meanwhile."""
    with both_attached(now, replayed) as connection:
        connection.execute("CREATE TEMP TABLE chosen_landings (landing_id VARCHAR)")
        if limits.landing_ids:
            connection.execute("INSERT INTO chosen_landings SELECT unnest(?)", [list(limits.landing_ids)])
        return [_compare(connection, contracts.collection(name), limits) for name in names]


@contextmanager
def both_attached(now: Hub, replayed: Hub) -> Iterator[DuckDBPyConnection]:
    """A connection with the two hubs as catalogs `now_hub` and `replayed_hub`."""
    with replayed.scratch() as connection:
        for name, hub in (("now", now), ("replayed", replayed)):
            quoted = str(hub.path).replace("'", "''")
            connection.execute(f"ATTACH '{quoted}' AS {name}_hub (READ_ONLY)")
        yield connection


def _compare(connection: DuckDBPyConnection, collection: Collection, limits: Limits) -> Compared:
    partial = limits.landing_ids is not None
    columns = [name for name in column_names(collection) if not (partial and name in BOOKKEEPING)]
    _find_records(connection, collection, columns, partial=partial)
    _find_versions(connection, collection, compared=collection.versioned and not partial)
    _find_rejects(connection, collection.name, partial=partial)
    return Compared(
        collection=collection.name,
        now=_count(connection, "compared_now"),
        replayed=_count(connection, "compared_replayed"),
        records=_tallies(connection, "differing"),
        versions=_tallies(connection, "differing_versions"),
        rejects=_tallies(connection, "differing_rejects"),
        holds=() if partial else _holds(connection, collection.name),
        fields=_fields(connection, collection, columns),
        shown=tuple(show_records(connection, collection, columns, limits.shown)),
        rejects_shown=tuple(show_rejects(connection, collection.name, limits.shown)),
    )


_PAIRED = """
    CREATE OR REPLACE TEMP TABLE {made} AS
    SELECT {keys}, CASE WHEN r.print IS NULL THEN 'only_now' WHEN n.print IS NULL THEN 'only_replayed'
        ELSE 'different' END AS kind
    FROM {now} n FULL JOIN {replayed} r USING ({keys}) WHERE n.print IS DISTINCT FROM r.print"""


def _find_records(
    connection: DuckDBPyConnection, collection: Collection, columns: Sequence[str], *, partial: bool
) -> None:
    """compared_now, compared_replayed: hub id and a 64-bit print of the row; differing: hub id and kind."""
    values = ", ".join(_comparable(name, partial=partial) for name in columns)
    for side in ("now", "replayed"):
        touched = _touched(collection) if partial else "TRUE"
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE compared_{side} AS
            SELECT hub_id, hash({values}) AS print FROM {side_table(side, collection)} t WHERE {touched}""")
    connection.execute(
        _PAIRED.format(made="differing", keys="hub_id", now="compared_now", replayed="compared_replayed")
    )


def _comparable(name: str, *, partial: bool) -> str:
    """Of some landings only whether the record is alive is known, not since when."""
    return "t.deleted_at IS NULL" if partial and name == "deleted_at" else f't."{name}"'


def _touched(collection: Collection) -> str:
    name = collection.name
    return f"""t.hub_id IN (
        SELECT hub_id FROM {side_table("replayed", collection)}
        UNION SELECT hub_id FROM replayed_hub.hub.rejects WHERE collection = '{name}'
        UNION SELECT v.hub_id FROM now_hub.hub.versions v SEMI JOIN chosen_landings USING (landing_id)
        WHERE v.collection = '{name}')"""


def _find_versions(connection: DuckDBPyConnection, collection: Collection, *, compared: bool) -> None:
    """differing_versions: hub id, version and kind."""
    side = f"""(
        SELECT hub_id, version, hash(operation, record::VARCHAR, changed_at, content_hash) AS print
        FROM {{}}_hub.hub.versions WHERE collection = '{collection.name}' AND {"TRUE" if compared else "FALSE"})"""
    connection.execute(
        _PAIRED.format(
            made="differing_versions",
            keys="hub_id, version",
            now=side.format("now"),
            replayed=side.format("replayed"),
        )
    )


def _fields(connection: DuckDBPyConnection, collection: Collection, columns: Sequence[str]) -> dict[str, int]:
    """How many of the records that are in both differ, by column."""
    counted = ", ".join(f'count(*) FILTER (WHERE n."{name}" IS DISTINCT FROM r."{name}")' for name in columns)
    row = connection.execute(f"""
        SELECT {counted} FROM (SELECT hub_id FROM differing WHERE kind = 'different') d
        JOIN {side_table("now", collection)} n USING (hub_id)
        JOIN {side_table("replayed", collection)} r USING (hub_id)""").fetchone()
    return {name: count for name, count in zip(columns, row or (), strict=False) if count}


def _find_rejects(connection: DuckDBPyConnection, name: str, *, partial: bool) -> None:
    """differing_rejects: open in one hub only, or for other reasons. Of some landings: those that they opened."""
    side = f"""(
        SELECT reject_id, coalesce(hub_id, source_id, landing_id || ' line ' || line) AS record, landing_id,
            reasons::VARCHAR AS print
        FROM {{}}_hub.hub.rejects WHERE collection = '{name}' AND resolved_at IS NULL)"""
    chosen = "(r.print IS NOT NULL OR n.landing_id IN (FROM chosen_landings))" if partial else "TRUE"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE differing_rejects AS
        SELECT coalesce(n.record, r.record) AS record, n.print AS now, r.print AS replayed, CASE
            WHEN r.print IS NULL THEN 'only_now' WHEN n.print IS NULL THEN 'only_replayed' ELSE 'different' END AS kind
        FROM {side.format("now")} n FULL JOIN {side.format("replayed")} r USING (reject_id)
        WHERE n.print IS DISTINCT FROM r.print AND {chosen}""")


def _holds(connection: DuckDBPyConnection, name: str) -> tuple[str, ...]:
    side = f"""(
        SELECT hold_id, hash(state, records, list_sort(from_json(subjects, '[["VARCHAR"]]'))) AS print
        FROM {{}}_hub.hub.holds WHERE collection = '{name}')"""
    rows = connection.execute(f"""
        SELECT hold_id FROM {side.format("now")} n FULL JOIN {side.format("replayed")} r USING (hold_id)
        WHERE n.print IS DISTINCT FROM r.print ORDER BY hold_id""").fetchall()
    return tuple(row[0] for row in rows)


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _tallies(connection: DuckDBPyConnection, table: str) -> Tallies:
    return Tallies(**dict(connection.execute(f"SELECT kind, count(*) FROM {table} GROUP BY kind").fetchall()))
