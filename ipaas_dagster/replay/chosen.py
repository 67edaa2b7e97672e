"""Which landings are replayed: those that the hub lists as merged, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from ipaas_dagster.errors import UsageError
from ipaas_dagster.hub.baseline import LAST
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.merge import note_of
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.project import Project
from ipaas_dagster.records import LandingNote

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection


@dataclass(frozen=True)
class Choice:
    """Source collections (None: all), landings observed from `start` until before `end`, or landings by id."""

    collections: tuple[str, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None
    landing_ids: tuple[str, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether landings of a chosen collection are left out: then versions cannot be compared."""
        return self.start is not None or self.end is not None or bool(self.landing_ids)

    def takes(self, note: LandingNote) -> bool:
        if self.collections is not None and note.collection not in self.collections:
            return False
        if self.landing_ids:
            return note.landing_id in self.landing_ids
        if self.is_partial and note.scope == "baseline":
            return False
        after = self.start is None or note.observed_from >= self.start
        return after and (self.end is None or note.observed_from < self.end)


@dataclass(frozen=True)
class Merged:
    """A landing as it was merged; `guard` is the one it passed, None where a person approved its deletes."""

    note: LandingNote
    guard: Guard | None


def merged_landings(project: Project, connection: HubConnection) -> list[Merged]:
    """Every landing that the attached hub lists, in the order in which it merged them."""
    listed = connection.execute("""
        SELECT landing_id, hold_share, hold_records FROM hub.merged_landings
        ORDER BY number NULLS FIRST, rowid""").fetchall()
    noted = _notes(project)
    return [Merged(note := _note(project, noted, i), _guard(project, note, *limits)) for i, *limits in listed]


def effective(listed: Sequence[Merged]) -> list[Merged]:
    """Without the landings that a baseline stands for; that is the first of its collection."""
    kept: dict[str, list[Merged]] = {}
    for merged in listed:
        note, mine = merged.note, kept.setdefault(merged.note.collection, [])
        if note.scope != "baseline":
            mine.append(merged)
            continue
        ids = [one.note.landing_id for one in mine]
        last = note.details[LAST]
        after = ids.index(last) + 1 if last in ids else 0
        kept[note.collection] = [merged, *mine[after:]]
    order = {merged.note.landing_id: number for number, merged in enumerate(listed)}
    found = [merged for mine in kept.values() for merged in mine]
    return sorted(found, key=lambda m: (m.note.scope != "baseline", order[m.note.landing_id]))


def choose(listed: list[Merged], choice: Choice) -> list[Merged]:
    """Raises UsageError where a landing that is named was never merged."""
    known = {merged.note.landing_id for merged in listed}
    for landing_id in choice.landing_ids:
        if landing_id not in known:
            raise UsageError(
                f"the hub has merged no landing {landing_id!r}, or it was pruned; `ipaas status` shows what waits"
            )
    return [merged for merged in listed if choice.takes(merged.note)]


def _notes(project: Project) -> dict[str, LandingNote]:
    with project.operations.read() as connection:
        return {row.landing_id: note_of(row) for row in connection.execute(select(landings))}


def _note(project: Project, noted: dict[str, LandingNote], landing_id: str) -> LandingNote:
    """Its row, or its manifest where the operations store is a newer one."""
    return noted.get(landing_id) or project.landings.manifest(landing_id)[0]


def _guard(project: Project, note: LandingNote, share: float | None, records: int | None) -> Guard | None:
    """Hubs that merged it before guards were noted passed today's, as far as anyone can tell."""
    if note.details.get("approval"):
        return None
    if share is None or records is None:
        return Guard(project.settings.hold_share, project.settings.hold_records)
    return Guard(share, records)
