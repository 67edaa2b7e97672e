"""Writing a baseline: the state after some landings, from those landings merged again, and their history, from the
real hub. Where today's contracts would make another version of a record than the hub holds, the hub's stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.baseline import HISTORY, LAST, LONGEST, OPEN, UNSIGHTED, column_types, current_tables
from ipaas_dagster.records import LandingNote
from ipaas_dagster.replay.differing import both_attached

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ipaas_dagster.source.landing import Writer

_PAGE = 10_000


def write_baseline(
    writer: Writer, now: Hub, replayed: Hub, covered: Sequence[LandingNote], last: LandingNote
) -> LandingNote:
    """Write what these landings of one collection came to, as `replayed` holds it; `last` was merged last."""
    with both_attached(now, replayed) as connection:
        connection.execute("CREATE TEMP TABLE covered (landing_id VARCHAR)")
        connection.execute("INSERT INTO covered SELECT unnest(?)", [[note.landing_id for note in covered]])
        source, longest = last.collection, 0
        for collection in contracts.of_source(source):
            if collection.versioned:
                _find_drifted(connection, collection)
        seen = max(note.observed_to for note in covered)
        for rows in _rows(connection, source):
            writer.page(seen, rows)
            longest = max(longest, *map(len, rows))
    details = {LAST: last.landing_id, "landings": len(covered), LONGEST: longest}
    return writer.close("baseline", details=details, empty_at=seen)


def _rows(connection: DuckDBPyConnection, source: str) -> Iterator[list[bytes]]:
    names = ", ".join(f"'{collection.name}'" for collection in contracts.of_source(source))
    for collection, name in zip(contracts.of_source(source), current_tables(source), strict=True):
        drifted = f"hub_id NOT IN (SELECT hub_id FROM drifted_{collection.name})" if collection.versioned else "TRUE"
        yield from _texts(connection, "replayed_hub", name, drifted)
        if collection.versioned:
            yield from _texts(connection, "temp", f"main.as_recorded_{collection.name}", "TRUE", named=name)
    for table in HISTORY:
        order = "ORDER BY number NULLS FIRST, rowid" if table == "merged_landings" else ""
        yield from _texts(connection, "now_hub", f"hub.{table}", f"landing_id IN (FROM covered) {order}")
    yield from _texts(connection, "temp", "main.covered", "TRUE", named=f"hub.{UNSIGHTED}")
    for table in OPEN:
        yield from _texts(connection, "replayed_hub", f"hub.{table}", f"collection IN ({names})")


def _texts(
    connection: DuckDBPyConnection, catalog: str, name: str, where: str, *, named: str | None = None
) -> Iterator[list[bytes]]:
    columns = column_types(connection, name, catalog)
    row = ", ".join(f'"{column}" := t."{column}"::VARCHAR' for column in columns)
    cursor = connection.execute(f"""
        SELECT to_json(struct_pack("table" := '{named or name}', "row" := struct_pack({row})))::VARCHAR
        FROM {catalog}.{name} t WHERE {where}""")
    while rows := cursor.fetchmany(_PAGE):
        yield [text.encode() for (text,) in rows]


def _find_drifted(connection: DuckDBPyConnection, collection: Collection) -> None:
    """drifted_<c>: records whose last version of these landings is another in the hub, or that are in one only.
    as_recorded_<c>: their rows as the hub's versions tell them, observed when they were last, accepted or not."""
    name = collection.name
    connection.execute(f"""
        CREATE TEMP TABLE recorded AS
        SELECT * FROM now_hub.hub.versions SEMI JOIN covered USING (landing_id) WHERE collection = '{name}'
        QUALIFY row_number() OVER (PARTITION BY hub_id ORDER BY version DESC) = 1""")
    connection.execute(f"""
        CREATE TEMP TABLE drifted_{name} AS
        SELECT hub_id FROM recorded v
        FULL JOIN (SELECT hub_id, version, content_hash, changed_at, deleted_at FROM replayed_hub.hub."{name}") r
        USING (hub_id)
        WHERE v.version IS DISTINCT FROM r.version OR v.content_hash IS DISTINCT FROM r.content_hash
        OR v.changed_at IS DISTINCT FROM r.changed_at OR (v.operation = 'delete') <> (r.deleted_at IS NOT NULL)""")
    types = column_types(connection, f"hub.{name}", "replayed_hub")
    values = ", ".join(f'{_recorded(column, kind)} AS "{column}"' for column, kind in types.items())
    connection.execute(f"""
        CREATE TEMP TABLE as_recorded_{name} AS
        SELECT {values} FROM recorded v SEMI JOIN drifted_{name} USING (hub_id)
        LEFT JOIN (
            SELECT hub_id, max(observed_at) AS observed_at FROM (
                SELECT hub_id, observed_at FROM replayed_hub.hub."{name}" UNION ALL
                SELECT hub_id, observed_at FROM replayed_hub.hub.rejects WHERE collection = '{name}')
            GROUP BY hub_id) r USING (hub_id)""")
    connection.execute("DROP TABLE recorded")


def _recorded(column: str, kind: str) -> str:
    own = {
        "source_system": "'instagaze'",
        "version": "v.version",
        "content_hash": "v.content_hash",
        "changed_at": "v.changed_at",
        "observed_at": "greatest(r.observed_at, v.changed_at)",
        "deleted_at": "CASE WHEN v.operation = 'delete' THEN v.changed_at END",
    }
    arrow = "->" if kind == "JSON" else "->>"
    value = f"""(v.record{arrow}'$."{column}"')"""
    if kind == "JSON":
        value = f"nullif({value}::VARCHAR, 'null')"
    return own.get(column, f"{value}::{kind}")
