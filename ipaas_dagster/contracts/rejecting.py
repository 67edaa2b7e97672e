"""Rejecting: candidates that fail the contract leave their table for `staged_rejects`, with every reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.cells import literal, split
from ipaas_dagster.contracts.landed import rejected_element_rows, source_id
from ipaas_dagster.contracts.values import hub_prefix

if TYPE_CHECKING:
    import duckdb


def reject(con: duckdb.DuckDBPyConnection, collection: Collection, rows: str) -> None:
    """Move the rows that `contract_findings` fails; `rows` is the SQL that reads their records again.

    The records are read twice so that those that pass, nearly all, need not be kept beside their columns.
    """
    name = f"staged_{collection.name}"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE contract_failing AS
        SELECT s.line, s.element, s.observed_at, s.hub_id, s.source_id, s.parent_hub_id, s.rowid AS row,
            list_concat(coalesce(s.reasons, []), coalesce(f.reasons, [])) AS reasons
        FROM {name} s JOIN (
            SELECT row, list(field || ': ' || reason ORDER BY field, reason)
                FILTER (WHERE reason IS NOT NULL) AS reasons
            FROM contract_findings WHERE NOT soft GROUP BY row) f ON f.row = s.rowid""")
    _warn(con, collection)
    if con.execute("SELECT count(*) FROM contract_failing").fetchone() != (0,):
        _move(con, collection, rows)
    con.execute("DROP TABLE contract_failing")


def _warn(con: duckdb.DuckDBPyConnection, collection: Collection) -> None:
    con.execute(f"""
        INSERT INTO staged_warnings
        SELECT '{collection.name}', s.line, s.element, s.source_id, f.field, f.reason
        FROM contract_findings f JOIN staged_{collection.name} s ON s.rowid = f.row
        WHERE f.soft AND f.row NOT IN (SELECT row FROM contract_failing)""")


def _move(con: duckdb.DuckDBPyConnection, collection: Collection, rows: str) -> None:
    con.execute(f"""
        INSERT INTO staged_rejects
        SELECT '{collection.name}', f.line, f.element, f.observed_at, f.hub_id, f.source_id, f.parent_hub_id,
            f.reasons, coalesce(r.record, 'null'::JSON)
        FROM contract_failing f JOIN (
            SELECT line, element, record FROM ({rows}) WHERE line IN (SELECT line FROM contract_failing)) r
        ON r.line = f.line AND r.element = f.element""")
    con.execute(f"DELETE FROM staged_{collection.name} WHERE rowid IN (SELECT row FROM contract_failing)")


def reject_elements_of_rejected(con: duckdb.DuckDBPyConnection, parent: Collection, child: Collection) -> None:
    """Reject the elements that stand in rejected records of `parent`, with the reason that names it."""
    elements = split(child, rejected_element_rows(parent, child))
    prefix = literal(hub_prefix(child.source))
    con.execute(f"""
        INSERT INTO staged_rejects
        SELECT '{child.name}', line, element, observed_at, {prefix} || id, id, parent_hub_id,
            ['it stands in a record of {parent.name} that was rejected: '
                || coalesce(parent_hub_id, 'on line ' || line)],
            coalesce(record, 'null'::JSON)
        FROM (SELECT *, {source_id(child)} AS id FROM ({elements}))""")
