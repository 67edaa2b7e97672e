"""What failed lately, by cause, the newest first: attempts that did not deliver, letters that could not be rendered,
records that were rejected. Failures that were made good since are among them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from ipaas_dagster.operations.tables import attempts, outbox
from ipaas_dagster.report.history import NO_FAILURE, first_day
from ipaas_dagster.status.causes import cause_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ipaas_dagster.project import Project

CAUSES, REASONS = 20, 2_000
"""So many causes are told, found among so many different reasons, the newest."""


@dataclass(frozen=True)
class Failure:
    """`what`: the outcome of attempts, `dead` (never attempted), or `rejected`. `record` is one that failed so, the
    last one where there were attempts; `hub_id` None: its id could not be read, `record` says where it stands."""

    last: datetime
    where: str
    collection: str
    what: str
    cause: str
    count: int
    record: str
    hub_id: str | None
    reason: str


def read_failures(project: Project) -> list[Failure]:
    """Of the days that the history covers."""
    first = first_day(project.clock())
    with project.operations.read() as connection:
        found = [*_attempts(connection, first), *_dead_at_once(connection, first)]
    found += _rejects(project, first)
    return sorted(_by_cause(found), key=lambda one: one.last, reverse=True)[:CAUSES]


def _by_cause(found: Iterable[Failure]) -> Iterable[Failure]:
    together: dict[tuple[str, ...], Failure] = {}
    for one in found:
        key = one.where, one.what, one.cause
        known = together.get(key)
        if known is not None:
            newest = max(known, one, key=lambda failure: failure.last)
            one = replace(newest, count=known.count + one.count)
        together[key] = one
    return together.values()


def _attempts(connection: Connection, first: datetime) -> Iterator[Failure]:
    last = func.max(attempts.c.attempt_id)
    grouped = (
        select(last.label("attempt_id"), func.count().label("count"))
        .where(attempts.c.ended_at >= first, attempts.c.outcome.not_in(NO_FAILURE))
        .join(outbox, outbox.c.entry_id == attempts.c.entry_id)
        .group_by(outbox.c.system, attempts.c.outcome, attempts.c.reason)
        .order_by(last.desc())
        .limit(REASONS)
        .subquery()
    )
    query = (
        select(
            attempts.c.ended_at,
            outbox.c.system,
            outbox.c.collection,
            attempts.c.outcome,
            grouped.c.count,
            outbox.c.hub_id,
            attempts.c.reason,
        )
        .join(grouped, grouped.c.attempt_id == attempts.c.attempt_id)
        .join(outbox, outbox.c.entry_id == attempts.c.entry_id)
    )
    for row in connection.execute(query):
        yield _of_entry(*row)


def _dead_at_once(connection: Connection, first: datetime) -> Iterator[Failure]:
    """What could not be rendered has no attempt."""
    o = outbox.c
    query = (
        select(func.max(o.updated_at), o.system, o.collection, o.state, func.count(), func.max(o.hub_id), o.reason)
        .where(o.state == "dead", o.attempts == 0, o.updated_at >= first)
        .group_by(o.system, o.collection, o.state, o.reason)
        .order_by(func.max(o.updated_at).desc())
        .limit(REASONS)
    )
    for row in connection.execute(query):
        yield _of_entry(*row)


def _of_entry(
    last: datetime, system: str, collection: str, what: str, count: int, hub_id: str, reason: str | None
) -> Failure:
    said = reason or "no reason was given"
    return Failure(last, system, collection, what, cause_of(said), count, hub_id, hub_id, said)


_REJECTS = """
    SELECT max(rejected_at), collection, count(*), max(hub_id),
        max(concat('line ', line, ' of landing ', landing_id)), cast(reasons AS VARCHAR)
    FROM {rejects} WHERE rejected_at >= ?
    GROUP BY collection, cast(reasons AS VARCHAR) ORDER BY 1 DESC LIMIT {most}"""


def _rejects(project: Project, first: datetime) -> list[Failure]:
    from ipaas_dagster.hub.rejects import REJECTS

    with project.hub.reading() as connection:
        if connection is None:
            return []
        rows = connection.execute(_REJECTS.format(rejects=REJECTS, most=REASONS), [first]).fetchall()
    return [_of_reject(*row) for row in rows]


def _of_reject(last: datetime, collection: str, count: Any, hub_id: str | None, place: str, reasons: str) -> Failure:
    reason = "; ".join(str(one) for one in json.loads(reasons))
    record = hub_id or place
    return Failure(last, "hub", collection, "rejected", cause_of(reason), int(count), record, hub_id, reason)
