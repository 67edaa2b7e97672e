"""What became of records whose answer was lost: the portal is asked, since it has no key that tells a repeat.

made      a record that is nobody's and holds what was sent is ours; without one, nothing arrived
changed   it holds what was sent, or it did not arrive: a change may be repeated
deleted   it is gone, or not yet
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipaas_dagster.destinations.base import Entry, Outcome, Setting, Throttled
from ipaas_dagster.destinations.instagaze.bodies import Bodies, Refused
from ipaas_dagster.destinations.instagaze.comparing import Form, fits, form_of
from ipaas_dagster.destinations.instagaze.objects import BY_NAME, Written
from ipaas_dagster.destinations.instagaze.records import Records


@dataclass(frozen=True)
class Doubts:
    setting: Setting
    records: Records
    bodies: Bodies

    def settled(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Of one collection and one operation. Raises Unreachable; where the portal asks to wait, the doubt stays."""
        written = BY_NAME[entries[0].object]
        try:
            return self._settled(written, entries)
        except Throttled as problem:
            return [Outcome(entry.entry_id, "in_doubt", reason=str(problem)) for entry in entries]

    def _settled(self, written: Written, entries: Sequence[Entry]) -> list[Outcome]:
        there = self.records.find(written, [e.external_id for e in entries if e.external_id is not None])
        made = [e for e in entries if e.operation == "upsert" and e.external_id is None]
        if made:
            self.records.free(written).look()
        ids = self._ids(entries)
        outcomes = []
        for entry in entries:
            if entry.operation == "delete":
                outcomes.append(_told(entry, entry.external_id if entry.external_id not in there else None))
                continue
            form = self._form(written, entry, ids)
            if entry.external_id is None:
                outcomes.append(_told(entry, self._found(written, form)))
            else:
                record = there.get(entry.external_id)
                arrived = form is not None and record is not None and fits(form, form_of(written, record))
                outcomes.append(_told(entry, entry.external_id if arrived else None))
        return outcomes

    def _found(self, written: Written, form: Form | None) -> str | None:
        free = self.records.free(written)
        found = None if form is None else free.same(form, free.candidates(form))
        if found is not None:
            free.claim(found)
        return found

    def _form(self, written: Written, entry: Entry, ids: dict[tuple[str, str], str]) -> Form | None:
        """Of what was sent; None for what could not have been."""
        try:
            return form_of(written, self.bodies.of(entry.collection, entry.payload or {}, ids))
        except Refused:
            return None

    def _ids(self, entries: Sequence[Entry]) -> dict[tuple[str, str], str]:
        """What the portal knows the records by that these refer to: their payloads say hub ids."""
        shape = self.setting.shapes.get(entries[0].collection)
        found: dict[tuple[str, str], str] = {}
        for name, collection in (shape.references if shape else {}).items():
            wanted = sorted({str(e.payload[name]) for e in entries if e.payload and e.payload.get(name) is not None})
            for hub_id, its_id in self.setting.linked.ids(collection, wanted).items():
                found[collection, hub_id] = its_id
        return found


def _told(entry: Entry, its_id: str | None) -> Outcome:
    """`retry` means proven not to have arrived."""
    if its_id is None:
        return Outcome(entry.entry_id, "retry", reason="it did not arrive")
    return Outcome(entry.entry_id, "delivered", external_id=its_id)
