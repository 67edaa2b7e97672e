"""One step: its requests in order, and what the answers say of the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ipaas_dagster.destinations.base import Batch, Outcome, Throttled, Unreachable
from ipaas_dagster.destinations.instagaze.api import (
    GONE,
    Api,
    Record,
    document_of,
    field_at_fault,
    record_of,
    said,
)
from ipaas_dagster.destinations.instagaze.comparing import Form, differing, form_of
from ipaas_dagster.destinations.instagaze.lists import id_of
from ipaas_dagster.destinations.instagaze.objects import BY_NAME, Written
from ipaas_dagster.destinations.instagaze.planning import Planner, Step
from ipaas_dagster.destinations.instagaze.records import Records
from ipaas_dagster.destinations.remote import Answer, AnswerLost
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.http import http_date

PAYMENT_REQUIRED = 402


class Unseen(NamedTuple):
    """Changed, answered without a body: it is looked at later, with the others of its batch."""

    entry_id: int
    its_id: str
    form: Form
    since: int


class _Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(said(answer))
        self.answer = answer


@dataclass
class Sender:
    api: Api
    records: Records
    planner: Planner
    unseen: dict[str, list[Unseen]] = field(default_factory=dict)
    """By object."""

    def send(self, step: Step, batch: Batch) -> Outcome:
        """Raises Throttled and Unreachable: the step is not done, and may be sent again as a whole."""
        written = BY_NAME[step.entry.object]
        if step.outcome is not None and not step.requests:
            return self._ours(written, step, step.outcome)
        made: Record | None = None
        try:
            for request in step.requests:
                answer = self.api.write(request, Part(batch.sending_id, batch.attempt))
                if request.method == "POST":
                    made = self._made(written, answer)
                elif request.method == "DELETE":
                    _check_deleted(answer)
                else:
                    _check(answer)
        except AnswerLost as lost:
            self.records.free(written).doubt()
            return Outcome(step.entry.entry_id, "in_doubt", reason=str(lost))
        except _Refused as refused:
            return self._refused(written, step, refused.answer)
        except (Throttled, Unreachable):
            if made is not None:
                self.records.free(written).doubt()
            raise
        return self._ours(written, step, self._outcome(written, step, answer, made))

    def looked_back(self, outcomes: list[Outcome]) -> list[Outcome]:
        """With what is odd about records whose change was answered without a body, where that can be seen."""
        odd: dict[int, str] = {}
        for name, unseen in self.unseen.items():
            since = min(one.since for one in unseen)
            try:
                there = self.records.changed(name, [one.its_id for one in unseen], since)
            except (Throttled, Unreachable):
                continue  # the changes were answered; only the look at them was not
            for one in unseen:
                if one.its_id in there:
                    odd[one.entry_id] = _difference(BY_NAME[name], one.form, there[one.its_id])
        self.unseen.clear()
        return [_remarked(outcome, odd.get(outcome.entry_id, "")) for outcome in outcomes]

    def _made(self, written: Written, answer: Answer) -> Record:
        """Raises AnswerLost where the answer names no id: what it made has to be looked for."""
        _check(answer)
        record = record_of(document_of(answer)) if answer.body else None
        if record is None or id_of(record) is None:
            raise AnswerLost(f"the answer ({answer.status}) does not say the id of what it made")
        return record

    def _outcome(self, written: Written, step: Step, answer: Answer, made: Record | None) -> Outcome:
        entry, its_id = step.entry, step.its_id
        if entry.operation == "delete":
            return Outcome(entry.entry_id, "delivered", external_id=its_id)
        if made is not None:
            its_id = id_of(made)
            odd = _difference(written, step.form, made)
        else:
            odd = self._seen(written, step, answer) if step.requests[-1].method == "PATCH" else ""
        reason = "; ".join(text for text in (step.note, odd) if text)
        return Outcome(entry.entry_id, "delivered", external_id=its_id, reason=reason)

    def _seen(self, written: Written, step: Step, answer: Answer) -> str:
        """What is odd about a change: by its answer, by reading it, or, without a GET, later."""
        its_id = str(step.its_id)
        if (record := _record(answer)) is not None and id_of(record) == its_id:
            return _difference(written, step.form, record)
        if written.gets:
            try:
                return _difference(written, step.form, self.records.find(written, [its_id]).get(its_id, {}))
            except (Throttled, Unreachable):
                return ""
        if (at := http_date(answer.headers.get("date"))) is not None:
            unseen = Unseen(step.entry.entry_id, its_id, step.form, int(at.timestamp()) - 1)
            self.unseen.setdefault(written.name, []).append(unseen)
        return ""

    def _refused(self, written: Written, step: Step, answer: Answer) -> Outcome:
        entry, changed = step.entry, step.requests[0].method == "PATCH"
        if answer.status in GONE and changed and step.its_id is not None:
            self.planner.gone.add((written.name, step.its_id))
            self.planner.promised.pop(entry.request_key, None)
            self.records.free(written).forget(step.its_id)
            return Outcome(entry.entry_id, "retry", reason="it is gone there and is made anew next")
        return Outcome(entry.entry_id, "rejected", reason=f"it answered {said(answer)}", field=field_at_fault(answer))

    def _ours(self, written: Written, step: Step, outcome: Outcome) -> Outcome:
        if outcome.kind == "delivered" and outcome.external_id is not None:
            self.planner.promised.pop(step.entry.request_key, None)
            if step.entry.operation == "upsert":
                self.records.free(written).claim(outcome.external_id)
        return outcome


def _check(answer: Answer) -> None:
    """Raises _Refused; Unreachable where the portal wants to be paid, which is no record's fault."""
    if answer.status == PAYMENT_REQUIRED and "card_error" not in said(answer):
        raise Unreachable(f"it answered {said(answer)}: settle the subscription with Instagaze")
    if answer.status >= 400:
        raise _Refused(answer)


def _check_deleted(answer: Answer) -> None:
    """What is gone already is deleted."""
    if answer.status not in GONE:
        _check(answer)


def _record(answer: Answer) -> Record | None:
    try:
        return record_of(document_of(answer)) if answer.body else None
    except AnswerLost:
        return None


def _difference(written: Written, ours: Form, record: Record) -> str:
    names: Sequence[str] = differing(written, ours, form_of(written, record))
    return f"there with other values than were sent: {', '.join(names)}" if names else ""


def _remarked(outcome: Outcome, odd: str) -> Outcome:
    if not odd:
        return outcome
    return replace(outcome, reason="; ".join(text for text in (outcome.reason, odd) if text))
