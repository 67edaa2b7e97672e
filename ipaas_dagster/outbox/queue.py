"""Which records become owed: each candidate against what the system last confirmed and what is still open.

Queue rows, superseded entries and counters are written in the caller's transaction; it moves the position too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, case, select, update

from ipaas_dagster.operations.tables import links, outbox, payloads
from ipaas_dagster.outbox.among import among
from ipaas_dagster.outbox.bulk import insert_many, reserve_ids
from ipaas_dagster.outbox.entry import BUSY, OPEN, REPLACEABLE, State, request_key
from ipaas_dagster.outbox.positions import Tally

_encode = msgspec.json.Encoder().encode

DeleteRule = Literal["delete", "keep"]


class Candidate(NamedTuple):
    """A record at its latest change, rendered. Without a payload it is `deleted`, cannot be rendered (`error` says
    which field and why), or is filtered out by its route (neither). `refs`: (hub collection, hub id)."""

    hub_id: str
    seq: int
    version: int
    deleted: bool = False
    payload: bytes | None = None
    payload_hash: str | None = None
    refs: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    changed_us: int | None = None


@dataclass(slots=True)
class Known:
    """What the store holds on one record of one route. `confirmed` is what the system last confirmed (None: it does
    not hold the record), `last` the entry that did; `queued` the hash of the newest that may still be superseded."""

    confirmed: str | None = None
    holds: bool = False
    last: int = 0
    queued: str | None = None
    replaceable: list[int] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)


_UNKNOWN = Known()


@dataclass(frozen=True)
class Stamp:
    """Of what, when and by which run entries are queued."""

    system: str
    collection: str
    epoch: str
    run_id: str
    now: datetime
    deletes: DeleteRule = "delete"
    renew: bool = False
    """The candidates are no new changes: dead letters' retries, or all records under another template."""
    keeps_hub_ids: bool = False
    """Nothing ever waits for another record there, so what records refer to is not kept."""


Verdict = Literal["upsert", "delete", "dead", "same_as_delivered", "filtered", "not_needed", "coalesced"]


def decide(candidate: Candidate, known: Known, deletes: DeleteRule, *, renew: bool = False) -> Verdict:
    """One record's verdict. What is in doubt may be there: its delete is queued, and waits. Looked at anew
    (`renew`), a payload that is queued already is queued once."""
    if candidate.error is not None:
        return "dead"
    if candidate.payload is not None:
        if renew and known.replaceable and known.queued == candidate.payload_hash:
            return "coalesced"
        settled = not (known.replaceable or known.busy or known.dead)
        same = known.holds and known.confirmed == candidate.payload_hash
        return "same_as_delivered" if settled and same else "upsert"
    if not (known.holds or known.busy):
        return "not_needed" if candidate.deleted else "filtered"
    return "delete" if deletes == "delete" else "filtered"


def queue(connection: Connection, candidates: Sequence[Candidate], stamp: Stamp) -> Tally:
    """Queue what the system does not have yet. At most one candidate a record."""
    known = look_up(connection, stamp.system, stamp.collection, [c.hub_id for c in candidates])
    tally = Tally()
    rows: list[tuple[Any, ...]] = []
    sent: list[bytes | None] = []
    replaced: list[tuple[int, str]] = []
    for candidate in candidates:
        record = known.get(candidate.hub_id) or _UNKNOWN
        verdict = decide(candidate, record, stamp.deletes, renew=stamp.renew)
        if verdict in ("upsert", "delete", "dead"):
            tally.queued += 1
            tally.new_dead += verdict == "dead"
            rows.append(_row(candidate, verdict, record, stamp))
            sent.append(candidate.payload if verdict == "upsert" else None)
        else:
            setattr(tally, verdict, getattr(tally, verdict) + 1)
        if verdict != "coalesced" and (record.replaceable or record.dead):
            replaced += _replaced(candidate, verdict, record, stamp)
    tally.changes = len(candidates)
    tally.seeded = len(candidates) if stamp.renew else 0
    supersede(connection, replaced, stamp.now)
    if rows:
        _insert(connection, rows, sent, stamp)
    return tally


def _insert(
    connection: Connection, rows: Sequence[tuple[Any, ...]], sent: Sequence[bytes | None], stamp: Stamp
) -> None:
    ids = reserve_ids(connection, outbox.c.entry_id, len(rows))
    insert_many(
        connection,
        outbox,
        ("entry_id", *_ROW),
        [(entry_id, *row) for entry_id, row in zip(ids, rows, strict=True)],
        system=stamp.system,
        collection=stamp.collection,
        epoch=stamp.epoch,
        run_id=stamp.run_id,
        queued_at=stamp.now,
        updated_at=stamp.now,
    )
    write_payloads(connection, zip(ids, sent, strict=True))


