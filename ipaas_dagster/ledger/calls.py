"""Writing calls to the ledger: rows of `operations.calls`, without anything secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ipaas_dagster.records import Call

if TYPE_CHECKING:
    from sqlalchemy import Connection


def call_rows(calls: Iterable[Call], landing_id: str | None = None) -> list[dict[str, Any]]:
    """Rows ready for `write_calls`, and for a landing's manifest; `landing_id`: the landing they made."""
    rows = [asdict(call) for call in calls]
    for row in rows:
        row["landing_id"] = row["landing_id"] or landing_id
    return rows


def write_calls(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add the rows in the caller's transaction."""
    from sqlalchemy import insert

    from ipaas_dagster.operations.tables import calls

    if rows:
        connection.execute(insert(calls), list(rows))


def note_call(connection: Connection, call: Call) -> None:
    """Write one call's row, or change the row of its id: the intent before a write, its outcome after."""
    from sqlalchemy import insert, update

    from ipaas_dagster.operations.tables import calls

    row = asdict(call)
    changed = 0
    if call.outcome != "intent":
        changed = connection.execute(update(calls).where(calls.c.call_id == call.call_id).values(row)).rowcount
    if changed == 0:
        connection.execute(insert(calls).values(row))
