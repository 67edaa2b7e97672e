"""Searching landings line by line, where no sightings are kept: those that an older program merged, those whose
sightings were pruned, and those that are not merged yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Unsearched:
    """Landings of the record's source collection that may hold it and of which no sightings tell, oldest first:
    those that `search` can read, and those whose source records were pruned."""

    readable: Sequence[str]
    pruned: Sequence[str]

    def in_words(self, collection: str, *, deep: bool) -> list[str]:
        """What a trace does not know because of them; with `deep` the first were read."""
        notes = []
        if self.pruned:
            notes.append(
                f"{len(self.pruned)} landings of {collection} were pruned, and no sightings of them are kept: of what "
                "they held of it, only versions and rejects tell"
            )
        if self.readable and not deep:
            few = ", ".join(self.readable[-3:])
            notes.append(
                f"{len(self.readable)} landings of {collection} (the last: {few}) were not searched: no sightings of "
                "them are kept, or they are not merged yet; --deep reads them line by line"
            )
        return notes


def unsearched(project: Project, subject: Subject, hub: HubSide) -> Unsearched:
    """A baseline is none of them: it holds the hub's own rows."""
    t = landings.c
    query = select(t.landing_id, t.state).where(t.collection == subject.landed_as, t.records > 0)
    with project.operations.read() as connection:
        rows = connection.execute(query.where(t.scope != "baseline").order_by(t.number)).all()
    left = [row for row in rows if row.state not in ("merged", "pruned") or row.landing_id in hub.unsighted]
    gone = {row.landing_id for row in left if row.state == "pruned" and not project.landings.exists(row[0])}
    return Unsearched([row.landing_id for row in left if row.landing_id not in gone], sorted(gone))


def search(project: Project, subject: Subject, hub: HubSide, landing_ids: Sequence[str]) -> list[Sighting]:
    """Lines that hold the record and are not sighted, with what can be told of them: that a version or a reject was
    made of the line, or that another line of the landing counted; else `found`."""
    sighted = {(one.landing_id, one.line, one.element) for one in hub.sightings}
    found = []
    for landing_id in landing_ids:
        places = sorted(_in_landing(project, subject, landing_id))
        for number, (_, line, element) in enumerate(places, 1):
            if (landing_id, line, element) not in sighted:
                verdict = _verdict(hub, landing_id, line, counts=number == len(places))
                found.append(Sighting(landing_id, line, element, verdict))
    return found


def _verdict(hub: HubSide, landing_id: str, line: int, *, counts: bool) -> str:
    """The later reading of a landing counts: the last by the time it was asked for, then by its line."""
    if not counts or any(one.landing_id == landing_id and one.verdict in MADE for one in hub.sightings):
        return "duplicate"
    if any((reject["landing_id"], reject["line"]) == (landing_id, line) for reject in hub.rejects):
        return "rejected"
    return next((one.operation for one in hub.versions if one.landing_id == landing_id), "found")


MADE = ("insert", "update", "delete")


class _Line(msgspec.Struct):
    observed_at: int
    record: msgspec.Raw = msgspec.Raw(b"null")
    deleted: str | None = None


def _in_landing(project: Project, subject: Subject, landing_id: str) -> Iterator[tuple[int, int, int]]:
    """(when it was asked for, line, element); a line is parsed only where the id's text stands in it."""
    needle = subject.source_id.partition("#")[0].rpartition(":")[2].encode()
    try:
        for number, text in enumerate(project.landings.lines(landing_id), 1):
            if needle in text:
                for observed_at, element in _elements(subject, text):
                    yield observed_at, number, element
    except OSError:
        return


def _elements(subject: Subject, text: bytes) -> list[tuple[int, int]]:
    try:
        line = msgspec.json.decode(text, type=_Line)
        record = msgspec.json.decode(line.record)
    except msgspec.MsgspecError:
        return []
    if line.deleted is not None:
        return [(line.observed_at, 0)] if line.deleted == subject.hub_id else []
    return [(line.observed_at, element) for element in _places(subject, record)] if isinstance(record, dict) else []


def _places(subject: Subject, record: dict[str, Any]) -> list[int]:
    """0 for the record itself; a child's places in its parent's array, from 1."""
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
