"""What a comparison found a system to hold otherwise than it was sent, record by record.

    found ──► queued (its repair is in the outbox) ──► gone from here once it is there as it was sent
                                                  └──► remark: it came back right after its repair

A remark is not repaired again while what is sent and what is found stay the same: the system keeps the value in a form
of its own. It is told once, and goes when the record is there as it was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.care import differences
from ipaas_dagster.outbox.among import among

What = Literal["missing", "changed", "extra"]
State = Literal["found", "queued", "remark"]


@dataclass(frozen=True)
class Difference:
    """`fields` are the names of those that differ. `entry_id` is the entry that was confirmed last when it was looked
    at (0: none)."""

    system: str
    collection: str
    hub_id: str
    what: What
    fields: tuple[str, ...] = ()
    external_id: str | None = None
    entry_id: int = 0
    payload_hash: str | None = None
    found_hash: str | None = None
    state: State = "found"
    told: bool = False

    @property
    def in_words(self) -> str:
        where = f"{self.collection} {self.hub_id}"
        if self.what == "changed":
            return f"{where} is there with another {', '.join(self.fields)}"
        return f"{where} is not there any more" if self.what == "missing" else f"{where} is there and should not be"


def forget(connection: Connection, system: str, collection: str) -> None:
    """Before a route is compared anew: what was found before, but for remarks."""
    connection.execute(delete(differences).where(_route(system, collection), differences.c.state != "remark"))


def remarks(connection: Connection, system: str, collection: str, hub_ids: Sequence[str]) -> dict[str, Difference]:
    mine = _route(system, collection) & (differences.c.state == "remark")
    query = select(differences).where(mine, among(connection, differences.c.hub_id, hub_ids))
    return {row.hub_id: _read(row) for row in connection.execute(query)}


def keep(connection: Connection, found: Sequence[Difference], run_id: str, now: datetime) -> None:
    """Written over what stood there of the same records."""
    if not found:
        return
    first = found[0]
    drop(connection, first.system, first.collection, [one.hub_id for one in found])
    rows = [{**vars(one), "fields": list(one.fields), "run_id": run_id, "found_at": now} for one in found]
    connection.execute(insert(differences), rows)


def drop(connection: Connection, system: str, collection: str, hub_ids: Sequence[str]) -> None:
    mine = _route(system, collection) & among(connection, differences.c.hub_id, hub_ids)
    connection.execute(delete(differences).where(mine))


def mark_queued(connection: Connection, system: str, collection: str, hub_ids: Sequence[str]) -> None:
    mine = _route(system, collection) & among(connection, differences.c.hub_id, hub_ids)
    connection.execute(update(differences).where(mine).values(state="queued"))


def in_state(
    operations: Operations, system: str, collection: str, state: State, size: int
) -> Iterator[list[Difference]]:
    """In hub id order, chunk by chunk; those of a chunk may change meanwhile."""
    after = ""
    while True:
        mine = _route(system, collection) & (differences.c.state == state) & (differences.c.hub_id > after)
        with operations.read() as connection:
            rows = connection.execute(select(differences).where(mine).order_by(differences.c.hub_id).limit(size)).all()
        if rows:
            yield [_read(row) for row in rows]
        if len(rows) < size:
            return
        after = rows[-1].hub_id


def listed(operations: Operations, system: str | None = None, limit: int | None = None) -> list[Difference]:
    """All that is known now, by system, collection and hub id."""
    query = select(differences).order_by(differences.c.system, differences.c.collection, differences.c.hub_id)
    if system is not None:
        query = query.where(differences.c.system == system)
    with operations.read() as connection:
        return [_read(row) for row in connection.execute(query.limit(limit) if limit else query)]


def counted(connection: Connection, system: str, collection: str) -> dict[str, int]:
    """What was found and is not queued yet -> of how many records."""
    mine = _route(system, collection) & (differences.c.state == "found")
    query = select(differences.c.what, func.count()).where(mine).group_by(differences.c.what)
    return {what: count for what, count in connection.execute(query)}


def untold(connection: Connection, system: str) -> list[Difference]:
    """Remarks that nobody was told of yet; from now on they are told."""
    mine = (differences.c.system == system) & (differences.c.state == "remark") & ~differences.c.told
    found = [_read(row) for row in connection.execute(select(differences).where(mine).order_by(differences.c.hub_id))]
    if found:
        connection.execute(update(differences).where(mine).values(told=True))
    return found


def _route(system: str, collection: str) -> Any:
    return (differences.c.system == system) & (differences.c.collection == collection)


def _read(row: Any) -> Difference:
    return Difference(
        row.system,
        row.collection,
        row.hub_id,
        row.what,
        tuple(row.fields),
        row.external_id,
        row.entry_id,
        row.payload_hash,
        row.found_hash,
        row.state,
        row.told,
    )
