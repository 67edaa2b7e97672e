"""Everything that waits for a person's word, whatever held it, and the word itself.

<landing>.<collection>              deletes that a landing would make in the hub (hub/holds.py)
<system>/<collection>               deletes there of what this hub does not know (outbox/positions.py)
<system>/<collection>.<kind>        mass changes, repairs and deletes of one system (outbox/change_holds.py)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster.completeness import SystemReconcile
from ipaas_dagster.completeness import approve as carry_out
from ipaas_dagster.errors import UsageError
from ipaas_dagster.mend import approve as delete_in_hub
from ipaas_dagster.outbox import change_holds
from ipaas_dagster.outbox.change_holds import KINDS
from ipaas_dagster.outbox.positions import approve_deletes, held_deletes
from ipaas_dagster.project import Project

if TYPE_CHECKING:
    from ipaas_dagster.merge import MergeResult

_UNKNOWN_THERE = "the system holds records that this hub does not know, and they would be deleted there"


@dataclass(frozen=True)
class OpenHold:
    """`records` of the `alive` (None: not counted) are concerned; `details` is the hold itself."""

    hold_id: str
    collection: str
    records: int
    alive: int | None
    reason: str
    since: datetime
    details: Any = None


@dataclass(frozen=True)
class Approved:
    """What was carried out at once; `says` what is still to come."""

    hold_id: str
    merged: tuple[MergeResult, ...] = ()
    compared: SystemReconcile | None = None
    says: str = ""


def open_holds(project: Project) -> list[OpenHold]:
    """The oldest first. Opens the hub for reading."""
    from ipaas_dagster.hub.holds import list_holds

    with project.hub.reading() as connection:
        hub = [] if connection is None else list_holds(connection)
    found = [OpenHold(h.hold_id, h.collection, h.records, h.alive, h.reason, h.created_at, h) for h in hub]
    found += [
        OpenHold(h.hold_id, h.collection, h.deletes, None, _UNKNOWN_THERE, h.since, h)
        for h in held_deletes(project.operations)
    ]
    found += [
        OpenHold(h.hold_id, h.collection, h.records, h.alive, h.reason, h.since, h)
        for h in change_holds.waiting(project.operations)
    ]
    return sorted(found, key=lambda hold: (hold.since, hold.hold_id))


def approve(project: Project, hold_id: str) -> Approved:
    """Let one go. What it concerns is looked at again first: only what is still so is carried out. Raises UsageError
    where no such hold waits."""
    if "/" not in hold_id:
        return Approved(hold_id, merged=tuple(delete_in_hub(project, hold_id)))
    if hold_id.rpartition(".")[2] in KINDS:
        compared = carry_out(project, hold_id)
        later = "" if compared else "the next `ipaas deliver` compares with what was delivered, and sends what differs"
        return Approved(hold_id, compared=compared, says=later)
    system, _, collection = hold_id.partition("/")
    if not approve_deletes(project.operations, system, collection, project.clock()):
        raise UsageError(f"there is no hold {hold_id!r}; see `ipaas approve list`")
    return Approved(hold_id, says="the next `ipaas deliver` looks again and deletes them there")
