"""Records that wait for others: a write for what it refers to, a delete for the deletes of what referred to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, exists, select, update

from ipaas_dagster.operations.tables import links, outbox
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.entry import OPEN, State
from ipaas_dagster.outbox.links import Ref, external_ids
from ipaas_dagster.outbox.sending import Owed

Absent = Callable[[str, Sequence[str]], Mapping[str, str]]
"""absent(hub collection, hub ids) -> why each of them was never queued: not in the hub, deleted, filtered."""


@dataclass(frozen=True)
class Stuck:
    """A pending entry that must wait: `on` is the hub id of the record it waits for."""

    entry: Owed
    on: str
    reason: str


def known_references(
    connection: Connection, system: str, owed: Sequence[Owed], why: Absent
) -> tuple[list[Owed], dict[Ref, str], list[Stuck]]:
    """Entries whose references are all known there, with the ids of these; and those that must wait, each for the
    first record that is missing and with the reason why it is. `why` asks the hub: call this outside of writing."""
    refs = {(ref[0], ref[1]) for one in owed for ref in one.refs or ()}
    ids = external_ids(connection, system, refs)
    missing = refs - ids.keys()
    if not missing:
        return list(owed), ids, []
    reasons = reasons_of(connection, system, missing, why)
    free: list[Owed] = []
    stuck: list[Stuck] = []
    for one in owed:
        first = next((ref for c, i in one.refs or () if (ref := (c, i)) in missing), None)
        if first is None:
            free.append(one)
        else:
            stuck.append(Stuck(one, first[1], reasons[first]))
    return free, ids, stuck


def hold_back_parents(connection: Connection, system: str, owed: Sequence[Owed]) -> tuple[list[Owed], list[Stuck]]:
    """Deletes that may go, and those of records which a delete that is still open or dead refers to."""
    states = [*OPEN, State.DEAD]
    query = select(outbox.c.hub_id, outbox.c.refs).where(
        outbox.c.system == system, outbox.c.operation == "delete", outbox.c.state.in_(states)
    )
    children = {(ref[0], ref[1]): row.hub_id for row in connection.execute(query) for ref in row.refs or ()}
    free: list[Owed] = []
    stuck: list[Stuck] = []
    for one in owed:
        child = children.get((one.collection, one.hub_id))
        if child is None:
            free.append(one)
        else:
            stuck.append(Stuck(one, child, f"waits until {child}, which refers to it, is deleted there"))
    return free, stuck


def block(connection: Connection, stuck: Sequence[Stuck], now: datetime) -> None:
    """Mark them as waiting for another record."""
    if not stuck:
        return
    mine = (outbox.c.entry_id == bindparam("id")) & (outbox.c.state == State.PENDING.value)
    blocked = {"state": State.BLOCKED.value, "blocked_on": bindparam("on"), "reason": bindparam("why")}
    connection.execute(
        update(outbox).where(mine).values(blocked | {"updated_at": now}),
        [{"id": one.entry.entry_id, "on": one.on, "why": one.reason} for one in stuck],
    )


_ANY_BLOCKED = select(exists().where(outbox.c.system == bindparam("system"), outbox.c.state == State.BLOCKED.value))


def release(connection: Connection, system: str, hub_ids: Sequence[str], now: datetime) -> None:
    """What waited for these records is pending again."""
    if connection.scalar(_ANY_BLOCKED, {"system": system}):
        waits = (outbox.c.system == system) & (outbox.c.state == State.BLOCKED.value)
        _set_free(connection, waits & among(connection, outbox.c.blocked_on, hub_ids), now)


def release_all(connection: Connection, system: str, now: datetime) -> None:
    """Pending again: blocked writes whose record has appeared there, and every blocked delete, to be looked at
    again. For the start of a run, when anything may have happened meanwhile."""
    waits = (outbox.c.system == system) & (outbox.c.state == State.BLOCKED.value)
    there = exists().where(
        links.c.system == system,
        links.c.hub_id == outbox.c.blocked_on,
        links.c.external_id.is_not(None),
        ~links.c.deleted,
    )
    if connection.scalar(select(exists().where(waits))):
        _set_free(connection, waits & (there | (outbox.c.operation == "delete")), now)


def _set_free(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    free = {"state": State.PENDING.value, "blocked_on": None, "reason": None, "told_at": None, "updated_at": now}
    connection.execute(update(outbox).where(which).values(free))


def reasons_of(connection: Connection, system: str, missing: set[Ref], why: Absent) -> dict[Ref, str]:
    """Why each record is not known there: its own last entry says it, else the hub does."""
    reasons: dict[Ref, str] = {}
    by_collection: dict[str, list[str]] = {}
    for collection, hub_id in sorted(missing):
        by_collection.setdefault(collection, []).append(hub_id)
    for collection, hub_ids in by_collection.items():
        query = (
            select(outbox.c.hub_id, outbox.c.state, outbox.c.reason)
            .where(
                outbox.c.system == system,
                outbox.c.collection == collection,
                among(connection, outbox.c.hub_id, hub_ids),
                outbox.c.state.in_([*OPEN, State.DEAD]),
            )
            .order_by(outbox.c.entry_id)
        )
        for hub_id, state, reason in connection.execute(query):
            told = f"{state}: {reason}" if reason else state
            reasons[collection, hub_id] = f"waits for {collection} {hub_id}, which is {told}"
        absent = [i for i in hub_ids if (collection, i) not in reasons]
        for hub_id, text in (why(collection, absent) if absent else {}).items():
            reasons[collection, hub_id] = f"waits for {collection} {hub_id}, which {text}"
    return reasons
