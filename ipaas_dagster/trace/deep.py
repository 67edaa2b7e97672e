"""Searching landings line by line, where no sightings are kept: those that an older program merged, those whose
sightings were pruned, and those that are not merged yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from ipaas_dagster import contracts
from ipaas_dagster.hub.sightings import Sighting
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.trace.hub_side import HubSide
from ipaas_dagster.trace.subject import Subject

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


def unsearched(project: Project, subject: Subject, hub: HubSide) -> list[str]:
    """Landings of the record's source collection that may hold it and of which no sightings tell, oldest first."""
    t = landings.c
    query = select(t.landing_id, t.state).where(t.collection == subject.landed_as, t.records > 0).order_by(t.number)
    with project.operations.read() as connection:
        rows = connection.execute(query).all()
    return [row.landing_id for row in rows if row.state != "merged" or row.landing_id in hub.unsighted]


def search(project: Project, subject: Subject, hub: HubSide, landing_ids: list[str]) -> list[Sighting]:
    """Lines that hold the record. What the merge made of each is told by the version of its landing, where there is
    one; a landing without is `found`."""
    versions = {version.landing_id: version.operation for version in hub.versions}
    return [
        Sighting(landing_id, line, element, versions.get(landing_id, "found"))
        for landing_id in landing_ids
        for line, element in _in_landing(project, subject, landing_id)
    ]


class _Line(msgspec.Struct):
    record: msgspec.Raw = msgspec.Raw(b"null")
    deleted: str | None = None


def _in_landing(project: Project, subject: Subject, landing_id: str) -> Iterator[tuple[int, int]]:
    """(line, element); a line is parsed only where the id's text stands in it."""
    needle = subject.source_id.partition("#")[0].rpartition(":")[2].encode()
    try:
        for number, text in enumerate(project.landings.lines(landing_id), 1):
            if needle in text:
                for element in _elements(subject, text):
                    yield number, element
    except OSError:
        return


def _elements(subject: Subject, text: bytes) -> list[int]:
    try:
        line = msgspec.json.decode(text, type=_Line)
        record = msgspec.json.decode(line.record)
    except msgspec.MsgspecError:
        return []
    if line.deleted is not None:
        return [0] if line.deleted == subject.hub_id else []
    if not isinstance(record, dict):
        return []
    declared = subject.collection
    if declared.parent is None:
        return [0] if _id(record, declared) == subject.source_id else []
    stated = record.get(declared.array or "")
    elements = stated if isinstance(stated, list) else []
    if declared.id_field is None:
        parent, _, place = subject.source_id.rpartition("#")
        mine = _id(record, contracts.collection(declared.parent)) == parent
        return [int(place)] if mine and place.isdigit() and int(place) <= len(elements) else []
    return [n for n, one in enumerate(elements, 1) if isinstance(one, dict) and _id(one, declared) == subject.source_id]


def _id(record: dict[str, Any], declared: contracts.Collection) -> str:
    own = str(record.get(declared.id_field or "", ""))
    return f"{record.get(declared.id_scope)}:{own}" if declared.id_scope else own
