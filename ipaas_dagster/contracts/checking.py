"""Checking: the candidates of a collection go through Pandera in batches; findings are kept in the database."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ipaas_dagster.contracts import findings
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.cells import quoted
from ipaas_dagster.contracts.validation import UNREADABLE

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

# Several reasons in one text: only to see whether and of what a row could not be read.
_UNREADABLE = f"array_to_string(reasons, chr(10)) AS {UNREADABLE}"


def check(con: duckdb.DuckDBPyConnection, collection: Collection, batch_rows: int) -> None:
    """Fill `contract_findings` with what the rows of `staged_<collection>` fail, by their row ids.

    Records that say they are gone are held to nothing but what reading already found.
    """
    con.execute("DELETE FROM contract_findings")
    row = con.execute(f"SELECT coalesce(max(rowid), -1) FROM staged_{collection.name}").fetchone()
    last = int(row[0]) if row else -1
    for start in range(0, last + 1, batch_rows):
        frame = _batch(con, collection, start, start + batch_rows)
        if len(frame):
            _keep(con, findings.hard(collection, frame), soft=False)
            _keep(con, findings.soft(collection, frame), soft=True)


def _batch(con: duckdb.DuckDBPyConnection, collection: Collection, start: int, end: int) -> pd.DataFrame:
    names = "".join(f", {quoted(name)}" for name in findings.asked(collection))
    query = (
        f"SELECT rowid AS row{names}, {_UNREADABLE} FROM staged_{collection.name} "
        "WHERE rowid >= ? AND rowid < ? AND (NOT removed OR reasons IS NOT NULL)"
    )
    with warnings.catch_warnings():  # DuckDB still drops a column in place, which pandas will forbid
        warnings.filterwarnings("ignore", message="The inplace keyword")
        frame: pd.DataFrame = con.execute(query, [start, end]).df()
    return frame.set_index("row")


def _keep(con: duckdb.DuckDBPyConnection, found: Sequence[findings.Finding], *, soft: bool) -> None:
    if not found:
        return
    import pandas as pd

    frame = pd.DataFrame(found, columns=["row", "field", "reason"])
    con.register("found_now", frame)
    con.execute("INSERT INTO contract_findings SELECT row, field, reason, ? FROM found_now", [soft])
    con.unregister("found_now")
