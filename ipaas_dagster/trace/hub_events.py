"""What the source answered and what the hub made of it, as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ipaas_dagster.hub.sightings import Sighting
from ipaas_dagster.trace.event import Event
from ipaas_dagster.trace.hub_side import HubSide, Version, parent_name
from ipaas_dagster.trace.source_side import Landed, Line, Place
from ipaas_dagster.trace.subject import Subject

NOTHING_NEW = ("unchanged", "duplicate", "stale", "no_effect", "found")

_SAYS = {
    "insert": "new: it becomes version {version}",
    "update": "changed: it becomes version {version}",
    "delete": "gone: version {version} is its end",
    "unchanged": "unchanged",
    "duplicate": "a duplicate: the same id was read again in this landing, and the later reading counts",
    "stale": "stale: the hub has seen a later answer",
    "rejected": "rejected: {reasons}",
    "held": "marked deleted; the delete is held for a person",
    "no_effect": "confirmed gone; that changes nothing now",
    "found": "found by searching the landing; what the merge made of it is not kept",
}


@dataclass(frozen=True)
class Landings:
    """The landings that a trace names, and the lines of them that it reads."""

    known: Mapping[str, Landed]
    lines: Mapping[Place, Line]

    def at(self, landing_id: str, line: int) -> datetime | None:
        """When the line was observed: when its page was asked for, or what the landing counts from."""
        found, landing = self.lines.get((landing_id, line)), self.known.get(landing_id)
        if found is None:
            return landing.observed_from if landing else None
        return max(found.observed_at, landing.observed_from) if landing else found.observed_at

    def waits(self, landing_id: str) -> bool:
        landing = self.known.get(landing_id)
        return landing is not None and landing.state == "waiting"

    def details(self, landing_id: str, line: int) -> dict[str, Any]:
        landing, found = self.known.get(landing_id), self.lines.get((landing_id, line))
        told: dict[str, Any] = {"landing": landing or {"landing_id": landing_id}, "line": line}
        if found is not None:
            told["call"] = found.call
        if found is not None and found.record is not None:
            told["record"] = found.record
        return told


def hub_events(subject: Subject, hub: HubSide, landings: Landings) -> Iterator[Event]:
    by_landing = {version.landing_id: version for version in hub.versions}
    yield from _seen(subject, hub, landings, by_landing)
    yield from _parent_seen(subject, hub, landings)
    yield from _warnings(hub, landings)
    yield from _rejects(hub)
    yield from _held(hub)
    yield from _versions(hub.versions, landings)


def _seen(subject: Subject, hub: HubSide, landings: Landings, by_landing: Mapping[str, Version]) -> Iterator[Event]:
    for sighting in hub.sightings:
        version = by_landing.get(sighting.landing_id)
        made = version if sighting.verdict in ("insert", "update", "delete") else None
        at = made.changed_at if made else landings.at(sighting.landing_id, sighting.line)
        if at is None:
            continue
        reasons = _reasons(hub, sighting, at)
        says = _SAYS[sighting.verdict].format(version=made.version if made else "?", reasons="; ".join(reasons))
        if landings.waits(sighting.landing_id):
            says = "waits to be merged"
        details = landings.details(sighting.landing_id, sighting.line)
        details |= {"element": sighting.element, "verdict": sighting.verdict}
        details |= {"reasons": reasons} if reasons else {}
        details |= _element(subject, sighting, details)
        yield Event(at, "seen", "instagaze", f"{_where(subject, sighting, landings)}: {says}", details)


def _where(subject: Subject, sighting: Sighting, landings: Landings) -> str:
    landing = landings.known.get(sighting.landing_id)
    found = landings.lines.get((sighting.landing_id, sighting.line))
    scope = f"{landing.scope} landing" if landing else "landing"
    place = f"{scope} {sighting.landing_id} line {sighting.line}" if sighting.line else f"{scope} {sighting.landing_id}"
    if subject.collection.parent and sighting.element:
        place += f", {subject.collection.array}[{sighting.element}]"
    elif subject.collection.parent and sighting.verdict == "delete":
        place += ", absent or gone with its parent"
    if found is not None and found.call is not None:
        place = f"{in_short(found.call)} -> {place}"
    return place


def in_short(call: Mapping[str, Any]) -> str:
    """A call in a few words: `GET /path 200 (12 ms)`; what has no status says its outcome."""
    said = call.get("status") or call.get("outcome", "")
    return f"{call['method']} {call.get('path', '')} {said} ({call.get('duration_ms', 0.0):.0f} ms)"


def _element(subject: Subject, sighting: Sighting, details: Mapping[str, Any]) -> dict[str, Any]:
    """A child's own part of its parent's record."""
    record, array = details.get("record"), subject.collection.array
    if not (array and sighting.element and isinstance(record, dict)):
        return {}
    stated = record.get(array)
    elements = stated if isinstance(stated, list) else []
    return {"record": elements[sighting.element - 1] if len(elements) >= sighting.element else None}


def _reasons(hub: HubSide, sighting: Sighting, at: datetime) -> list[str]:
    """Of the reject that was open at that time: the same content read again is known, not new."""
    if sighting.verdict != "rejected":
        return []
    for reject in hub.rejects:
        same = (reject["landing_id"], reject["line"]) == (sighting.landing_id, sighting.line)
        ended = reject["resolved_at"]
        if same or (reject["rejected_at"] <= at and (ended is None or at < ended)):
            return [str(reason) for reason in reject["reasons"]]
    return []


def _parent_seen(subject: Subject, hub: HubSide, landings: Landings) -> Iterator[Event]:
    """Where a parent was read and this record was not in it, or nothing was taken from it."""
    own = {(sighting.landing_id, sighting.line) for sighting in hub.sightings}
    for parent, sightings in hub.parents.items():
        for sighting in sightings:
            place = (sighting.landing_id, sighting.line)
            at = landings.at(*place)
            if place in own or at is None:
                continue
            says = sighting.verdict.replace("_", " ")
            text = f"its parent {parent} was read, without this record ({says}): {_place(sighting)}"
            details = landings.details(*place) | {"parent": parent, "verdict": sighting.verdict}
            yield Event(at, "parent_seen", "instagaze", text, details | {"of": parent_name(subject)})


def _place(sighting: Sighting) -> str:
    return f"landing {sighting.landing_id} line {sighting.line}"


def _warnings(hub: HubSide, landings: Landings) -> Iterator[Event]:
    for row in hub.warnings:
        line = next((s.line for s in hub.sightings if s.landing_id == row["landing_id"]), 0)
        at = landings.at(row["landing_id"], line)
        if at is not None:
            yield Event(at, "warning", "hub", f"warned: {row['field']}: {row['reason']}", row)


def _rejects(hub: HubSide) -> Iterator[Event]:
    sighted = {(s.landing_id, s.line) for s in hub.sightings if s.verdict == "rejected"}
    for reject in hub.rejects:
        if (reject["landing_id"], reject["line"]) not in sighted:
            place = f"landing {reject['landing_id']} line {reject['line']}"
            text = f"{place}: rejected: {'; '.join(map(str, reject['reasons']))}"
            yield Event(reject["rejected_at"], "rejected", "hub", text, reject)
        if reject["resolved_at"] is not None:
            text = f"the reject of {reject['rejected_at']:%Y-%m-%d %H:%M:%S} is resolved: {reject['resolution']}"
            yield Event(reject["resolved_at"], "resolved", "hub", text, reject)


def _held(hub: HubSide) -> Iterator[Event]:
    for hold in hub.holds:
        text = f"its delete is held, as one of {hold['records']}: {hold['reason']} (hold {hold['hold_id']})"
        yield Event(hold["created_at"], "held", "hub", text, hold)
        if hold["decided_at"] is not None:
            text = f"hold {hold['hold_id']} was {hold['state']}"
            yield Event(hold["decided_at"], "decided", "hub", text, hold)


def _versions(versions: Sequence[Version], landings: Landings) -> Iterator[Event]:
    before: Mapping[str, Any] | None = None
    for version in versions:
        diff = difference(before, version.record) if version.operation != "delete" else {}
        landing = landings.known.get(version.landing_id)
        details = {
            "version": version.version,
            "operation": version.operation,
            "seq": version.seq,
            "run_id": version.run_id,
            "landing_id": version.landing_id,
            "merged_at": landing.merged_at if landing else None,
            "diff": diff,
            "record": version.record,
        }
        text = f"version {version.version}: {version.operation} (change {version.seq})"
        yield Event(version.changed_at, "version", "hub", text, details)
        before = version.record if version.operation != "delete" else None


_NO_FIELD = ("version", "source_system", "hub_id", "source_id")


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field by field what changed, (before, after); of a new record what it has. Fields of `extra` are told one by
    one."""
    old, new = _flat(before or {}), _flat(after)
    return {
        name: (old.get(name), new.get(name)) for name in (*new, *(old.keys() - new.keys())) if _differ(old, new, name)
    }


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> bool:
    return name not in _NO_FIELD and old.get(name) != new.get(name)


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    extra = record.get("extra")
    inside = {f"extra.{name}": value for name, value in extra.items()} if isinstance(extra, dict) else {}
    return {name: value for name, value in record.items() if name != "extra" or not inside} | inside
