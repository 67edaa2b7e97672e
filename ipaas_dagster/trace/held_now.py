"""What a system holds of a record now, by asking it: a call like any other, with its row in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipaas_dagster.destinations.base import Throttled, Unreachable
from ipaas_dagster.errors import IpaasError
from ipaas_dagster.trace.subject import Subject
from ipaas_dagster.trace.system_side import SystemSide

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class HeldNow:
    """`record` as the system tells it, None where it holds none; `not_asked` says why it could not be told."""

    record: Mapping[str, Any] | None = None
    not_asked: str | None = None


def held_now(project: Project, subject: Subject, side: SystemSide) -> HeldNow:
    """Never raises for trouble with the system."""
    from ipaas_dagster.deliver import connect

    if side.switched_off or side.route is None:
        return HeldNow(not_asked=side.switched_off or "it has no route for this collection")
    key = side.link["external_id"] if side.link else None
    if key is None:
        return HeldNow(not_asked="nothing was ever confirmed there, so its id there is not known")
    try:
        destination = connect(project, side.system)
        try:
            if not destination.capabilities.reads_back:
                return HeldNow(not_asked=f"systems of the kind {side.kind} cannot be read record by record")
            found = destination.read(subject.collection.name, side.route.object, [key])
            _note(project, side, f"{side.route.object}/{key}")
            return HeldNow(found.get(key))
        finally:
            destination.close()
    except (IpaasError, Unreachable, Throttled) as error:
        return HeldNow(not_asked=str(error))


def _note(project: Project, side: SystemSide, path: str) -> None:
    """Of a system without HTTP; the others write their own rows."""
    from ipaas_dagster.ledger.calls import keep_calls
    from ipaas_dagster.records import Call, new_id

    if project.worksheet.system(side.system).kind.keeps_hub_ids:
        call = Call(new_id(), side.system, "read", "READ", path, project.clock(), outcome="ok", run_id=project.run_id)
        keep_calls(project, [call])
