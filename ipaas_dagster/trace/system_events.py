"""What a system was owed, sent and answered of one record, as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ipaas_dagster.trace.event import Event
from ipaas_dagster.trace.hub_events import in_short
from ipaas_dagster.trace.hub_side import HubSide
from ipaas_dagster.trace.parts import part_of
from ipaas_dagster.trace.system_side import SystemSide
from ipaas_dagster.trace.verdicts import NotQueued, not_queued

if TYPE_CHECKING:
    from ipaas_dagster.hub import Hub


def system_events(side: SystemSide, hub: HubSide, related: Hub, *, bodies: bool) -> Iterator[Event]:
    for one in not_queued(side, hub.versions, hub.epoch, related):
        yield Event(one.at, "not_queued", side.system, _passed_over(one), vars(one) | {"recomputed": True})
    for entry in side.entries:
        yield _queued(side, entry)
        for attempt in side.attempts.get(entry["entry_id"], ()):
            yield _attempt(side, entry, attempt, bodies=bodies)
        yield from _state(side, entry)


def _passed_over(one: NotQueued) -> str:
    words = one.verdict.replace("_", " ")
    why = f" ({one.reason})" if one.reason else ""
    doubt = "" if one.certain or one.verdict.startswith("not told") else "; told by today's template and records"
    return f"version {one.version} queues nothing: {words}{why}{doubt}"


_ENTRY = (
    "entry_id", "operation", "state", "epoch", "seq", "version", "request_key", "payload_hash", "refs", "blocked_on",
    "reason", "attempts", "next_attempt_at", "batch_id", "run_id", "queued_at", "updated_at", "acknowledged_at",
)  # fmt: skip


def _queued(side: SystemSide, entry: Mapping[str, Any]) -> Event:
    details = {name: entry[name] for name in _ENTRY if entry[name] is not None}
    details["payload"] = payload(entry)
    text = f"entry {entry['entry_id']}: {entry['operation']} of version {entry['version']} is queued"
    if entry["state"] == "dead" and not side.attempts.get(entry["entry_id"]):
        text = f"entry {entry['entry_id']}: version {entry['version']} cannot be sent"
    return Event(entry["queued_at"], "queued", side.system, text, details)


def payload(entry: Mapping[str, Any]) -> Any:
    """What the entry sends, references as hub ids; None for a delete, and for what was never rendered."""
    return None if entry["payload"] is None else msgspec.json.decode(entry["payload"])


def _attempt(side: SystemSide, entry: Mapping[str, Any], attempt: Mapping[str, Any], *, bodies: bool) -> Event:
    calls = [_call(side, entry, call, bodies=bodies) for call in side.calls.get(attempt["call_id"], ())]
    why = f" ({attempt['reason']})" if attempt["reason"] and attempt["outcome"] != "delivered" else ""
    outcome = str(attempt["outcome"]).replace("_", " ")
    asked = side.look_ups.get(attempt["call_id"], ())
    through = f", {'; '.join(map(in_short, calls or asked))}" if calls or asked else ""
    text = f"entry {entry['entry_id']}: attempt {attempt['number']}: {outcome}{why}{through}"
    known = {name: attempt[name] for name in ("number", "outcome", "reason", "started_at", "ended_at", "run_id")}
    details = {"entry_id": entry["entry_id"], **known, "calls": calls, "look_ups": asked}
    return Event(attempt["started_at"], "attempt", side.system, text, details)


def _call(side: SystemSide, entry: Mapping[str, Any], call: Mapping[str, Any], *, bodies: bool) -> dict[str, Any]:
    """The call with this record's part of its bodies where it can be told, or all of them."""
    request, answer = side.bodies.get(call["call_id"], (None, None))
    shown = dict(call)
    needles = names_of(side, entry)
    parts = {"request_part": part_of(request, needles), "response_part": part_of(answer, needles)}
    shown |= {name: part for name, part in parts.items() if part is not None}
    if bodies:
        shown |= {"request": request, "response": answer}
    return shown


def names_of(side: SystemSide, entry: Mapping[str, Any]) -> list[str]:
    """By what a request or an answer may name the record: hub id, request key, the system's id."""
    link = side.link["external_id"] if side.link else None
    return [name for name in (entry["hub_id"], entry["request_key"], link) if name]


def _state(side: SystemSide, entry: Mapping[str, Any]) -> Iterator[Event]:
    """Where the entry stands, unless an attempt has just told it."""
    state, told = entry["state"], side.attempts.get(entry["entry_id"], ())
    if state == "delivered" and any(a["outcome"] == "delivered" for a in told):
        return
    if state == "pending" and not entry["reason"]:
        words = "waits for the next delivery"
    else:
        why = f": {entry['reason']}" if entry["reason"] else ""
        words = f"{state.replace('_', ' ')}{why}"
    if entry["acknowledged_at"]:
        words += " (let go by a person)"
    details = {"entry_id": entry["entry_id"], "state": state, "reason": entry["reason"]}
    yield Event(entry["updated_at"], "state", side.system, f"entry {entry['entry_id']}: {words}", details)


def open_entries(side: SystemSide) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in side.entries if entry["state"] not in ("delivered", "superseded")]
