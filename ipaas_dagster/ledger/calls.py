"""Writing calls to the ledger: rows of `operations.calls`, bodies of writes beside them, without anything secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from ipaas_dagster.ledger.bodies import write_bodies
from ipaas_dagster.ledger.guard import NAMES_ONLY, Guard
from ipaas_dagster.records import Call

if TYPE_CHECKING:
    from sqlalchemy import Connection, Insert, Update

    from ipaas_dagster.project import Project

NoteCall = Callable[["Connection", Call], None]

Places = Mapping[str, tuple[int, int]]
"""By call id: the first line of a landing that the call brought, and how many."""

_COLUMNS = tuple(f.name for f in fields(Call) if f.name not in ("request_body", "response_body"))


def call_rows(
    calls: Iterable[Call], landing_id: str | None = None, places: Places | None = None
) -> list[dict[str, Any]]:
    """Rows ready for `write_calls`, and for a landing's manifest; `landing_id`: the landing they made, `places`:
    the lines of it."""
    rows = [_row(call) for call in calls]
    for row in rows:
        row["landing_id"] = row["landing_id"] or landing_id
        row["first_line"], row["lines"] = (places or {}).get(row["call_id"], (None, None))
    return rows


def write_calls(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add the rows in the caller's transaction."""
    from sqlalchemy import insert

    from ipaas_dagster.operations.tables import calls

    if rows:
        connection.execute(insert(calls), list(rows))


def keep_calls(project: Project, calls: Sequence[Call]) -> None:
    """Write down calls that no other transaction carries; if even that fails, it is only said: what the caller did
    counts, or its own error."""
    if not calls:
        return
    try:
        with project.operations.write(survives_power_loss=False) as connection:
            write_calls(connection, call_rows(calls))
    except Exception as error:
        project.say(f"{len(calls)} calls to {calls[0].system} could not be noted in the ledger: {error}")


def place_calls(connection: Connection, landing_id: str, places: Places) -> None:
    """Note which lines of a landing were brought by calls that stand in the ledger already."""
    from sqlalchemy import bindparam, update

    from ipaas_dagster.operations.tables import calls

    if places:
        statement = update(calls).where(calls.c.call_id == bindparam("id"))
        connection.execute(
            statement.values(landing_id=landing_id, first_line=bindparam("first"), lines=bindparam("many")),
            [{"id": call_id, "first": first, "many": many} for call_id, (first, many) in places.items()],
        )


def note_call(connection: Connection, call: Call, guard: Guard = NAMES_ONLY) -> None:
    """Write one call's row and bodies, or change those of its id: the intent before a write, its outcome after."""
    row, changed = _row(call), 0
    row["path"], row["reason"] = guard.mask_text(call.path), guard.mask_text(call.reason)
    add, change = _noting()
    if call.outcome != "intent":
        changed = connection.execute(change, {**row, "changed_id": call.call_id}).rowcount
    if changed == 0:
        connection.execute(add, row)
    if call.request_body is not None or call.response_body is not None:
        write_bodies(connection, call, guard, requested=changed > 0)


def _row(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in _COLUMNS}


@cache
def _noting() -> tuple[Insert, Update]:
    """Made once: making a statement costs ten times as much as executing it, and every batch executes both."""
    from sqlalchemy import bindparam, insert, update

    from ipaas_dagster.operations.tables import calls

    values = {name: bindparam(name, type_=calls.c[name].type) for name in _COLUMNS}
    return insert(calls).values(values), update(calls).where(calls.c.call_id == bindparam("changed_id")).values(values)
