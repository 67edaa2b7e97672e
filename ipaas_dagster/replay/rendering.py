"""Recorded changes rendered through another template: what each record's payload would be, beside what it was.

A record is rendered once, as its latest version; one that is deleted needs no rendering. Old is what the system
confirmed last, else what today's template makes of the same version. Nothing is queued and no system is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from ipaas_dagster import contracts
from ipaas_dagster.errors import UsageError
from ipaas_dagster.hub.changes import ChangedRecord, HubHead, read_changes, read_head
from ipaas_dagster.hub.tables import table
from ipaas_dagster.mapping import Route, load_worksheet
from ipaas_dagster.mapping.payload import payload_fields
from ipaas_dagster.outbox.links import confirmed_payloads
from ipaas_dagster.outbox.queue import Candidate
from ipaas_dagster.outbox.rendering import candidates
from ipaas_dagster.project import Project
from ipaas_dagster.replay.differences import Field
from ipaas_dagster.replay.showing import differing_fields

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection

CHUNK = 10_000

Since = int | datetime | None
"""Changes after this seq, or at and after this time; None: all."""
Verdict = Literal["same", "different", "newly_failing", "newly_filtered", "newly_sent"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class RenderedDifference:
    """One record. `fields` are old -> new where both templates make a payload, `reason` is why it newly fails.
    `against` is what old is: `confirmed` by the system (at version `confirmed`), or by `today's template`."""

    collection: str
    hub_id: str
    version: int
    verdict: Verdict
    against: Literal["confirmed", "today's template"]
    confirmed: int | None = None
    reason: str | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass
class RenderedRoute:
    """One hub collection. `verdicts` and `fields` count records; `shown` are the first that are not the same."""

    collection: str
    template: str
    records: int = 0
    verdicts: dict[Verdict, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    shown: list[RenderedDifference] = field(default_factory=list)

    def add(self, found: RenderedDifference, limit: int) -> None:
        self.records += 1
        self.verdicts[found.verdict] = self.verdicts.get(found.verdict, 0) + 1
        for name in found.fields:
            self.fields[name] = self.fields.get(name, 0) + 1
        if found.verdict != "same" and len(self.shown) < limit:
            self.shown.append(found)

    def in_words(self) -> str:
        """Empty where all are the same."""
        apart = [
            f"{count:,} {verdict.replace('_', ' ')}" for verdict, count in self.verdicts.items() if verdict != "same"
        ]
        return f"{self.collection}: of {self.records:,} records {', '.join(apart)}" if apart else ""


def render_recorded(
    project: Project,
    file: Path,
    system: str,
    *,
    collection: str | None = None,
    since: Since = None,
    shown: int = 100,
) -> list[RenderedRoute]:
    """Render what the hub recorded through the templates of `file`, in place of those of the same name. Routes that
    render as today do not appear.

    Raises UsageError where the system or a collection is unknown, DeclarationError where the file is wrong.
    """
    pairs = _routes(project, file, system, collection)
    made = []
    for today, trial in pairs:
        route = RenderedRoute(trial.collection, trial.template.name)
        for found in _render(project, today, trial, since):
            route.add(found, shown)
        made.append(route)
    return made


def _routes(project: Project, file: Path, system: str, collection: str | None) -> list[tuple[Route, Route]]:
    """(today's route, the same with the new template) of each collection that the file says something else of."""
    names = [one.name for one in project.worksheet.destinations]
    if system not in names:
        raise UsageError(f"there is no destination system {system!r}; the worksheet has: {', '.join(names)}")
    trial = {
        route.collection: route for route in load_worksheet(project.settings.config, {system: file}).routes(system)
    }
    pairs = [(today, trial[today.collection]) for today in project.worksheet.routes(system)]
    if collection is not None and collection not in trial:
        raise UsageError(f"{system} has no route for {collection!r}; it has: {', '.join(trial)}")
    return [pair for pair in pairs if collection in (None, pair[0].collection) and pair[0].digest != pair[1].digest]


def _render(project: Project, today: Route, trial: Route, since: Since) -> Iterator[RenderedDifference]:
    for changes in _latest(project, today.collection, since):
        confirmed = _confirmed(project, today, changes)
        old = candidates(today, [change for change in changes if change.hub_id not in confirmed], project.hub)
        todays = {candidate.hub_id: _Made.of(candidate) for candidate in old}
        for candidate in candidates(trial, changes, project.hub):
            known = confirmed.get(candidate.hub_id)
            before = known[1] if known else todays[candidate.hub_id]
            yield _compare(today.collection, candidate, before, known[0] if known else None)


class _Made(NamedTuple):
    """What came of rendering: fields, or why there are none; neither where the filter leaves the record out."""

    fields: dict[str, Any] | None
    error: str | None

    @classmethod
    def of(cls, candidate: Candidate) -> _Made:
        payload = candidate.payload
        return cls(None if payload is None else payload_fields(payload), candidate.error)


def _compare(collection: str, candidate: Candidate, before: _Made, confirmed: int | None) -> RenderedDifference:
    after = _Made.of(candidate)
    both = before.fields is not None and after.fields is not None
    fields = differing_fields(before.fields, after.fields) if both else {}
    verdict: Verdict = "different" if fields else "same"
    if not both:
        verdict = _turned(before, after)
    reason = after.error if verdict == "newly_failing" else None
    against: Literal["confirmed", "today's template"] = "today's template" if confirmed is None else "confirmed"
    version = candidate.version
    return RenderedDifference(collection, candidate.hub_id, version, verdict, against, confirmed, reason, fields)


def _turned(before: _Made, after: _Made) -> Verdict:
    if after.fields is not None:
        return "newly_sent"
    if after.error is not None:
        return "same" if before.error is not None else "newly_failing"
    return "same" if before.fields is None and before.error is None else "newly_filtered"


def _confirmed(project: Project, route: Route, changes: list[ChangedRecord]) -> dict[str, tuple[int, _Made]]:
    hub_ids = [change.hub_id for change in changes]
    with project.operations.read() as connection:
        found = confirmed_payloads(connection, route.system, route.collection, hub_ids)
    return {one.hub_id: (one.version, _Made(payload_fields(one.payload), None)) for one in found}


def _latest(project: Project, collection: str, since: Since) -> Iterator[list[ChangedRecord]]:
    """Changes of live records by chunks, each record once, as its latest version."""
    head: HubHead | None = None
    seq = since if isinstance(since, int) else 0
    while head is None or seq < head.seq:
        with project.hub.reading() as connection:
            if connection is None:
                return
            head = head or read_head(connection)
            changes = read_changes(connection, collection, seq, CHUNK, head.seq)
            kept = _still_current(connection, collection, changes, since)
        if kept:
            yield kept
        seq = changes[-1].seq if len(changes) == CHUNK else head.seq


def _still_current(
    connection: HubConnection, collection: str, changes: list[ChangedRecord], since: Since
) -> list[ChangedRecord]:
    time = since if isinstance(since, datetime) else None
    rows = connection.execute(
        f"""
        SELECT hub_id, version FROM {table(contracts.collection(collection))}
        WHERE deleted_at IS NULL AND hub_id IN (SELECT unnest(?::VARCHAR[]))
        AND (?::TIMESTAMPTZ IS NULL OR changed_at >= ?)""",
        [[change.hub_id for change in changes], time, time],
    ).fetchall()
    current = dict(rows)
    return [change for change in changes if current.get(change.hub_id) == change.version]