def write_payloads(connection: Connection, sent: Iterable[tuple[int, bytes | None]]) -> None:
    """What new entries send, by entry id; a delete has none."""
    rows = [(entry_id, payload) for entry_id, payload in sent if payload is not None]
    if rows:
        insert_many(connection, payloads, ("entry_id", "payload"), rows)


def look_up(connection: Connection, system: str, collection: str, hub_ids: Sequence[str]) -> dict[str, Known]:
    """Links, open and dead entries of these records; a record without any is absent."""
    found: dict[str, Known] = {}
    confirmed = select(links.c.hub_id, links.c.payload_hash, links.c.deleted, links.c.entry_id).where(
        links.c.system == system, links.c.collection == collection, among(connection, links.c.hub_id, hub_ids)
    )
    for hub_id, payload_hash, deleted, entry_id in connection.execute(confirmed).all():
        found[hub_id] = Known(confirmed=payload_hash, holds=not deleted, last=entry_id or 0)
    entries = select(outbox.c.hub_id, outbox.c.entry_id, outbox.c.state, outbox.c.payload_hash).where(
        outbox.c.system == system,
        outbox.c.collection == collection,
        among(connection, outbox.c.hub_id, hub_ids),
        outbox.c.state.in_([*OPEN, State.DEAD]),
    )
    for hub_id, entry_id, state, payload_hash in connection.execute(entries).all():
        known = found.setdefault(hub_id, Known())
        if state in REPLACEABLE and entry_id > max(known.replaceable, default=0):
            known.queued = payload_hash
        group = known.dead if state == State.DEAD else known.busy if state in BUSY else known.replaceable
        group.append(entry_id)
    return found


_ROW = (
    "hub_id", "operation", "state", "seq", "version", "request_key", "payload_hash", "refs", "reason",
    "attempts", "changed_us",
)  # fmt: skip


def _row(candidate: Candidate, verdict: Verdict, known: Known, stamp: Stamp) -> tuple[Any, ...]:
    operation = "delete" if verdict == "delete" else "upsert"
    after = max([known.last, *known.replaceable, *known.busy, *known.dead]) if stamp.renew else 0
    where = (stamp.system, stamp.collection, candidate.hub_id, stamp.epoch, candidate.seq, operation)
    sends = verdict == "upsert"
    return (
        candidate.hub_id,
        operation,
        "dead" if verdict == "dead" else "pending",
        candidate.seq,
        candidate.version,
        request_key(*where, after=after),
        candidate.payload_hash if sends else None,
        _encode(candidate.refs).decode() if candidate.refs and not stamp.keeps_hub_ids else None,
        candidate.error,
        0,
        candidate.changed_us,
    )


def _replaced(candidate: Candidate, verdict: Verdict, known: Known, stamp: Stamp) -> Iterable[tuple[int, str]]:
    """(entry id, reason) of what this candidate stands for. Dead ones stay until a success, unless the record itself
    is gone or filtered and nothing is owed any more, or this is their retry."""
    reason = {
        "not_needed": "the record was deleted before it was ever delivered",
        "filtered": "the route filters the record out",
    }.get(verdict, f"a newer entry of this record stands for it (seq {candidate.seq})")
    yield from ((entry_id, reason) for entry_id in known.replaceable)
    if verdict in ("not_needed", "filtered") or (stamp.renew and verdict != "same_as_delivered"):
        yield from ((entry_id, reason) for entry_id in known.dead)


DIED_OF = case((outbox.c.state == State.DEAD.value, outbox.c.reason), else_=outbox.c.died_of)
"""What a dead entry died of stays with it when something newer stands for it."""


def supersede(connection: Connection, replaced: Sequence[tuple[int, str]], now: datetime) -> None:
    """Something newer stands for these entries: (entry id, what)."""
    if not replaced:
        return
    connection.execute(
        update(outbox)
        .where(outbox.c.entry_id == bindparam("id"))
        .values(state=State.SUPERSEDED.value, reason=bindparam("why"), updated_at=now, died_of=DIED_OF),
        [{"id": entry_id, "why": reason} for entry_id, reason in replaced],
    )
