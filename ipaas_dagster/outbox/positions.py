"""How far each route has read the hub's changes, and what became of them.

A position is (hub epoch, seq). Beside it stand the counters of the balance, which only ever grow:
changes = queued + coalesced + same_as_delivered + filtered + not_needed. `seeded` says how many of `changes` were
records looked at without a change of this hub (a template changed, a dead letter renewed, another hub before).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import positions

COUNTERS = ("changes", "queued", "coalesced", "same_as_delivered", "filtered", "not_needed", "seeded")


@dataclass
class Tally:
    """What became of the changes of one route, added up chunk by chunk. `new_dead`: queued, and dead at once."""

    changes: int = 0
    queued: int = 0
    coalesced: int = 0
    same_as_delivered: int = 0
    filtered: int = 0
    not_needed: int = 0
    seeded: int = 0
    new_dead: int = 0

    def add(self, other: Tally) -> None:
        for name in (*COUNTERS, "new_dead"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True)
class Seed:
    """A seeding under way: first all current `records`, then the `links` the hub may no longer know, each in hub id
    order up to `after`. `held`: it would delete `deletes` records there, which waits for a person's word."""

    phase: Literal["records", "links", "held"] = "records"
    after: str | None = None
    approved: bool = False
    deletes: int = 0


@dataclass(frozen=True)
class Position:
    epoch: str
    seq: int
    enabled: bool
    template_digest: str | None
    seed: Seed | None = None


def read_positions(connection: Connection, system: str) -> dict[str, Position]:
    """Every position of a system by hub collection."""
    rows = connection.execute(select(positions).where(positions.c.system == system)).mappings()
    return {
        row["collection"]: Position(
            row["epoch"], row["seq"], row["enabled"], row["template_digest"], _seed(row["seed"])
        )
        for row in rows
    }


def save_position(
    connection: Connection, system: str, collection: str, position: Position, tally: Tally, now: datetime
) -> None:
    """Move a position and add to its counters, in the caller's transaction."""
    values: dict[str, Any] = {
        "epoch": position.epoch,
        "seq": position.seq,
        "enabled": position.enabled,
        "template_digest": position.template_digest,
        "seed": vars(position.seed) if position.seed else None,
        "updated_at": now,
    }
    counters = {name: getattr(tally, name) for name in COUNTERS}
    grown = {name: positions.c[name] + count for name, count in counters.items() if count}
    key = (positions.c.system == system) & (positions.c.collection == collection)
    if connection.execute(update(positions).where(key).values(values | grown)).rowcount == 0:
        row = {"system": system, "collection": collection, **values, **counters}
        connection.execute(insert(positions).values(row))


def count(connection: Connection, system: str, collection: str, tally: Tally, now: datetime) -> None:
    """Add to the counters of a route that does not move."""
    key = (positions.c.system == system) & (positions.c.collection == collection)
    grown = {name: positions.c[name] + getattr(tally, name) for name in COUNTERS}
    connection.execute(update(positions).where(key).values(grown | {"updated_at": now}))


def forget_epoch(connection: Connection, system: str, collection: str) -> None:
    """All that was counted so far is no change of the hub that is read from now on."""
    key = (positions.c.system == system) & (positions.c.collection == collection)
    connection.execute(update(positions).where(key).values(seeded=positions.c.changes))


def switch_off(connection: Connection, system: str, keep: set[str], now: datetime) -> None:
    """Mark the system's positions that are not in `keep`; they are seeded when they come back."""
    off = (positions.c.system == system) & positions.c.enabled & positions.c.collection.not_in(sorted(keep))
    connection.execute(update(positions).where(off).values(enabled=False, updated_at=now))


@dataclass(frozen=True)
class HeldDeletes:
    """A route whose system holds `deletes` records that this hub does not know; they wait for a person's word."""

    hold_id: str
    system: str
    collection: str
    deletes: int
    since: datetime


def held_deletes(operations: Operations) -> list[HeldDeletes]:
    """Every hold there is; its id is `<system>/<collection>`."""
    query = select(positions).where(positions.c.seed.is_not(None))
    with operations.read() as connection:
        rows = connection.execute(query.order_by(positions.c.system, positions.c.collection)).all()
    return [
        HeldDeletes(f"{row.system}/{row.collection}", row.system, row.collection, seed.deletes, row.updated_at)
        for row in rows
        if (seed := _seed(row.seed)) is not None and seed.phase == "held"
    ]


def approve_deletes(operations: Operations, system: str, collection: str, now: datetime) -> bool:
    """Let a route's held deletes go: the next delivery looks again which they are, and queues them. False if none
    are held."""
    with operations.write() as connection:
        found = read_positions(connection, system).get(collection)
        if found is None or found.seed is None or found.seed.phase != "held":
            return False
        approved = replace(found, seed=Seed("links", approved=True))
        save_position(connection, system, collection, approved, Tally(), now)
    return True


def begin(found: Position | None, epoch: str, digest: str | None) -> Position:
    """Where a route goes on from: a new route and another hub read that hub's changes from its first; another hub,
    another template and a route switched on again are seeded too, because changes alone do not tell."""
    if found is None:
        return Position(epoch, 0, True, digest)
    if found.epoch != epoch:
        return Position(epoch, 0, True, digest, Seed("links"))
    if not found.enabled or found.template_digest != digest:
        return replace(found, enabled=True, template_digest=digest, seed=Seed("records"))
    return found


def begin_nested(found: Position | None, epoch: str) -> Position:
    """Where a collection nested in another's payloads goes on from: it has no template of its own, and its parents'
    route is what is seeded."""
    if found is None or found.epoch != epoch:
        return Position(epoch, 0, True, None)
    return replace(found, enabled=True, template_digest=None, seed=None)


def _seed(value: Mapping[str, Any] | None) -> Seed | None:
    return Seed(**value) if value else None
