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
from ipaas_dagster.hub.changes import read_head
from ipaas_dagster.hub.fences import Fence, pass_fence
from ipaas_dagster.hub.landing import NUMBERING, Merged, is_merged, note_merged
from ipaas_dagster.hub.store import HubConnection, transaction
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


def column_types(connection: HubConnection, name: str, catalog: str = "%") -> dict[str, str]:
    """Column -> type of a table named as `current_tables` does, in order."""
    schema, _, table = name.partition(".")
    rows = connection.execute(
        """SELECT column_name, data_type FROM information_schema.columns
        WHERE table_catalog LIKE ? AND table_schema = ? AND table_name = ? ORDER BY ordinal_position""",
        [catalog, schema, table.strip('"')],
    )
    return dict(rows.fetchall())


def stage_baseline(scratch: DuckDBPyConnection, path: Path, landing: LandingNote) -> None:
    """Read the baseline in the file `path` into the table `staged_baseline`."""
    scratch.execute(f"""
        CREATE TABLE staged_baseline AS
        SELECT line AS baseline_line, record->>'table' AS baseline_table, record->'row' AS fields FROM read_json(
            {literal(str(path))}, format='newline_delimited', columns={{'line':'BIGINT','record':'JSON'}},
            maximum_object_size={max(_OBJECT, int(landing.details.get(LONGEST, 0)) + 1_000)})""")


def needs_baseline(connection: HubConnection | None, landing: LandingNote) -> bool:
    """Whether a hub lacks what the baseline tells, so that it must be staged."""
    return connection is None or not is_merged(connection, str(landing.details.get(LAST)))


def merge_baseline(
    connection: HubConnection, landing: LandingNote, *, run_id: str, fence: Fence | None = None
) -> Merged:
    """Merge the baseline, staged beside the hub where `needs_baseline`, in one transaction."""
    with transaction(connection):
        pass_fence(connection, fence)
        connection.lock(f"merge {landing.collection}")
        connection.lock(NUMBERING)
        if needs_baseline(connection, landing):
            _clear(connection, landing.collection)
            _load(connection, landing.collection)
        if not is_merged(connection, landing.landing_id):
            note_merged(connection, landing, None, run_id)
        return Merged({}, 0, (), read_head(connection))


def _clear(connection: HubConnection, source: str) -> None:
    names = ", ".join(f"'{collection.name}'" for collection in contracts.of_source(source))
    mine = {"landing_counts": "source_collection = ?", "merged_landings": "collection = ?"}
    mine[UNSIGHTED] = "landing_id IN (SELECT landing_id FROM hub.merged_landings WHERE collection = ?)"
    for name in current_tables(source):
        connection.execute(f"DELETE FROM {name}")
    for name in (UNSIGHTED, "sightings", *HISTORY, *OPEN):  # the list of landings tells which unsighted are ours
        where = mine.get(name)
        values = [source] if where else []
        connection.execute(f"DELETE FROM hub.{name} WHERE {where or f'collection IN ({names})'}", values)


def _load(connection: HubConnection, source: str) -> None:
    """Changes are numbered on from the hub's last one, landings from its last, both in the order they had."""
    counted = "SELECT greatest(coalesce(max(number), 0), count(*)) FROM hub.merged_landings"
    seq, number = read_head(connection).seq, _number(connection, counted)
    begin = {"hub.versions": {"seq": seq}, "hub.changes": {"seq": seq}, "hub.merged_landings": {"number": number}}
    for name in (*current_tables(source), *(f"hub.{table}" for table in (*HISTORY, UNSIGHTED, *OPEN))):
        types = column_types(connection, name)
        values = ", ".join(_value(column, kind, begin.get(name, {})) for column, kind in types.items())
        unpacked = connection.sql.unpacked("staged_baseline", types)
        columns = ", ".join(f'"{column}"' for column in types)
        connection.execute(
            f"INSERT INTO {name} ({columns}) SELECT {values} FROM {unpacked} WHERE baseline_table = ?", [name]
        )


def _value(column: str, kind: str, begin: dict[str, int]) -> str:
    text = f'fields."{column}"'
    if column in begin:
        return f"{begin[column]} + row_number() OVER (ORDER BY {text}::BIGINT NULLS FIRST, baseline_line)"
    return f"{text}::{kind}"


def _number(connection: HubConnection, sql: str) -> int:
    row: Sequence[int] | None = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
