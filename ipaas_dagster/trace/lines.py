"""A trace as short lines for people; the terminal colours them, Dagster shows them as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from ipaas_dagster.trace.as_of import AsOf, Had
from ipaas_dagster.trace.event import Event
from ipaas_dagster.trace.hub_events import NOTHING_NEW
from ipaas_dagster.trace.tracing import SystemNow, Trace

STYLES = {"title": "bold", "good": "green", "bad": "red", "quiet": "dim"}
LONGEST = 100
_BAD = ("rejected", "held", "warning")


class Line(NamedTuple):
    text: str
    tone: str = ""


def lines(found: Trace) -> Iterator[Line]:
    """Title, what happened in time order, what is there now, what is not known."""
    yield Line(f"{found.hub_id} ({found.collection})", "title")
    if found.events:
        yield Line("")
        yield from _events(found.events)
    if found.found:
        yield Line("")
        yield from _now(found)
    if found.as_of is not None:
        yield Line("")
        yield from _as_of(found.as_of)
    for note in found.notes if found.found else ():
        yield Line(f"note: {note}", "quiet")


def _events(events: Sequence[Event]) -> Iterator[Line]:
    """Sightings that changed nothing are told once for as many as follow each other."""
    for alike, group in groupby(events, key=_alike):
        some = list(group)
        if alike is not None and len(some) > 2:
            yield _line(some[0])
            last = some[-1]
            yield Line(f"{'':<24}... and {len(some) - 1} times more, at last at {_time(last.at)}: {last.text}", "quiet")
            continue
        for event in some:
            yield _line(event)
            yield from _more(event)


def _alike(event: Event) -> tuple[str, str] | None:
    verdict = event.details.get("verdict", "")
    return (event.what, verdict) if event.what in ("seen", "parent_seen") and verdict in NOTHING_NEW else None


def _line(event: Event) -> Line:
    return Line(f"{_time(event.at)} {event.where:<10} {event.text}", _tone(event))


def _tone(event: Event) -> str:
    details = event.details
    if event.what in _BAD or details.get("verdict") == "rejected" or details.get("state") == "dead":
        return "bad"
    if event.what == "attempt":
        return "good" if details["outcome"] == "delivered" else "bad"
    return "quiet" if details.get("verdict") in NOTHING_NEW or event.what == "parent_seen" else ""


def _more(event: Event) -> Iterator[Line]:
    indent = " " * 34
    if event.what == "version":
        for name, (before, after) in event.details["diff"].items():
            if event.details["operation"] == "update":
                yield Line(f"{indent}{name}: {_value(before)} -> {_value(after)}")
            elif after is not None:
                yield Line(f"{indent}{name}: {_value(after)}", "quiet")
    if "record" in event.details and event.what == "seen":
        yield Line(f"{indent}{_value(event.details['record'], longest=0)}", "quiet")
    for call in event.details.get("calls", ()) if event.what == "attempt" else ():
        for name in ("request_part", "response_part", "request", "response"):
            if call.get(name) is not None:
                yield Line(f"{indent}{name.replace('_', ' ')}: {_value(call[name], longest=0)}", "quiet")


def _now(found: Trace) -> Iterator[Line]:
    hub = found.hub
    seen = f", last seen {_time(hub.observed_at)}" if hub.observed_at else ""
    version = f", version {hub.version}" if hub.version else ""
    yield Line(f"now in the hub: {hub.state}{version}{seen}", "title")
    for system in found.systems:
        yield from _system(system)


def _system(now: SystemNow) -> Iterator[Line]:
    said = [f"switched off: {now.switched_off}"] if now.switched_off else []
    if now.nested_in:
        said.append(f"has it in the payload of its parent, in {now.nested_in}: trace that one")
    elif not now.routed:
        said.append("has no route for this collection")
    if now.deleted:
        said.append(f"confirmed its delete {_time(now.confirmed_at)}")
    elif now.confirmed_at is not None:
        said.append(f"confirmed version {now.confirmed_version} {_time(now.confirmed_at)} as {now.external_id}")
    elif now.routed:
        said.append("never confirmed it")
    for entry in now.open:
        why = f": {entry['reason']}" if entry["reason"] else ""
        said.append(f"entry {entry['entry_id']} {entry['state']}{why}")
    if now.unread:
        said.append(f"{len(now.unread)} changes are not read by its route yet")
    yield Line(f"now in {now.system}: {'; '.join(said)}", "title")
    if now.held_now is not None:
        told = now.held_now.not_asked
        yield Line(f"  asked now: {told or _value(now.held_now.record, longest=0)}")


def _as_of(then: AsOf) -> Iterator[Line]:
    yield Line(f"as of {_time(then.at)}", "title")
    yield from _had("the hub", then.hub)
    for system, had in then.systems.items():
        yield from _had(system, had)


def _had(who: str, had: Had) -> Iterator[Line]:
    doubt = f" (entries {', '.join(map(str, had.in_doubt))} were under way)" if had.in_doubt else ""
    if had.record is None:
        gone = f", since {_time(had.since)} (version {had.version})" if had.since else ", not yet"
        yield Line(f"  {who} had no such record{gone}{doubt}")
        return
    yield Line(f"  {who} had version {had.version}, since {_time(had.since)}{doubt}")
    yield Line(f"    {_value(_told(had.record), longest=0)}", "quiet")


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}" if at else ""


def _value(value: Any, longest: int = LONGEST) -> str:
    """JSON on one line, shortened."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    text = " ".join(text.splitlines()) if isinstance(value, str) else text
    return text if not longest or len(text) <= longest else text[: longest - 1] + "…"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
