"""A batch as steps, one for each record, after looking up what is there.

known id   -> PATCH; of a subscription, which has none: nothing where it is there as wanted, else a new one and then
              DELETE of the old one
no id      -> a record that is nobody's and holds the same is ours: an answer was lost. One of the same number and
              name is changed by PATCH. Else POST
delete     -> DELETE
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ipaas_dagster.destinations.base import Batch, Entry, Outcome
from ipaas_dagster.destinations.instagaze.api import JSON, Record, path_of
from ipaas_dagster.destinations.instagaze.bodies import Bodies, Body, Refused, for_patch, for_post
from ipaas_dagster.destinations.instagaze.comparing import Form, equal, fits, form_of, number_of
from ipaas_dagster.destinations.instagaze.objects import BY_NAME, Written
from ipaas_dagster.destinations.instagaze.preset import Portal
from ipaas_dagster.destinations.instagaze.records import Records
from ipaas_dagster.destinations.requests import Request

MADE_ANEW = "it was gone there and was made anew"
NO_CHANGE = "Instagaze has no documented change of a subscription (the preset's field subscription_changes)"


@dataclass(frozen=True)
class Step:
    """What one entry takes: `requests` in order, of which the last makes `its_id` (None: the answer to the first
    says it). `outcome`: it was settled without any. `note` is told beside a success."""

    entry: Entry
    requests: tuple[Request, ...] = ()
    form: Form = ()
    its_id: str | None = None
    note: str = ""
    outcome: Outcome | None = None


@dataclass
class Planner:
    """Asks, never writes. `promised`: free records that were chosen for an entry, by its request key, so that the same
    batch is planned alike again."""

    portal: Portal
    records: Records
    bodies: Bodies
    promised: dict[str, str] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    """(object, id) that the portal says it has no more."""

    def steps(self, batch: Batch) -> list[Step]:
        """Raises Throttled, Unreachable."""
        written = BY_NAME[batch.entries[0].object]
        if batch.entries[0].operation == "delete":
            return [self._delete(written, entry) for entry in batch.entries]
        there = self._there(written, batch)
        return [self._upsert(written, entry, there) for entry in batch.entries]

    def _delete(self, written: Written, entry: Entry) -> Step:
        if entry.external_id is None:
            return Step(entry, outcome=Outcome(entry.entry_id, "delivered"))
        return Step(entry, (_drop(written, entry, entry.external_id),), its_id=entry.external_id)

    def _there(self, written: Written, batch: Batch) -> Mapping[str, Record] | None:
        """What is there of the known ids, where it has to be known; None: it is taken to be there."""
        ids = [str(entry.external_id) for entry in batch.entries if _is_real(entry.external_id)]
        if not ids or (written.patches and batch.attempt == 1):
            return None
        return self.records.find(written, ids)

    def _upsert(self, written: Written, entry: Entry, there: Mapping[str, Record] | None) -> Step:
        try:
            body = self.bodies.of(entry.collection, entry.payload or {})
        except Refused as refused:
            outcome = Outcome(entry.entry_id, "rejected", reason=refused.reason, field=refused.field)
            return Step(entry, outcome=outcome)
        form, its_id = form_of(written, body), entry.external_id
        if its_id is None:
            return self._new(written, entry, body, form)
        if (written.name, its_id) in self.gone or (there is not None and _is_real(its_id) and its_id not in there):
            return _with_note(self._new(written, entry, body, form), MADE_ANEW)
        if written.patches:
            return Step(entry, (_change(written, entry, its_id, body),), form, its_id)
        return self._replaced(written, entry, body, form, (there or {}).get(its_id))

    def _new(self, written: Written, entry: Entry, body: Body, form: Form) -> Step:
        free = self.records.free(written)
        free.look()
        others = [its_id for key, its_id in self.promised.items() if key != entry.request_key]
        candidates = free.candidates(form, but=others)
        mine = self.promised.get(entry.request_key)
        found = mine if mine in candidates else free.same(form, candidates)
        if found is not None and fits(form, free.forms[found]):
            self.promised[entry.request_key] = found
            return _done(entry, found)
        if candidates and written.patches and number_of(written, form) is not None:
            return self._adopted(written, entry, body, form, candidates)
        return Step(entry, (_make(written, entry, body),), form)

    def _adopted(self, written: Written, entry: Entry, body: Body, form: Form, candidates: Sequence[str]) -> Step:
        """The one there is of this number and name; a person has to choose among several."""
        if len(candidates) > 1 and self.promised.get(entry.request_key) not in candidates:
            some = ", ".join(candidates[:5])
            reason = f"{len(candidates)} {written.name} there have this number and name already, as ids {some}"
            return Step(entry, outcome=Outcome(entry.entry_id, "rejected", reason=reason, field=written.number))
        chosen = self.promised.setdefault(entry.request_key, candidates[0])
        note = f"it was there already, as id {chosen}, and was changed"
        return Step(entry, (_change(written, entry, chosen, body),), form, chosen, note)

    def _replaced(self, written: Written, entry: Entry, body: Body, form: Form, there: Record | None) -> Step:
        """First the new one, then the end of the old: between the two there are two, never none."""
        old = str(entry.external_id)
        if there is not None and equal(form, form_of(written, there)):
            return _done(entry, old)
        if self.portal.subscription_changes == "reject":
            return Step(entry, outcome=Outcome(entry.entry_id, "rejected", reason=NO_CHANGE))
        made = self._new(written, entry, body, form)
        its_id = made.outcome.external_id if made.outcome else None
        return Step(entry, (*made.requests, _drop(written, entry, old)), form, its_id)


def _is_real(its_id: str | None) -> bool:
    """Not one that a plan only promises."""
    return its_id is not None and not its_id.startswith("hole:")


def _done(entry: Entry, its_id: str) -> Step:
    """It is there as wanted."""
    return Step(entry, its_id=its_id, outcome=Outcome(entry.entry_id, "delivered", external_id=its_id))


def _with_note(step: Step, note: str) -> Step:
    return replace(step, note=step.note or note)


def _make(written: Written, entry: Entry, body: Body) -> Request:
    return Request("POST", path_of(written.name), for_post(body), JSON, [entry.entry_id])


def _change(written: Written, entry: Entry, its_id: str, body: Body) -> Request:
    return Request("PATCH", path_of(written.name, its_id), for_patch(body), JSON, [entry.entry_id])


def _drop(written: Written, entry: Entry, its_id: str) -> Request:
    return Request("DELETE", path_of(written.name, its_id), b"", JSON, [entry.entry_id])
