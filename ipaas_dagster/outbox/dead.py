"""Dead letters: entries that no repeat mends. A person lists them, retries them (rendered anew) or lets them go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, literal, select, update

from ipaas_dagster.errors import UsageError
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import outbox
from ipaas_dagster.outbox.entry import State
from ipaas_dagster.outbox.positions import count
from ipaas_dagster.outbox.queue import Candidate, Stamp, look_up, queue, supersede
from ipaas_dagster.outbox.rendering import Renders, candidates
from ipaas_dagster.wording import like

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

_CHUNK = 5_000


@dataclass(frozen=True)
class DeadFilter:
    """Which dead letters; each field narrows, none takes all."""

    system: str | None = None
    collection: str | None = None
    hub_ids: Sequence[str] = ()
    entry_ids: Sequence[int] = ()
    acknowledged: bool | None = None
    """Only those that a person let go (True) or did not (False)."""
    says: str | None = None
    """Part of the reason; `*` stands for anything."""
    since: datetime | None = None
    """Dead since this time or later."""
    resolved: bool = False
    """Instead of those that are dead: those that were, and that something newer stands for."""

    @property
    def chooses(self) -> bool:
        """Whether it narrows at all by what a person may name."""
        return bool(self.system or self.collection or self.hub_ids or self.entry_ids or self.says or self.since)


@dataclass(frozen=True)
class DeadLetter:
    """`resolved_by`: of one that is resolved, what stands for it."""

    entry_id: int
    system: str
    collection: str
    hub_id: str
    operation: str
    version: int
    attempts: int
    reason: str
    queued_at: datetime
    died_at: datetime
    acknowledged_at: datetime | None
    resolved_by: str | None = None


def dead_list(operations: Operations, filters: DeadFilter | None = None, limit: int | None = None) -> list[DeadLetter]:
    """Dead letters (or resolved ones), the oldest first."""
    o, chosen = outbox.c, filters or DeadFilter()
    reasons = (o.died_of, o.reason) if chosen.resolved else (o.reason, literal(None))
    columns = [o.entry_id, o.system, o.collection, o.hub_id, o.operation, o.version, o.attempts, reasons[0]]
    query = select(*columns, o.queued_at, o.updated_at, o.acknowledged_at, reasons[1]).where(_which(chosen))
    with operations.read() as connection:
        return [DeadLetter(*row) for row in connection.execute(query.order_by(o.entry_id).limit(limit))]


def dead_discard(operations: Operations, filters: DeadFilter, reason: str, now: datetime) -> int:
    """Let dead letters go: they stay `dead` in the balance, with the reason, and are reported no more. Returns how
    many. A later success or retry of the record still supersedes them."""
    which = _which(filters) & outbox.c.acknowledged_at.is_(None)
    text = f"discarded: {reason} (was: " + outbox.c.reason + ")"
    with operations.write() as connection:
        found = connection.execute(update(outbox).where(which).values(reason=text, acknowledged_at=now))
        return found.rowcount


def _which(filters: DeadFilter) -> ColumnElement[bool]:
    reason: ColumnElement[Any] = outbox.c.reason
    terms: list[ColumnElement[bool]] = [outbox.c.state == State.DEAD.value]
    if filters.resolved:
        reason = outbox.c.died_of
        terms = [outbox.c.state == State.SUPERSEDED.value, reason.is_not(None)]
    if filters.system is not None:
        terms.append(outbox.c.system == filters.system)
    if filters.collection is not None:
        terms.append(outbox.c.collection == filters.collection)
    if filters.hub_ids:
        terms.append(outbox.c.hub_id.in_(filters.hub_ids))
    if filters.entry_ids:
        terms.append(outbox.c.entry_id.in_(filters.entry_ids))
    if filters.acknowledged is not None:
        let_go = outbox.c.acknowledged_at.is_not(None)
        terms.append(let_go if filters.acknowledged else ~let_go)
    if filters.says is not None:
        terms.append(func.lower(reason).like(like(filters.says), escape="\\"))
    if filters.since is not None:
        terms.append(outbox.c.updated_at >= filters.since)
    return and_(*terms)


def dead_retry(project: Project, filters: DeadFilter) -> int:
    """Queue dead letters anew, rendered from the hub's current records; the old entries are superseded by the new.

    A record that is gone or filtered by now is owed nothing more, unless the system still holds it. A dead letter
    whose record has a newer entry under way is only superseded. Returns how many dead letters were taken up.
    """
    found: dict[tuple[str, str], list[DeadLetter]] = {}
    for letter in dead_list(project.operations, filters):
        found.setdefault((letter.system, letter.collection), []).append(letter)
    for (system, collection), letters in found.items():
        routes = [r for r in project.worksheet.routes(system) if r.collection == collection]
        if not routes:
            raise UsageError(f"{system} has no route for {collection} any more; discard its dead letters instead")
        for start in range(0, len(letters), _CHUNK):
            _retry(project, routes[0], letters[start : start + _CHUNK])
    return sum(map(len, found.values()))


def _retry(project: Project, route: Renders, letters: Sequence[DeadLetter]) -> None:
    head = project.hub.head()
    hub_ids = list(dict.fromkeys(letter.hub_id for letter in letters))
    current = project.hub.records(route.collection, hub_ids)
    anew = candidates(route, [current[i] for i in hub_ids if i in current], project.hub)
    anew += [Candidate(i, head.seq, 0, deleted=True) for i in hub_ids if i not in current]
    now = project.clock()
    keeps = project.worksheet.system(route.system).kind.keeps_hub_ids
    stamp = Stamp(
        route.system, route.collection, head.epoch, project.run_id, now, route.deletes, renew=True, keeps_hub_ids=keeps
    )
    with project.operations.write() as connection:
        known = look_up(connection, route.system, route.collection, hub_ids)
        still = {i for i, record in known.items() if record.dead}
        under_way = {i for i in still if known[i].replaceable}
        supersede(connection, [(n, "a newer entry is on its way") for i in under_way for n in known[i].dead], now)
        tally = queue(connection, [c for c in anew if c.hub_id in still - under_way], stamp)
        count(connection, route.system, route.collection, tally, now)
