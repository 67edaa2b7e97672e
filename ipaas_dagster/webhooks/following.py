"""From hints to targeted pulls: the records that webhooks named are read again, and landed as anything else is.

Few are asked for one by one, by GET. Many (more than `IPAAS_WEBHOOK_IDS`) are polled first, a hundred a page, and only
those that the poll did not show are asked for: they were deleted, or were read before. A collection without a
documented GET is polled. The merge that follows is everybody's; an event is done once the landing that answers it was
merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ipaas_dagster.errors import ProtocolBroken, Refused
from ipaas_dagster.mend import ask, land_records, land_tombstones
from ipaas_dagster.project import Project
from ipaas_dagster.pull import PullResult, pull
from ipaas_dagster.records import hub_id
from ipaas_dagster.source.collections import SourceCollection, source_collection
from ipaas_dagster.source.confirm import Confirmed
from ipaas_dagster.source.landed import read_cursor
from ipaas_dagster.webhooks.hints import Hint, Hints, Step, move, read_hints
from ipaas_dagster.webhooks.rows import DONE, LANDED, PENDING, WAITING

_ONE_AT_A_TIME = (401, 403)
"""What is refused to us altogether is refused for every record."""
_NO_GET = "its delete cannot be asked about: the next `ipaas reconcile` finds it"


@dataclass(frozen=True)
class Followed:
    """`events` of so many `records`; of these were `asked` one by one: `found`, `gone`, or `refused` (record id -> what
    the source said; they stay pending). `waiting` events are left to the next reconcile."""

    collection: str
    events: int = 0
    records: int = 0
    asked: int = 0
    found: int = 0
    gone: int = 0
    waiting: int = 0
    polled: PullResult | None = None
    landings: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    newly_refused: tuple[str, ...] = ()


def follow(project: Project, collection: str, hints: Hints | None = None, polled: PullResult | None = None) -> Followed:
    """Read again what pending webhooks of a source collection named, into landings.

    `polled`: a poll, or full scan, that began after `hints` were read. Raises what `pull` raises; then all
    stay pending.
    """
    told = hints or read_hints(project, collection)
    if not told.rows:
        return Followed(collection)
    work = _Work(project, source_collection(collection), told)
    work.poll(polled)
    work.ask()
    return work.commit()


@dataclass
class _Work:
    project: Project
    source: SourceCollection
    hints: Hints
    polled: PullResult | None = None
    shown: set[str] = field(default_factory=set)
    confirmed: dict[str, Confirmed] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def poll(self, polled: PullResult | None) -> None:
        self.polled = pull(self.project, self.source.name) if polled is None and self._wants_poll() else polled
        if self.polled is not None and self.polled.landing_id is not None:
            self.shown = _ids_in(self.project, self.polled.landing_id)

    def _wants_poll(self) -> bool:
        """One by one costs a request each; a poll one for a hundred, but everything where there is no cursor."""
        if self.source.kind == "snapshot" or not self.source.get_by_id:
            return True
        if any(row.record_id is None for row in self.hints.rows):
            return True
        many = len(self.hints.record_ids) > self.project.settings.webhook_ids
        return many and read_cursor(self.project, self.source.name).cursor is not None

    def ask(self) -> None:
        if self.source.get_by_id and self.source.kind == "polled":
            self._ask([one for one in self.hints.record_ids if one not in self.shown])

    def _ask(self, ids: Sequence[str]) -> None:
        """A record that is refused is found by halves, so that it stops no other."""
        if not ids:
            return
        try:
            found = ask(self.project, self.source.name, [self._hub_id(one) for one in ids])
        except (Refused, ProtocolBroken) as error:
            if isinstance(error, Refused) and error.status in _ONE_AT_A_TIME:
                raise
            if len(ids) == 1:
                self.refused[ids[0]] = str(error)
                return
            self._ask(ids[: len(ids) // 2])
            self._ask(ids[len(ids) // 2 :])
        else:
            self.confirmed |= {one.source_id: one for one in found.values()}

    def _hub_id(self, record_id: str) -> str:
        return hub_id(self.source.name, record_id)

    def commit(self) -> Followed:
        """Land what was found and what is gone, then say so in the inbox. A crash in between asks again."""
        found = {one.source_id: one for one in self.confirmed.values() if not one.gone}
        gone = {one.source_id: one for one in self.confirmed.values() if one.gone}
        by_record = dict.fromkeys(self.shown, self.polled.landing_id if self.polled else None)
        if found:
            records = [(one.observed_at, one.record, one.call_id) for one in found.values() if one.record is not None]
            note = land_records(self.project, self.source.name, records, "webhook")
            by_record |= dict.fromkeys(found, note.landing_id)
        if gone:
            by_record |= dict.fromkeys(gone, self._land_gone(gone.values()))
        steps = [self._step(hint, by_record) for hint in self.hints.rows]
        with self.project.operations.write() as connection:
            move(connection, steps, self.project.clock())
        known = {(hint.record_id, hint.reason) for hint in self.hints.rows}
        return Followed(
            self.source.name,
            events=len(self.hints.rows),
            records=len(self.hints.record_ids),
            asked=len(self.confirmed) + len(self.refused),
            found=len(found),
            gone=len(gone),
            waiting=sum(step.state == WAITING for step in steps),
            polled=self.polled,
            landings=tuple(dict.fromkeys(landing for landing in by_record.values() if landing)),
            refused=self.refused,
            newly_refused=tuple(one for one, why in self.refused.items() if (one, why) not in known),
        )

    def _land_gone(self, gone: Iterable[Confirmed]) -> str:
        """All in one landing, so that the guard on mass deletes sees how many there are."""
        named = [(self._hub_id(one.source_id), one) for one in gone]
        times = [(name, one.observed_at) for name, one in named]
        calls = {name: one.call_id for name, one in named}
        return land_tombstones(self.project, self.source.name, times, {"webhooks": True}, calls).landing_id

    def _step(self, hint: Hint, by_record: Mapping[str, str | None]) -> Step:
        record, read = hint.record_id or "", self.polled.landing_id if self.polled else None
        if record in self.refused:
            return Step(hint, PENDING, reason=self.refused[record])
        if landing := by_record.get(record):
            return Step(hint, LANDED, landing)
        if read and (not record or self.source.kind == "snapshot"):
            return Step(hint, LANDED, read)
        if hint.method == "delete" and self.source.kind == "polled":
            return Step(hint, WAITING, reason=_NO_GET)
        return Step(hint, DONE, reason="nothing newer than what was read before")


class _Identified(msgspec.Struct):
    id: int | str | None = None


class _Line(msgspec.Struct):
    record: _Identified | None = None


def _ids_in(project: Project, landing_id: str) -> set[str]:
    """The records that a landing holds; a line that is none is its contract's business."""
    decoder, found = msgspec.json.Decoder(_Line), set()
    for text in project.landings.lines(landing_id):
        try:
            line = decoder.decode(text)
        except msgspec.MsgspecError:
            continue
        if line.record is not None and line.record.id is not None:
            found.add(str(line.record.id))
    return found
