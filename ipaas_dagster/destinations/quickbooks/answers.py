"""A batch's answer as one outcome for each item; what a fault leaves unsure is looked up at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ipaas_dagster.destinations.base import Outcome, Throttled, Unreachable
from ipaas_dagster.destinations.quickbooks.api import Api
from ipaas_dagster.destinations.quickbooks.bodies import expected_total
from ipaas_dagster.destinations.quickbooks.entities import Entity, is_marked, is_ours, marked_as
from ipaas_dagster.destinations.quickbooks.faults import DUPLICATES, NOT_THERE, Fault, as_fault
from ipaas_dagster.destinations.quickbooks.planning import Item, choose, folded, look_up, natural_of
from ipaas_dagster.destinations.quickbooks.preset import Company

WAITS_FOR_A_NAME = 5
"""Attempts before a name that another record of ours holds is taken to be held for good."""
Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Judge:
    """`tid` is what the vendor's support asks for; `attempt` the number of this one."""

    api: Api
    company: Company
    entity: Entity
    tid: str
    attempt: int = 1

    def outcomes(self, items: Sequence[Item], answers: Answers) -> list[Outcome]:
        """`answers` by the number of their item; without one, an item is in doubt."""
        return [self._outcome(item, answers.get(str(number))) for number, item in enumerate(items, 1)]

    def _outcome(self, item: Item, answer: Mapping[str, Any] | None) -> Outcome:
        if answer is None:
            return self._of(item, "in_doubt", "the answer says nothing of this record")
        if isinstance(fault := answer.get("Fault"), dict):
            return self._faulted(item, as_fault(fault))
        record = answer.get(self.entity.name)
        if not isinstance(record, dict) or not record.get("Id"):
            return self._of(item, "in_doubt", "the answer holds neither the record nor a fault")
        return self._delivered(item, record)

    def _delivered(self, item: Item, record: Mapping[str, Any]) -> Outcome:
        """Done; what is odd about it is said."""
        said = "; ".join(text for text in (item.note, _difference(item, record)) if text)
        return self._of(item, "delivered", said, external_id=str(record["Id"]))

    def _faulted(self, item: Item, fault: Fault) -> Outcome:
        try:
            return self._by_fault(item, fault)
        except (Throttled, Unreachable) as problem:  # of a look-up; the batch itself was answered
            kind = "in_doubt" if fault.unsure else "retry"
            return self._of(item, kind, f"{fault}; it could not be looked up: {problem}", fault=fault)

    def _by_fault(self, item: Item, fault: Fault) -> Outcome:
        """Raises Throttled, Unreachable."""
        if fault.code in DUPLICATES:
            return self._duplicate(item, fault)
        if fault.code == NOT_THERE and item.operation != "create":
            return self._gone(item, fault)
        if fault.unsure and item.operation == "create":
            return self._perhaps_made(item, fault)
        if fault.passing or fault.unsure:
            return self._of(item, "retry", str(fault), fault=fault)
        return self._of(item, "rejected", str(fault), fault=fault)

    def _duplicate(self, item: Item, fault: Fault) -> Outcome:
        """The name or number is taken: by our own record, which is updated then; else a person has to choose."""
        taken = self._of_this_key(item)
        if item.operation == "create" and choose(self.entity, item.entry, taken, adopt=self.company.adopt):
            return self._of(item, "retry", "it is there already and is updated next", fault=fault)
        others = [one for one in taken if str(one["Id"]) != item.entry.external_id]
        by = f" ({self._holder(others[0])})" if others else ""
        # One of ours may be about to give it up: of what was deleted and made anew in the hub, the delete comes last.
        waits = others and is_marked(others[0]) and self.attempt < WAITS_FOR_A_NAME
        kind = "retry" if waits else "rejected"
        return self._of(item, kind, f"{fault}{by}", fault=fault)

    def _holder(self, record: Mapping[str, Any]) -> str:
        """Who has the name, and what a person can do about it."""
        taken, other = f"it is taken by Id {record['Id']}", marked_as(record)
        if other is None:
            return f"{taken}: rename one of them, or set the preset's field adopt to true if they are the same"
        return f"{taken}, which is {other}: rename one of them, or make {self.entity.natural} unique in the template"

    def _gone(self, item: Item, fault: Fault) -> Outcome:
        """What it changes is gone, or what it refers to is inactive: the same code means either."""
        id = item.entry.external_id or ""
        if id.isdigit() and self.api.select_in("Id", self.entity.name, "Id", [id], *self.entity.inactive_too):
            return self._of(item, "rejected", str(fault), fault=fault)
        if item.entry.operation == "delete":
            return self._of(item, "delivered", external_id=item.entry.external_id)
        return self._of(item, "retry", "it is gone in QuickBooks and is made anew next", fault=fault)

    def _perhaps_made(self, item: Item, fault: Fault) -> Outcome:
        mine = [one for one in self._of_this_key(item) if is_ours(self.entity, item.entry, one)]
        return self._delivered(item, mine[0]) if mine else self._of(item, "retry", str(fault), fault=fault)

    def _of_this_key(self, item: Item) -> list[dict[str, Any]]:
        name = natural_of(self.entity, item.entry)
        return look_up(self.api, self.entity, [name]).get(folded(name), [])

    def _of(
        self, item: Item, kind: Any, reason: str = "", *, external_id: str | None = None, fault: Fault | None = None
    ) -> Outcome:
        details = {"intuit_tid": self.tid} if self.tid else {}
        if fault is not None:
            details["code"] = fault.code
        return Outcome(item.entry.entry_id, kind, external_id, reason, fault.field if fault else None, details)


def _difference(item: Item, record: Mapping[str, Any]) -> str:
    """QuickBooks computes an invoice's total by its own rules; where it is another than the hub's, that is said."""
    wanted, there = expected_total(item.entry), record.get("TotalAmt")
    if wanted is None or there is None or item.operation not in ("create", "update") or wanted == Decimal(there):
        return ""
    return f"total differs: {wanted:f} here, {Decimal(there):f} in QuickBooks"
