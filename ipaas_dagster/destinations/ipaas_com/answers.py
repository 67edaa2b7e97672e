"""An answer to one request as what it means for its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipaas_dagster.destinations.base import Entry, Outcome, Paused, Throttled, Unreachable
from ipaas_dagster.destinations.ipaas_com.api import DELETED, Api, Record, document_of
from ipaas_dagster.destinations.ipaas_com.bodies import Bodies
from ipaas_dagster.destinations.ipaas_com.faults import Fault, field_in
from ipaas_dagster.destinations.ipaas_com.objects import TRANSACTION
from ipaas_dagster.destinations.ipaas_com.payments import find, split
from ipaas_dagster.destinations.ipaas_com.planning import Step
from ipaas_dagster.destinations.remote import Answer, AnswerLost


@dataclass(frozen=True)
class Judge:
    api: Api
    bodies: Bodies

    def outcome(self, entry: Entry, step: Step, answer: Answer) -> Outcome:
        """Raises AnswerLost where the answer says neither yes nor no; and what a look-up raises."""
        if answer.status >= 300:
            return self._refused(entry, step, self.api.fault(answer))
        if step.kind == "delete":
            return self._of(entry, "delivered", external_id=entry.external_id)
        record = document_of(answer)
        if not isinstance(record, dict) or record.get("id") in (None, ""):
            raise AnswerLost("its answer is no record")
        if step.kind == "payment":
            return self._payment(entry, step, record)
        if step.kind == "no_payment":
            return self._removed(entry, record)
        return self._of(entry, "delivered", external_id=str(record["id"]))

    def _payment(self, entry: Entry, step: Step, record: Record) -> Outcome:
        """Its id is that of the element that has our external id."""
        if not isinstance(record.get("payments"), list):
            record = self._read_again(str(record["id"]))
        mine = find(self.bodies, record, entry)
        if mine is None or mine.get("id") in (None, ""):
            return self._of(entry, "rejected", "iPaaS.com took the transaction and kept no such payment of it")
        return self._of(entry, "delivered", external_id=f"{record['id']}|{mine['id']}")

    def _read_again(self, number: str) -> Record:
        """Where that fails, the write is a doubt: it was done."""
        try:
            return self.api.one(TRANSACTION, number) or {}
        except (Unreachable, Throttled, Paused) as problem:
            reason = str(problem)
        raise AnswerLost(f"its answer does not hold the payments, and it could not be read: {reason}")

    def _removed(self, entry: Entry, record: Record) -> Outcome:
        _, own = split(entry.external_id)
        if any(str(one.get("id")) == own for one in record.get("payments") or ()):
            return self._of(entry, "rejected", "iPaaS.com keeps the payment, although the transaction came without it")
        return self._of(entry, "delivered", external_id=entry.external_id)

    def _refused(self, entry: Entry, step: Step, fault: Fault) -> Outcome:
        gone = fault.status == 404 and step.kind in ("update", "delete", "payment", "no_payment")
        if gone and step.kind in ("delete", "no_payment"):
            return self._of(entry, "delivered", external_id=entry.external_id)
        if gone and fault.category in ("", "NFND") and not field_in(fault, step.sends):
            return self._of(entry, "retry", f"it is gone in iPaaS.com, and is looked up again next: {fault}", fault)
        if fault.status == 404 and step.kind == "create" and not fault.text:
            account, field = self.api.account, f"{step.object.api}_path"
            raise Unreachable(f"{account.system}: {step.request.path} is not there (404); look at the field {field}")
        if fault.meaning == "duplicate" and step.kind == "create":
            return self._duplicate(entry, step, fault)
        if fault.status == 405 and step.kind == "delete":
            advice = "say on_delete: unlink in its preset, or deletes: keep in the worksheet"
            return self._of(entry, "rejected", f"{step.object.name} cannot be deleted there ({advice}): {fault}", fault)
        return self._of(entry, "rejected", str(fault), fault, field_in(fault, step.sends))

    def _duplicate(self, entry: Entry, step: Step, fault: Fault) -> Outcome:
        """A create that was done before is a cause of this: what has our external id is updated then."""
        linked = self.api.look_up(step.object, entry.hub_id)
        if linked is None:
            return self._of(entry, "rejected", f"{fault} (nothing in its table has that external id)", fault)
        if linked.startswith(DELETED):
            return self._of(entry, "rejected", f"{fault} (it is of a record that was deleted there)", fault)
        return self._of(entry, "retry", f"it is there already as {linked}, and is updated next: {fault}", fault)

    def _of(
        self,
        entry: Entry,
        kind: Any,
        reason: str = "",
        fault: Fault | None = None,
        field: str | None = None,
        *,
        external_id: str | None = None,
    ) -> Outcome:
        details = {"code": fault.code} if fault is not None and fault.code else {}
        return Outcome(entry.entry_id, kind, external_id, reason, field, details)
