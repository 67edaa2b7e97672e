"""What a person must hear about after a run: each finding names its collection, record, field or system.

New findings end a run as failed, after everything good was delivered; known ones are only counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, select

from ipaas_dagster.completeness import SystemReconcile
from ipaas_dagster.deliver import DeliverResult
from ipaas_dagster.merge import MergeResult
from ipaas_dagster.operations.tables import outbox
from ipaas_dagster.project import Project
from ipaas_dagster.webhooks.following import Followed

NAMED = 20
"""How many rejects of a landing, or dead or blocked letters of a route, are named one by one; the rest is counted."""


def of_merges(project: Project, results: Sequence[MergeResult]) -> list[str]:
    """New rejects, holds, damaged landings and counts that do not add up."""
    findings = [f"{r.collection}: landing {r.landing_id} is damaged: {r.damaged}" for r in results if r.damaged]
    findings += _rejects(project, results)
    for result in results:
        findings += [
            f"{result.collection}: {hold} holds deletes for a person; look with `ipaas approve list`"
            for hold in result.holds
        ]
        findings += [
            f"{name}: landing {result.landing_id} does not balance: {counts}"
            for name, counts in result.counts.items()
            if not counts.balanced
        ]
    return findings


def of_followed(followed: Followed) -> list[str]:
    """Records that a webhook named and the source newly refuses to show."""
    named = [f"{followed.collection}: record {one}: {followed.refused[one]}" for one in followed.newly_refused[:NAMED]]
    return named + _and_more(len(followed.newly_refused) - len(named), followed.collection, "records are refused")


def of_delivery(project: Project, result: DeliverResult) -> list[str]:
    """New dead letters, what is blocked for good since this run, and why the system could not be served to the end.
    Switched off is no finding."""
    why = (result.stopped or "").removeprefix(f"{result.system}: ")  # a system's own words may begin with its name
    findings = [f"{result.system}: {why}; what is owed stays owed"] if why else []
    findings += [f"{result.system}: {note}" for note in result.notes]
    findings += [
        f"{name} is paused: {result.paused[name]}; what is owed stays owed until `ipaas resume {name}`"
        for name in result.new_pauses
    ]
    for collection, counts in result.routes.items():
        if counts.new_dead:
            dead = _newest_dead(project, result.system, collection, min(counts.new_dead, NAMED))
            findings += [f"{result.system}: {collection} {hub_id} is dead: {reason}" for hub_id, reason in dead]
            findings += _and_more(counts.new_dead - len(dead), f"{result.system}: {collection}", "dead letters")
        if counts.new_blocked:
            blocked = _newest_blocked(project, result.system, collection, min(counts.new_blocked, NAMED))
            findings += [f"{result.system}: {collection} {hub_id} is blocked: {reason}" for hub_id, reason in blocked]
            findings += _and_more(counts.new_blocked - len(blocked), f"{result.system}: {collection}", "are blocked")
    return findings


def of_comparison(project: Project, result: SystemReconcile) -> list[str]:
    """What could not be compared, repairs that are held from now on, and what their deliveries found. Differences that
    were repaired are none."""
    findings = [line for delivered in result.delivered for line in of_delivery(project, delivered)]
    if result.trouble:
        findings.append(f"{result.system}: {result.trouble}")
    findings += [f"{result.system}: {hold} holds repairs for a person; `ipaas approve list`" for hold in result.holds]
    return list(dict.fromkeys(findings))


def _rejects(project: Project, results: Sequence[MergeResult]) -> list[str]:
    rejecting = {r.landing_id: r for r in results if r.new_rejects}
    if not rejecting:
        return []
    named: dict[str, list[str]] = {landing_id: [] for landing_id in rejecting}
    for row in _open_rejects(project):
        lines = named.get(row["landing_id"])
        if lines is not None and len(lines) < NAMED:
            record = row["hub_id"] or f"line {row['line']} of landing {row['landing_id']}"
            lines.append(f"{row['collection']}: {record} was rejected: {in_words(row['reasons'])}")
    findings = []
    for landing_id, lines in named.items():
        result = rejecting[landing_id]
        findings += lines + _and_more(result.new_rejects - len(lines), result.collection, "new rejects")
    return findings


def in_words(reasons: Iterable[Any]) -> str:
    """A reject's reasons as one line."""
    return "; ".join(str(reason) for reason in reasons)


def _open_rejects(project: Project) -> list[dict[str, Any]]:
    from ipaas_dagster.hub.rejects import list_rejects

    with project.hub.reading() as connection:
        return [] if connection is None else list_rejects(connection, limit=1000)


def _newest_dead(project: Project, system: str, collection: str, limit: int) -> list[tuple[str, str]]:
    return _newest(project, system, collection, outbox.c.state == "dead", outbox.c.updated_at, limit)


def _newest_blocked(project: Project, system: str, collection: str, limit: int) -> list[tuple[str, str]]:
    told = (outbox.c.state == "blocked") & outbox.c.told_at.is_not(None)
    return _newest(project, system, collection, told, outbox.c.told_at, limit)


def _newest(
    project: Project, system: str, collection: str, which: ColumnElement[bool], since: Column[Any], limit: int
) -> list[tuple[str, str]]:
    """(hub id, reason) of entries."""
    query = (
        select(outbox.c.hub_id, outbox.c.reason)
        .where(outbox.c.system == system, outbox.c.collection == collection, which)
        .order_by(since.desc(), outbox.c.entry_id.desc())
        .limit(limit)
    )
    with project.operations.read() as connection:
        return [(row.hub_id, row.reason or "no reason was given") for row in connection.execute(query)]


def _and_more(count: int, what: str, kind: str) -> list[str]:
    return [f"{what}: {count} more {kind}"] if count > 0 else []
