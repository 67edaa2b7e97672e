"""Use case: the trace of one record, from the stores alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster.trace.as_of import AsOf, as_of
from ipaas_dagster.trace.asking import Wanted
from ipaas_dagster.trace.deep import search, unsearched
from ipaas_dagster.trace.event import Event
from ipaas_dagster.trace.held_now import HeldNow, held_now
from ipaas_dagster.trace.hub_events import Landings, hub_events
from ipaas_dagster.trace.hub_side import HubSide, read_hub
from ipaas_dagster.trace.source_side import Place, read_landings, read_lines
from ipaas_dagster.trace.subject import FORMS, Subject
from ipaas_dagster.trace.system_events import open_entries, payload, system_events
from ipaas_dagster.trace.system_side import SystemSide, read_systems
from ipaas_dagster.trace.verdicts import waiting_changes

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class HubNow:
    """`state`: alive, deleted, rejected (only ever), or absent."""

    state: str
    version: int | None = None
    observed_at: datetime | None = None
    changed_at: datetime | None = None
    deleted_at: datetime | None = None
    record: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class SystemNow:
    """`confirmed` is what the system confirmed last (None: it holds no such record), `open` the entries that are
    not done or dead, `unread` the hub's changes that its route has not read yet."""

    system: str
    kind: str
    switched_off: str | None
    routed: bool
    nested_in: str | None
    external_id: str | None
    confirmed: Any
    confirmed_version: int | None
    confirmed_at: datetime | None
    deleted: bool
    open: Sequence[Mapping[str, Any]]
    unread: Sequence[int]
    held_now: HeldNow | None = None


@dataclass(frozen=True)
class Trace:
    """`found` is False where nothing is known of the record; `notes` say what the trace does not know, and why."""

    hub_id: str
    collection: str
    source_collection: str
    source_id: str
    found: bool
    hub: HubNow
    systems: Sequence[SystemNow]
    events: Sequence[Event]
    as_of: AsOf | None = None
    notes: Sequence[str] = field(default_factory=tuple)


def trace(project: Project, subject: Subject, wanted: Wanted | None = None) -> Trace:
    """Reads the hub once, shortly, and operations; landings only where asked to. Asks no system unless
    `wanted.read`; writes nothing but the ledger's rows of those questions. Raises NotSetUp, StoreDamaged."""
    wanted = wanted or Wanted()
    hub, notes = _deeper(project, subject, read_hub(project, subject), wanted)
    sides = read_systems(project, subject)
    landings = _landings(project, hub, wanted)
    events = [*hub_events(subject, hub, landings)]
    for side in sides:
        events += system_events(side, hub, project.hub, bodies=wanted.bodies)
    found = hub.knows or any(side.knows for side in sides)
    if not found:
        notes.append(_not_found(subject))
    return Trace(
        subject.hub_id,
        subject.collection.name,
        subject.landed_as,
        subject.source_id,
        found,
        _hub_now(hub),
        [_system_now(project, subject, hub, side, wanted) for side in sides],
        sorted(events, key=lambda event: event.order),
        as_of(wanted.as_of, hub.versions, landings.known, sides) if wanted.as_of else None,
        notes,
    )


def _deeper(project: Project, subject: Subject, hub: HubSide, wanted: Wanted) -> tuple[HubSide, list[str]]:
    left = unsearched(project, subject, hub)
    if left.readable and wanted.deep:
        hub = replace(hub, sightings=[*hub.sightings, *search(project, subject, hub, left.readable)])
    return hub, left.in_words(subject.landed_as, deep=wanted.deep)


def _landings(project: Project, hub: HubSide, wanted: Wanted) -> Landings:
    sighted = [*hub.sightings, *(one for ones in hub.parents.values() for one in ones)]
    places: list[Place] = [(one.landing_id, one.line) for one in sighted if one.line]
    named = {one.landing_id for one in sighted} | {version.landing_id for version in hub.versions}
    named |= {row["landing_id"] for row in hub.warnings}
    return Landings(read_landings(project, named), read_lines(project, places, records=wanted.records))


def _hub_now(hub: HubSide) -> HubNow:
    row = hub.current
    if row is None:
        return HubNow("rejected" if hub.rejects else "absent")
    state = "deleted" if row.deleted_at else "alive"
    return HubNow(state, row.version, row.observed_at, row.changed_at, row.deleted_at, row.record)


def _system_now(project: Project, subject: Subject, hub: HubSide, side: SystemSide, wanted: Wanted) -> SystemNow:
    link, last = side.link, side.delivered()
    there = link is not None and not link["deleted"]
    return SystemNow(
        side.system,
        side.kind,
        side.switched_off,
        side.route is not None,
        side.nested_in,
        link["external_id"] if link else None,
        payload(last) if last and there else None,
        link["version"] if link else None,
        link["confirmed_at"] if link else None,
        bool(link and link["deleted"]),
        [{name: e[name] for name in ("entry_id", "operation", "state", "reason")} for e in open_entries(side)],
        [version.seq for version in waiting_changes(side, hub.versions, hub.epoch)],
        held_now(project, subject, side) if wanted.read else None,
    )


def _not_found(subject: Subject) -> str:
    """Nothing of it anywhere: what a person may try."""
    source = subject.landed_as
    return (
        f"no trace of {subject.hub_id}: no landing that was merged held it, and no system was ever sent it. Check "
        f"the id ({FORMS}); read what is new with `ipaas sync {source}`, or everything with `--full`; "
        "a record whose id cannot be read stands in `ipaas rejects list`"
    )
