"""The change probe: one small request per polled collection tells whether a run is worth launching.

It stands in for webhooks and is a hint: what it misses, the schedule's poll brings. Its mark is its own:
the time up to which changes were already read by a run, or launched one. So records younger than the
cursor's lag, which every poll reads again, launch nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ipaas_dagster.records import RecordCall
from ipaas_dagster.source.client import Client
from ipaas_dagster.source.collections import POLLED, source_collection
from ipaas_dagster.source.connection import Connection
from ipaas_dagster.source.facts import known
from ipaas_dagster.source.landed import read_cursor, write_cursor
from ipaas_dagster.source.polled import UNIT_FACT
from ipaas_dagster.source.probe import stamp
from ipaas_dagster.source.session import connect, run

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

PATIENCE_SECONDS = 5.0
SECOND = timedelta(seconds=1)
"""The filter counts whole seconds and includes its own: the mark stands behind the second that was seen."""


@dataclass(frozen=True)
class Changes:
    """`counts`: collections with changes since their mark, and how many records; `asked_at`: the server's
    time of each answer, changed or not."""

    counts: Mapping[str, int] = field(default_factory=dict)
    asked_at: Mapping[str, datetime] = field(default_factory=dict)


def changes(
    project: Project,
    *,
    retry_seconds: float = PATIENCE_SECONDS,
    collections: Sequence[str] = POLLED,
    record_call: RecordCall = lambda call: None,
) -> Changes:
    """One request for each of these polled collections. Those that were never read, or whose source ignores the
    filter, are left to the schedule.

    Raises CallFailed within a few seconds; then nothing was marked.
    """
    marks = {name: mark for name in collections if (mark := _mark(project, name)) is not None}
    return run(_changes(project, marks, retry_seconds, record_call)) if marks else Changes()


def mark_launched(project: Project, found: Changes) -> None:
    """A run was launched for these changes: they launch no other. Call it with the launch, once."""
    with project.operations.write() as connection:
        for name in found.counts:
            write_cursor(connection, name, project.clock(), probe_mark=found.asked_at[name] + SECOND)


def _mark(project: Project, collection: str) -> datetime | None:
    """A poll reads everything up to its start, which is its cursor plus the lag."""
    row = read_cursor(project, collection)
    if row.cursor is None:
        return None
    polled = row.cursor + timedelta(seconds=project.settings.lag_seconds) + SECOND
    return max(polled, row.probe_mark) if row.probe_mark else polled


async def _changes(
    project: Project, marks: Mapping[str, datetime], retry_seconds: float, record_call: RecordCall
) -> Changes:
    async with connect(project, record_call, retry_seconds=retry_seconds) as connection:
        asked = await asyncio.gather(*(_ask(project, connection, name, mark) for name, mark in marks.items()))
    answers = {name: answer for name, answer in zip(marks, asked, strict=True) if answer is not None}
    return Changes(
        counts={name: count for name, (count, _) in answers.items() if count},
        asked_at={name: at for name, (_, at) in answers.items()},
    )


async def _ask(project: Project, connection: Connection, name: str, mark: datetime) -> tuple[int, datetime] | None:
    facts = known(project.operations, project.settings.base_url, name, project.clock())
    unit = str(facts.get(UNIT_FACT, "seconds"))
    if not unit:
        return None
    client = Client(connection, source_collection(name))
    page = await client.page(0, 1, {"modified": stamp(mark, unit)})
    count = page.count if page.records and page.count else len(page.records)
    return count, page.server_time or page.sent_at
