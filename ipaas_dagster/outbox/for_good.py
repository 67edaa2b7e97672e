"""Records that are blocked for good: what they wait for is dead, rejected, filtered, deleted or never came, or is
itself blocked so. Each is told to a person once, in the run that finds it; it is released as any other when that record
arrives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from ipaas_dagster.operations.tables import outbox
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.blocking import reasons_of
from ipaas_dagster.outbox.delivery import Delivery, add
from ipaas_dagster.outbox.entry import OPEN, State
from ipaas_dagster.outbox.links import Ref


class _Waiting(NamedTuple):
    entry_id: int
    record: Ref
    on: Ref


def find(delivery: Delivery) -> None:
    """Mark and count those that nobody was told of yet. The hub is asked outside of any writing."""
    with delivery.operations.read() as connection:
        waiting = _untold(connection, delivery.system)
        if not waiting:
            return
        found = _for_good(waiting, _open(connection, delivery.system, {one.on for one in waiting}))
        reasons = reasons_of(connection, delivery.system, {one.on for one in found}, delivery.why_absent)
    with delivery.operations.write() as connection:
        for one in found:
            add(delivery.blocked, {one.record[0]: _tell(connection, delivery, one, reasons[one.on])})


def known(connection: Connection, system: str) -> Mapping[str, int]:
    """Hub collection -> its entries that are blocked for good, this run's included."""
    told = (outbox.c.system == system) & (outbox.c.state == State.BLOCKED.value) & outbox.c.told_at.is_not(None)
    grouped = (outbox.c.state, outbox.c.operation, outbox.c.collection)  # as SQLite finds the index of what is owed
    found = Counter[str]()
    for collection, count in connection.execute(
        select(outbox.c.collection, func.count()).where(told).group_by(*grouped)
    ):
        found[collection] += count
    return found


def _untold(connection: Connection, system: str) -> list[_Waiting]:
    """Blocked writes. A delete that is held back waits for another delete, which is told of where it is dead."""
    query = select(outbox.c.entry_id, outbox.c.collection, outbox.c.hub_id, outbox.c.blocked_on, outbox.c.refs).where(
        outbox.c.system == system,
        outbox.c.state == State.BLOCKED.value,
        outbox.c.operation == "upsert",
        outbox.c.told_at.is_(None),
    )
    return [
        _Waiting(row.entry_id, (row.collection, row.hub_id), on)
        for row in connection.execute(query)
        if (on := next(((c, i) for c, i in row.refs or () if i == row.blocked_on), None)) is not None
    ]


def _open(connection: Connection, system: str, refs: set[Ref]) -> set[Ref]:
    """Those that may still arrive: they have an entry that is open, and not known to be blocked for good."""
    hub_ids: dict[str, list[str]] = {}
    for collection, hub_id in sorted(refs):
        hub_ids.setdefault(collection, []).append(hub_id)
    found: set[Ref] = set()
    for collection, some in hub_ids.items():
        query = select(outbox.c.hub_id).where(
            outbox.c.system == system,
            outbox.c.collection == collection,
            among(connection, outbox.c.hub_id, some),
            outbox.c.state.in_(OPEN),
            outbox.c.told_at.is_(None),
        )
        found |= {(collection, hub_id) for hub_id in connection.scalars(query)}
    return found


def _for_good(waiting: Sequence[_Waiting], open_: set[Ref]) -> list[_Waiting]:
    """Those whose record will not come, and those that wait for one of these."""
    lost = {one.record for one in waiting if one.on not in open_}
    while more := {one.record for one in waiting if one.on in lost} - lost:
        lost |= more
    return [one for one in waiting if one.record in lost]


def _tell(connection: Connection, delivery: Delivery, one: _Waiting, reason: str) -> int:
    mine = (outbox.c.entry_id == bindparam("id")) & (outbox.c.state == State.BLOCKED.value)
    told = update(outbox).where(mine).values(told_at=delivery.clock(), reason=reason)
    return connection.execute(told, {"id": one.entry_id}).rowcount
