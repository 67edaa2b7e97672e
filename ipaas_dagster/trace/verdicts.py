"""What became of a change that queued nothing for a system, or of a record looked at anew without being queued.

No row says so for each record. The chunk that a change was read in, the template of then and the entries of then do:
a newer change of the record in the same chunk stands for it (coalesced); else the outbox's own rule is asked again,
with what was known at that time. A template that has changed since is said, as it may have decided otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster.mapping.payload import Rendered, payload_bytes, payload_hash
from ipaas_dagster.outbox.queue import Candidate, Known, decide
from ipaas_dagster.trace.hub_side import Version
from ipaas_dagster.trace.system_side import SystemSide

if TYPE_CHECKING:
    from ipaas_dagster.hub import Hub
    from ipaas_dagster.mapping import Related, Route

ENDED = ("delivered", "superseded")
FORGOTTEN = "not told: deliveries of then are forgotten (IPAAS_OUTBOX_DAYS)"
UNRECORDED = "not told: it was read before readings were kept"


@dataclass(frozen=True)
class NotQueued:
    """`verdict`: coalesced, same_as_delivered, filtered, not_needed, or why it cannot be told. `certain` is False
    where today's template, another than the one of then, was asked."""

    at: datetime
    version: int
    seq: int
    verdict: str
    reason: str
    certain: bool = True


def not_queued(side: SystemSide, versions: Sequence[Version], epoch: str, related: Hub) -> list[NotQueued]:
    """In the order it was decided. `related` is the hub, which tells the children of then. Changes of another hub than
    this one are known to their entries only."""
    mine = [reading for reading in side.readings if reading["epoch"] == epoch]
    ask = _Asked(related)
    found = [*_of_changes(side, versions, epoch, mine, ask)]
    for reading in mine:
        if reading["kind"] == "records":
            found += _looked_at_anew(side, versions, reading, ask)
    return sorted(found, key=lambda one: (one.at, one.seq))


def waiting_changes(side: SystemSide, versions: Sequence[Version], epoch: str) -> list[Version]:
    """Changes that the route has not read yet."""
    if side.route is None or side.switched_off:
        return []
    position = side.position
    read = position["seq"] if position is not None and position["epoch"] == epoch else 0
    return [version for version in versions if version.seq > read]


def _of_changes(
    side: SystemSide, versions: Sequence[Version], epoch: str, mine: Sequence[Mapping[str, Any]], ask: _Asked
) -> Iterator[NotQueued]:
    queued = {entry["seq"] for entry in side.entries if entry["epoch"] == epoch}
    position = side.position
    if position is None or position["epoch"] != epoch:
        return
    for number, version in enumerate(versions):
        if version.seq in queued or version.seq > position["seq"]:
            continue
        chunk = _chunk_of(mine, version.seq)
        if side.forgotten_before and (chunk["read_at"] if chunk else version.changed_at) < side.forgotten_before:
            yield NotQueued(version.changed_at, version.version, version.seq, FORGOTTEN, "", False)
            continue
        if chunk is None:
            yield NotQueued(version.changed_at, version.version, version.seq, UNRECORDED, "", False)
            continue
        newer = [v for v in versions[number + 1 :] if v.seq <= chunk["upto_seq"]]
        if side.nested_in:
            reason = f"it stands in the payload of its parent, in {side.nested_in}"
            yield NotQueued(chunk["read_at"], version.version, version.seq, "coalesced", reason)
        elif newer:
            reason = f"version {newer[-1].version}, read at the same time, stands for it"
            yield NotQueued(chunk["read_at"], version.version, version.seq, "coalesced", reason)
        else:
            yield _decided_again(side, version, chunk, ask)


def _looked_at_anew(
    side: SystemSide, versions: Sequence[Version], reading: Mapping[str, Any], ask: _Asked
) -> Iterator[NotQueued]:
    """A seeding compares the current record; a deleted one is not among them."""
    known = [v for v in versions if v.seq <= reading["upto_seq"]]
    if not known or known[-1].operation == "delete":
        return
    hub_id = str(known[-1].record["hub_id"])
    after, upto = reading["after_id"] or "", reading["upto_id"]
    if not (hub_id > after and (upto is None or hub_id <= upto)):
        return
    if any(entry["queued_at"] == reading["read_at"] for entry in side.entries):
        return
    found = _decided_again(side, known[-1], reading, ask, renew=True)
    yield replace(
        found, reason=f"looked at anew, because the template or the route changed; {found.reason}".rstrip("; ")
    )


def _chunk_of(mine: Sequence[Mapping[str, Any]], seq: int) -> Mapping[str, Any] | None:
    chunks = [r for r in mine if r["kind"] == "changes" and r["after_seq"] < seq <= r["upto_seq"]]
    return chunks[-1] if chunks else None


def _decided_again(
    side: SystemSide, version: Version, reading: Mapping[str, Any], ask: _Asked, *, renew: bool = False
) -> NotQueued:
    at, route = reading["read_at"], side.route
    if route is None:
        return NotQueued(at, version.version, version.seq, "not told: the route is gone", "", False)
    ask.upto, ask.asked = reading["upto_seq"], False
    candidate = _candidate(route, version, ask)
    verdict = decide(candidate, _known_at(side, at), side.deletes, renew=renew)
    certain = route.digest == reading["template_digest"] and not ask.asked
    if verdict in ("upsert", "delete", "dead"):
        told = "not told: today's template, worksheet or other records would queue it"
        return NotQueued(at, version.version, version.seq, told, "", False)
    return NotQueued(at, version.version, version.seq, verdict, _REASONS[verdict], certain)


@dataclass
class _Asked:
    """The hub as rendering asks it: children as they were when `upto` was its last change; `asked` tells that today's
    other records had a say in the payload."""

    hub: Hub
    upto: int = 0
    asked: bool = False

    def children(self, collection: str, parents: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        return self.hub.children_at(collection, parents, self.upto)

    def holders(self, collection: str, column: str, values: Sequence[Any]) -> Iterable[tuple[Any, str]]:
        self.asked = True
        return self.hub.holders(collection, column, values)


_REASONS = {
    "same_as_delivered": "the system has confirmed the same payload",
    "filtered": "the route leaves it out",
    "not_needed": "it was deleted, and the system never had it",
    "coalesced": "the same payload was queued already",
}


def _candidate(route: Route, version: Version, related: Related) -> Candidate:
    hub_id = str(version.record["hub_id"])
    if version.operation == "delete":
        return Candidate(hub_id, version.seq, version.version, deleted=True)
    (result,) = route.render_many([version.record], related)
    if result is None:
        return Candidate(hub_id, version.seq, version.version)
    if not isinstance(result, Rendered):
        return Candidate(hub_id, version.seq, version.version, error=str(result))
    payload = payload_bytes(result)
    return Candidate(hub_id, version.seq, version.version, payload=payload, payload_hash=payload_hash(payload))


def _known_at(side: SystemSide, at: datetime) -> Known:
    """What the outbox knew of the record just before `at`, from the entries' own times."""
    known = Known()
    for entry in side.entries:
        if entry["queued_at"] >= at:
            continue
        if entry["state"] in ENDED and entry["updated_at"] < at:
            continue
        if entry["state"] == "dead" and entry["updated_at"] < at:
            known.dead.append(entry["entry_id"])
        else:
            known.replaceable.append(entry["entry_id"])
            known.queued = entry["payload_hash"]
    confirmed = side.delivered(at)
    if confirmed is not None:
        known.holds = confirmed["operation"] == "upsert"
        known.confirmed = confirmed["payload_hash"] if known.holds else None
    return known
