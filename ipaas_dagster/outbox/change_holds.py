"""Mass changes that wait for a person before they go to one system: `<system>/<collection>.<kind>`.

changes   one landing changed most of a collection: the route waits before them, and so does what came after them
repairs   a comparison found most of what the system holds missing or changed there
deletes   a comparison found many records there that should not be
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.care import change_holds

Kind = Literal["changes", "repairs", "deletes"]
KINDS: tuple[Kind, ...] = ("changes", "repairs", "deletes")


@dataclass(frozen=True)
class ChangeHold:
    """`records` of the `alive` that the system holds. Of `changes`: the route waits before `before_seq`, the last one
    of them is `upto_seq`."""

    system: str
    collection: str
    kind: Kind
    records: int
    alive: int
    since: datetime
    state: Literal["waiting", "approved"] = "waiting"
    epoch: str = ""
    before_seq: int = 0
    upto_seq: int = 0
    landing_id: str | None = None
    approved_at: datetime | None = None

    @property
    def hold_id(self) -> str:
        return f"{self.system}/{self.collection}.{self.kind}"

    @property
    def reason(self) -> str:
        share = f"{self.records:,} of {self.alive:,} {self.collection} ({100 * self.records / max(self.alive, 1):.0f}%)"
        if self.kind == "changes":
            return f"{share} that {self.system} holds were changed at once, by landing {self.landing_id}"
        if self.kind == "repairs":
            return f"{share} are missing or changed in {self.system}, and would be sent again"
        return f"{self.records:,} {self.collection} are in {self.system} and should not be, and would be deleted there"


def read(connection: Connection, system: str, collection: str, kind: Kind) -> ChangeHold | None:
    row = connection.execute(select(change_holds).where(_one(system, collection, kind))).one_or_none()
    return _read(row) if row is not None else None


def held_before(connection: Connection, system: str) -> dict[str, tuple[str, int]]:
    """Hub collection -> (epoch, seq) of the change that its route waits before."""
    of = change_holds.c
    mine = (of.system == system) & (of.kind == "changes") & (of.state == "waiting")
    return {row.collection: (row.epoch, row.before_seq) for row in connection.execute(select(change_holds).where(mine))}


def write(connection: Connection, hold: ChangeHold) -> None:
    connection.execute(delete(change_holds).where(_one(hold.system, hold.collection, hold.kind)))
    connection.execute(insert(change_holds).values(vars(hold)))


def lift(connection: Connection, system: str, collection: str, kind: Kind) -> None:
    connection.execute(delete(change_holds).where(_one(system, collection, kind)))


def waiting(operations: Operations) -> list[ChangeHold]:
    """Every hold that waits for a person, by system and collection."""
    query = select(change_holds).where(change_holds.c.state == "waiting")
    with operations.read() as connection:
        rows = connection.execute(query.order_by(*change_holds.primary_key.columns))
        return [_read(row) for row in rows]


def approve(operations: Operations, hold_id: str, now: datetime) -> ChangeHold | None:
    """A person's word; None where no such hold waits. What it releases is looked at again when it is carried out."""
    found = next((hold for hold in waiting(operations) if hold.hold_id == hold_id), None)
    if found is not None:
        with operations.write() as connection:
            mine = _one(found.system, found.collection, found.kind)
            connection.execute(update(change_holds).where(mine).values(state="approved", approved_at=now))
    return found


def _one(system: str, collection: str, kind: str) -> Any:
    of = change_holds.c
    return (of.system == system) & (of.collection == collection) & (of.kind == kind)


def _read(row: Any) -> ChangeHold:
    return ChangeHold(**row._mapping)
