"""Forgetting entries of the outbox that were settled long ago, with their attempts and payloads, in small transactions.

Kept whatever their age: what is open or dead, what a system confirmed last of each record (it is the evidence of what
the system holds), and the newest entry of all, so that no number is given twice. Their count is carried over, so that
the books balance as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.care import carried
from ipaas_dagster.operations.tables import attempts, links, outbox, payloads, readings
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.entry import State

CHUNK = 1_000
SETTLED = (State.DELIVERED, State.SUPERSEDED)
Route = tuple[str, str]
"""(system, hub collection)"""


def prune_entries(operations: Operations, before: datetime, chunk: int = CHUNK) -> int:
    """Forget what was settled before; returns how many entries."""
    forgotten, after = 0, 0
    with operations.read() as connection:
        newest = connection.scalar(select(func.max(outbox.c.entry_id))) or 0
    while True:
        with operations.write(survives_power_loss=False) as connection:
            rows = _oldest(connection, before, after, newest, chunk)
            _forget(connection, rows, before)
        forgotten += len(rows)
        if len(rows) < chunk:
            break
        after = rows[-1].entry_id
    with operations.write(survives_power_loss=False) as connection:
        connection.execute(delete(readings).where(readings.c.read_at < before))
    return forgotten


def prunable(operations: Operations, before: datetime) -> int:
    """How many entries `prune_entries` would forget."""
    with operations.read() as connection:
        newest = connection.scalar(select(func.max(outbox.c.entry_id))) or 0
        mine = _settled(before) & (outbox.c.entry_id < newest)
        return connection.scalar(select(func.count()).select_from(outbox).where(mine)) or 0


def carried_over(connection: Connection) -> dict[Route, dict[str, int]]:
    """Entries that were forgotten, by route and state."""
    found: dict[Route, dict[str, int]] = {}
    for row in connection.execute(select(carried)):
        found.setdefault((row.system, row.collection), {})[row.state] = row.entries
    return found


def with_carried(states: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counts by state, those of forgotten entries among them."""
    return dict(Counter(states) + Counter(more))


def forgotten_before(connection: Connection, system: str, collection: str) -> datetime | None:
    """Entries of this route that were settled before are forgotten; None: none are."""
    mine = (carried.c.system == system) & (carried.c.collection == collection)
    found: datetime | None = connection.scalar(select(func.max(carried.c.settled_before)).where(mine))
    return found


def _settled(before: datetime) -> ColumnElement[bool]:
    """Asked by the links' own key, entry by entry."""
    confirmed = exists().where(
        links.c.system == outbox.c.system,
        links.c.collection == outbox.c.collection,
        links.c.hub_id == outbox.c.hub_id,
        links.c.entry_id == outbox.c.entry_id,
    )
    return outbox.c.state.in_(SETTLED) & (outbox.c.updated_at < before) & ~confirmed


def _oldest(connection: Connection, before: datetime, after: int, newest: int, chunk: int) -> Sequence[Any]:
    named = select(outbox.c.entry_id, outbox.c.system, outbox.c.collection, outbox.c.state)
    mine = _settled(before) & (outbox.c.entry_id > after) & (outbox.c.entry_id < newest)
    return connection.execute(named.where(mine).order_by(outbox.c.entry_id).limit(chunk)).all()


def _forget(connection: Connection, rows: Sequence[Any], before: datetime) -> None:
    if not rows:
        return
    ids = [row.entry_id for row in rows]
    for table in (attempts, payloads, outbox):
        connection.execute(delete(table).where(among(connection, table.c.entry_id, ids)))
    for (system, collection, state), count in Counter((r.system, r.collection, r.state) for r in rows).items():
        key = (carried.c.system == system) & (carried.c.collection == collection) & (carried.c.state == state)
        grown = {"entries": carried.c.entries + count, "settled_before": before}
        if connection.execute(update(carried).where(key).values(grown)).rowcount == 0:
            own = {"system": system, "collection": collection, "state": state}
            connection.execute(insert(carried).values(**own, entries=count, settled_before=before))
