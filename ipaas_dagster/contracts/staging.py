"""Staging: a landing read into tables of typed records, rejects and warnings, in a database in memory.

DuckDB reads and transforms (`landed`, `candidates`), Pandera checks the typed rows in batches (`findings`).
Every line of the landing ends in exactly one of `staged_<collection>`, `staged_rejects` and
`staged_tombstones`, and every element of a child's array in one of the first two of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster.contracts import of_source
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.candidates import candidates, private
from ipaas_dagster.contracts.checking import check
from ipaas_dagster.contracts.damaged import reject_unreadable_lines
from ipaas_dagster.contracts.landed import array_column, element_rows, lines, record_rows
from ipaas_dagster.contracts.rejecting import reject, reject_elements_of_rejected
from ipaas_dagster.contracts.repeated import familiar_keys
from ipaas_dagster.contracts.values import MACROS

if TYPE_CHECKING:
    import duckdb

_TABLES = (
    "staged_rejects (collection VARCHAR, line BIGINT, element INTEGER, observed_at TIMESTAMPTZ, hub_id VARCHAR, "
    "source_id VARCHAR, parent_hub_id VARCHAR, reasons VARCHAR[], record JSON)",
    "staged_warnings (collection VARCHAR, line BIGINT, element INTEGER, source_id VARCHAR, field VARCHAR, "
    "reason VARCHAR)",
    "staged_sets (line BIGINT, observed_at TIMESTAMPTZ, parent_hub_id VARCHAR, collection VARCHAR)",
    "staged_tombstones (line BIGINT, observed_at TIMESTAMPTZ, hub_id VARCHAR)",
    "staged_lines (line BIGINT, observed_at TIMESTAMPTZ, hub_id VARCHAR)",
    "contract_findings (row BIGINT, field VARCHAR, reason VARCHAR, soft BOOLEAN)",
)


_LARGE = 50_000
"""Bytes of a landing whose reading takes so long that something else can be done meanwhile."""


def stage(con: duckdb.DuckDBPyConnection, landing_path: Path, source: str, *, batch_rows: int = 20_000) -> None:
    """Make the `staged_` tables of the landing file of source collection `source` in `con`.

    `con` is a connection to an in-memory database; its time zone becomes UTC. Tables of an earlier call are
    replaced. Memory: what `con` was given, and `batch_rows` rows in pandas at a time. Raises KeyError for an
    unknown source collection; no record's content raises.
    """
    parent, *children = of_source(source)
    if landing_path.stat().st_size > _LARGE:
        threading.Thread(target=_import_pandera, name="import pandera").start()
    _prepare(con)
    rows = record_rows(lines(landing_path))
    _make(con, parent, candidates(parent, rows, children, familiar_keys(con, rows)))
    damaged = _set_aside(con, parent)
    if damaged:
        reject_unreadable_lines(con, parent, landing_path)
    _settle(con, parent, rows, batch_rows)
    _note_lines(con, parent, children)
    for child in children:
        _stage_child(con, parent, child, batch_rows)
    for table in (parent, *children):
        _publish(con, table, children if table is parent else ())


def _import_pandera() -> None:
    """It takes as long as reading some ten thousand records, which DuckDB does meanwhile. Whoever needs it waits."""
    import pandera.pandas  # noqa: F401


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        con.execute(f"CREATE OR REPLACE MACRO {macro}")
    for table in _TABLES:
        con.execute(f"CREATE OR REPLACE TABLE {table}")


def _make(con: duckdb.DuckDBPyConnection, collection: Collection, query: str) -> None:
    con.execute(f"CREATE OR REPLACE TABLE staged_{collection.name} AS {query}")


def _set_aside(con: duckdb.DuckDBPyConnection, parent: Collection) -> int:
    """Move tombstones to their table; drop the rows of lines that are no JSON and count them."""
    name = f"staged_{parent.name}"
    con.execute(
        f"INSERT INTO staged_tombstones SELECT line, observed_at, deleted FROM {name} WHERE deleted IS NOT NULL"
    )
    row = con.execute(f"SELECT count(*) FROM {name} WHERE line IS NULL").fetchone()
    damaged = int(row[0]) if row else 0
    con.execute(f"DELETE FROM {name} WHERE deleted IS NOT NULL OR line IS NULL")
    return damaged


def _settle(con: duckdb.DuckDBPyConnection, collection: Collection, rows: str, batch: int) -> None:
    """Check the candidates and move those that fail to the rejects; note what was only warned of."""
    check(con, collection, batch)
    reject(con, collection, rows)
    con.execute(f"""
        INSERT INTO staged_warnings
        SELECT '{collection.name}', s.line, s.element, s.source_id, n.field, n.reason FROM (
            SELECT line, element, source_id, unnest(noted) AS n FROM staged_{collection.name}) s""")


def _note_lines(con: duckdb.DuckDBPyConnection, parent: Collection, children: Sequence[Collection]) -> None:
    con.execute(f"""
        INSERT INTO staged_lines SELECT line, observed_at, hub_id FROM staged_{parent.name}
        UNION ALL SELECT line, observed_at, hub_id FROM staged_rejects""")
    for child in children:
        con.execute(f"""
            INSERT INTO staged_sets SELECT line, observed_at, hub_id, '{child.name}'
            FROM staged_{parent.name} WHERE {array_column(child)} IS NOT NULL""")


def _stage_child(con: duckdb.DuckDBPyConnection, parent: Collection, child: Collection, batch: int) -> None:
    rows = element_rows(parent, child)
    _make(con, child, candidates(child, rows, (), familiar_keys(con, rows)))
    _settle(con, child, rows, batch)
    reject_elements_of_rejected(con, parent, child)


def _publish(con: duckdb.DuckDBPyConnection, collection: Collection, children: Sequence[Collection]) -> None:
    for column in private(children):
        con.execute(f"ALTER TABLE staged_{collection.name} DROP COLUMN {column}")
