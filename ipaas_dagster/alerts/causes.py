"""What is wrong now, each with a name that stays the same for as long as it is the same trouble.

dead:salesforce/customers    letters that no repeat delivers, and nobody let go
paused:ipaas_com             a system that takes nothing until a person says so
held:sql/customers.changes   a mass change or delete that waits for a person
stale:invoices               a collection without a successful pull for IPAAS_STALE_HOURS
unbalanced                   books that do not add up (looked at where there is time for it)
run:sync                     a run that ended with new findings or failed; its next good end is its recovery
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from ipaas_dagster.operations.tables import cursors, outbox
from ipaas_dagster.outbox import change_holds
from ipaas_dagster.outbox.pauses import read_pauses
from ipaas_dagster.outbox.positions import held_deletes
from ipaas_dagster.records import SOURCE_SYSTEM

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

KINDS = ("dead", "paused", "stale", "held")
THOROUGH_KINDS = (*KINDS, "unbalanced", "held_in_hub")
MOST_FINDINGS = 5


@dataclass(frozen=True)
class Cause:
    """`message` says what is wrong and what to do; no record's content and no secret is in it."""

    name: str
    kind: str
    message: str


def causes(project: Project, *, thorough: bool) -> list[Cause]:
    """By the operations store alone; `thorough`: by the hub too, which is opened for reading."""
    with project.operations.read() as connection:
        found = [*_dead(connection), *_paused(connection), *_stale(connection, project)]
    found += [
        Cause(f"held:{hold.hold_id}", "held", f"{hold.reason}; look with `ipaas approve list`")
        for hold in change_holds.waiting(project.operations)
    ]
    found += [
        Cause(f"held:{hold.hold_id}", "held", f"{hold.deletes} deletes in {hold.system} wait; `ipaas approve list`")
        for hold in held_deletes(project.operations)
    ]
    return [*found, *_of_hub(project)] if thorough else found


def _dead(connection: Connection) -> list[Cause]:
    query = (
        select(outbox.c.system, outbox.c.collection, func.count())
        .where(outbox.c.state == "dead", outbox.c.acknowledged_at.is_(None))
        .group_by(outbox.c.system, outbox.c.collection)
    )
    return [
        Cause(
            f"dead:{system}/{collection}",
            "dead",
            f"{count} dead letters of {collection} to {system}; look with `ipaas dead list --system {system}`",
        )
        for system, collection, count in connection.execute(query)
    ]


def _paused(connection: Connection) -> list[Cause]:
    return [
        Cause(f"paused:{pause.name}", "paused", f"{pause.name} is paused: {pause.reason}; `ipaas resume {pause.name}`")
        for pause in read_pauses(connection)
    ]


def _stale(connection: Connection, project: Project) -> list[Cause]:
    hours = project.settings.stale_hours
    before = project.clock() - timedelta(hours=hours)
    mine = (cursors.c.source_system == SOURCE_SYSTEM) & (cursors.c.updated_at < before)
    return [
        Cause(
            f"stale:{row.collection}",
            "stale",
            f"{row.collection} had no successful pull since {row.updated_at:%Y-%m-%d %H:%M} UTC (more than {hours} h)",
        )
        for row in connection.execute(select(cursors).where(mine))
    ]


def _of_hub(project: Project) -> list[Cause]:
    from ipaas_dagster.hub.holds import list_holds
    from ipaas_dagster.ledger import balance

    findings = balance(project).findings
    with project.hub.reading() as connection:
        holds = [] if connection is None else list_holds(connection)
    found = [
        Cause(f"held:{hold.hold_id}", "held_in_hub", f"{hold.reason}; look with `ipaas approve list`") for hold in holds
    ]
    if findings:
        more = f"; and {len(findings) - MOST_FINDINGS} more" if len(findings) > MOST_FINDINGS else ""
        found.append(Cause("unbalanced", "unbalanced", "; ".join(findings[:MOST_FINDINGS]) + more))
    return found
