"""What a poll is due for: something new at the source, or work that no run has finished. No Dagster here."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from ipaas_dagster.ledger.calls import keep_calls
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.project import Project
from ipaas_dagster.records import Call
from ipaas_dagster.settings import DEFAULT_BASE_URL
from ipaas_dagster.source.changes import changes, mark_launched
from ipaas_dagster.source.facts import known
from ipaas_dagster.source.landed import read_cursor
from ipaas_dagster.source.polled import UNIT_FACT

UNMERGED_FOR = timedelta(minutes=10)
"""A landing that waits longer was left by a run that ended before its merge."""
SECOND = timedelta(seconds=1)


def not_connected(project: Project) -> str | None:
    """Why the source cannot be asked at all yet; None where it can."""
    if project.settings.token is None and project.settings.base_url == DEFAULT_BASE_URL:
        return "Instagaze is not connected: set INSTAGAZE_TOKEN in the environment or in .env"
    return None


def changed(project: Project, collections: Sequence[str]) -> tuple[str, ...]:
    """The collections with something newer than their probe mark; moves their marks, so that each change is
    named once. Raises CallFailed within seconds; then no mark has moved."""
    calls: list[Call] = []
    try:
        found = changes(project, collections=collections, record_call=calls.append)
    finally:
        keep_calls(project, calls)
    if found.counts:
        mark_launched(project, found)
    return tuple(found.counts)


def unfinished(project: Project, collections: Sequence[str]) -> dict[str, str]:
    """The collections to poll whatever the change probe says, with the reason."""
    found = {}
    for name in collections:
        reason = _unread(project, name)
        if reason:
            found[name] = reason
    return found | dict.fromkeys(_unmerged(project, collections), "a landing waits to be merged")


def _unread(project: Project, collection: str) -> str | None:
    """Why the probe cannot speak for a collection."""
    row, settings = read_cursor(project, collection), project.settings
    if row.cursor is None:
        return "it was never read"
    facts = known(project.operations, settings.base_url, collection, project.clock())
    if facts.get(UNIT_FACT) == "":
        return "the source does not honour the modified filter"
    polled = row.cursor + timedelta(seconds=settings.lag_seconds) + SECOND
    if row.probe_mark is not None and polled < row.probe_mark:
        return "the last poll that was launched did not succeed"
    return None


def _unmerged(project: Project, collections: Sequence[str]) -> list[str]:
    query = select(landings.c.collection).where(
        landings.c.state == "waiting",
        landings.c.collection.in_(collections),
        landings.c.created_at < project.clock() - UNMERGED_FOR,
    )
    with project.operations.read() as connection:
        return list(connection.scalars(query))
