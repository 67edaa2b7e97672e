"""Writing calls to the ledger: rows of `operations.calls`, without anything secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from ipaas_dagster.records import Call

if TYPE_CHECKING:
    from sqlalchemy import Connection, Insert, Update


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
    row, changed = asdict(call), 0
    add, change = _noting(tuple(row))
    if call.outcome != "intent":
        changed = connection.execute(change, {**row, "changed_id": call.call_id}).rowcount
    if changed == 0:
        connection.execute(add, row)


@cache
def _noting(names: tuple[str, ...]) -> tuple[Insert, Update]:
    """Made once: making a statement costs ten times as much as executing it, and every batch executes both."""
    from sqlalchemy import bindparam, insert, update

    from ipaas_dagster.operations.tables import calls

    values = {name: bindparam(name, type_=calls.c[name].type) for name in names}
    return insert(calls).values(values), update(calls).where(calls.c.call_id == bindparam("changed_id")).values(values)
