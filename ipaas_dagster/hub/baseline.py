"""A baseline: what the hub made of a source collection's landings up to one of them, in place of these landings.

It is a landing of the scope `baseline`, each of whose records is one row of one of the hub's tables, every value as
text: {"table": "hub.versions", "row": {...}}. Merged into a hub, it replaces whatever that holds of the collection, so
it comes before every landing after it. A hub that merged the last of the landings it stands for only notes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster import contracts
from ipaas_dagster.contracts.cells import literal
from ipaas_dagster.hub.changes import HubHead, read_head
from ipaas_dagster.hub.database import transaction
from ipaas_dagster.hub.landing import Merged, note_merged
from ipaas_dagster.hub.tables import CATALOG
from ipaas_dagster.records import LandingNote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAST = "last_landing"
"""In a baseline's details: the id of the last landing that it stands for."""

LONGEST = "longest"
"""Bytes of its longest record: a hold of a million deletes is one row."""

HISTORY = ("versions", "changes", "warnings", "landing_counts", "merged_landings")
"""Tables of the schema `hub` to which merges only add, each row with its landing's id."""

UNSIGHTED = "unsighted_landings"
"""Sightings, by far the most rows, are not kept: they tell lines of files that are gone. So the landings stand here."""

OPEN = ("rejects", "holds")
"""Those whose rows later landings change."""


_OBJECT = 1 << 24


def current_tables(source: str) -> list[str]:
    """Qualified names, without the catalog, of the tables with the records of a source collection."""
    return [f'{collection.schema}."{collection.name}"' for collection in contracts.of_source(source)]


def column_types(connection: DuckDBPyConnection, catalog: str, name: str) -> dict[str, str]:
    """Column -> type of a table named as `current_tables` does, in order."""
    schema, _, table = name.partition(".")
    rows = connection.execute(
        """SELECT column_name, data_type FROM duckdb_columns()
        WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index""",
        [catalog, schema, table.strip('"')],
    )
    return dict(rows.fetchall())


def merge_baseline(connection: DuckDBPyConnection, path: Path, landing: LandingNote, *, run_id: str) -> Merged:
    """Merge the baseline in the file `path` into the attached hub, in one transaction."""
    with transaction(connection):
        if not _merged(connection, str(landing.details.get(LAST))):
            connection.execute(f"""
                CREATE TEMP TABLE baseline AS
                SELECT line, record->>'table' AS name, record->'row' AS fields FROM read_json(
                    {literal(str(path))}, format='newline_delimited', columns={{'line':'BIGINT','record':'JSON'}},
                    maximum_object_size={max(_OBJECT, int(landing.details.get(LONGEST, 0)) + 1_000)})""")
            _clear(connection, landing.collection)
            _load(connection, landing.collection)
        note_merged(connection, landing, None, run_id)
        head = read_head(connection)
    return Merged({}, 0, (), HubHead(head.epoch, head.seq))


def _merged(connection: DuckDBPyConnection, landing_id: str) -> bool:
    found = connection.execute(
        f"SELECT 1 FROM {CATALOG}.hub.merged_landings WHERE landing_id = ?", [landing_id]
    ).fetchone()
    return found is not None


def _clear(connection: DuckDBPyConnection, source: str) -> None:
    names = ", ".join(f"'{collection.name}'" for collection in contracts.of_source(source))
    mine = {"landing_counts": "source_collection = ?", "merged_landings": "collection = ?"}
    mine[UNSIGHTED] = f"landing_id IN (SELECT landing_id FROM {CATALOG}.hub.merged_landings WHERE collection = ?)"
    for name in current_tables(source):
        connection.execute(f"DELETE FROM {CATALOG}.{name}")
    for name in (UNSIGHTED, "sightings", *HISTORY, *OPEN):  # the list of landings tells which unsighted are ours
        where = mine.get(name)
        values = [source] if where else []
        connection.execute(f"DELETE FROM {CATALOG}.hub.{name} WHERE {where or f'collection IN ({names})'}", values)


def _load(connection: DuckDBPyConnection, source: str) -> None:
    """Changes are numbered on from the hub's last one, landings from its last, both in the order they had."""
    counted = f"SELECT greatest(coalesce(max(number), 0), count(*)) FROM {CATALOG}.hub.merged_landings"
    seq, number = read_head(connection).seq, _number(connection, counted)
    begin = {"hub.versions": {"seq": seq}, "hub.changes": {"seq": seq}, "hub.merged_landings": {"number": number}}
    for name in (*current_tables(source), *(f"hub.{table}" for table in (*HISTORY, UNSIGHTED, *OPEN))):
        types = column_types(connection, CATALOG, name)
        values = ", ".join(_value(column, kind, begin.get(name, {})) for column, kind in types.items())
        columns = ", ".join(f'"{column}"' for column in types)
        form = ", ".join(f'"{column}":"VARCHAR"' for column in types)
        connection.execute(
            f"""
            INSERT INTO {CATALOG}.{name} ({columns}) SELECT {values} FROM (
                SELECT line, from_json(fields, '{{{form}}}') AS fields FROM baseline WHERE name = ?)""",
            [name],
        )


def _value(column: str, kind: str, begin: dict[str, int]) -> str:
    text = f'fields."{column}"'
    if column in begin:
        return f"{begin[column]} + row_number() OVER (ORDER BY {text}::BIGINT NULLS FIRST, line)"
    return f"{text}::{kind}"


def _number(connection: DuckDBPyConnection, sql: str) -> int:
    row: Sequence[int] | None = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
