"""Results as one outcome for each record; what a repeat or a taken key leaves open is looked up at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ipaas_dagster.destinations.base import Outcome, Throttled, Unreachable
from ipaas_dagster.destinations.intacct.looking import There, customer_of, key_of, look
from ipaas_dagster.destinations.intacct.objects import Record, is_marked
from ipaas_dagster.destinations.intacct.planning import ours_of
from ipaas_dagster.destinations.intacct.problems import in_words, is_absent, is_repeated, is_taken
from ipaas_dagster.destinations.intacct.replies import Result
from ipaas_dagster.destinations.intacct.work import Ground, Item, Work, note_of

Said = Literal["lost", "done", "repeated", "aborted", "taken", "absent", "failed"]
REVERSED_FIRST = "Intacct does not change a payment: it was reversed, and is booked anew next"


@dataclass(frozen=True)
class Judge:
    ground: Ground
    work: Work

    def outcomes(self, results: Mapping[str, Result]) -> list[Outcome]:
        """`results` by control id, in whatever order they came."""
        said = [(item, results.get(item.function.controlid)) for item in self.work.items]
        heard = [(item, result, self._said(item, result)) for item, result in said]
        unsure = [item for item, _, what in heard if what in ("repeated", "taken", "absent")]
        there, problem = self._looked(unsure)
        return [self._outcome(item, result, what, there, problem) for item, result, what in heard]

    def _said(self, item: Item, result: Result | None) -> Said:
        if result is None:
            return "lost"
        if result.done:
            return "done"
        if is_repeated(self.ground.company, result.problems):
            return "repeated"
        if result.status == "aborted":
            return "aborted"
        if item.operation == "create":
            return "taken" if is_taken(result.problems) else "failed"
        return "absent" if is_absent(result.problems) else "failed"

    def _looked(self, unsure: Sequence[Item]) -> tuple[There, str]:
        try:
            return (look(self.ground.api, self.work.kind, [item.entry for item in unsure]) if unsure else There()), ""
        except (Throttled, Unreachable) as problem:
            return There(), str(problem)

    def _outcome(self, item: Item, result: Result | None, said: Said, there: There, problem: str) -> Outcome:
        if result is None:
            return _of(item, "in_doubt", "the answer says nothing of this record")
        words = self.ground.company.masked(in_words(result.problems))
        match said:
            case "done":
                return self._done(item, item.id or result.key or (result.records or [{}])[0].get("RECORDNO"))
            case "repeated":
                return self._repeated(item, there, problem)
            case "aborted":
                return _of(item, "retry", words)
            case "taken":
                return self._taken(item, there, problem, words)
            case "absent":
                return self._absent(item, there, problem, words)
        return self._failed(item, words)

    def _done(self, item: Item, id: str | None) -> Outcome:
        if item.operation == "reverse":
            return _of(item, "retry", REVERSED_FIRST)
        if id is None:
            return _of(item, "in_doubt", "the answer does not say which record it is")
        return _of(item, "delivered", item.note, id=id)

    def _failed(self, item: Item, words: str) -> Outcome:
        """Customers, contacts and items that Intacct keeps, as others refer to them, are made inactive instead."""
        if item.operation == "delete" and self.work.kind.named:
            self.ground.setting.notes.write(note_of(item.entry), {"why": words})
            return _of(item, "retry", f"Intacct keeps it, so it is made inactive next ({words})")
        return _of(item, "rejected", words)

    def _repeated(self, item: Item, there: There, problem: str) -> Outcome:
        """It was done before, and its answer was lost."""
        if item.operation in ("delete", "inactivate", "reverse"):
            return self._done(item, item.id)
        found = self._found(item, there)
        if found is not None:
            return self._done(item, found[self.work.kind.id])
        if problem:
            return _of(item, "in_doubt", f"it was done before, but could not be looked up: {problem}")
        why = "Intacct says that this was done before, but holds no such record (any more); `ipaas dead retry` makes it"
        return _of(item, "rejected", why)

    def _taken(self, item: Item, there: There, problem: str, words: str) -> Outcome:
        if problem:
            return _of(item, "retry", f"{words}; it could not be looked up: {problem}")
        if self._found(item, there) is not None:
            return _of(item, "retry", "it is there already and is updated next")
        kind, entry = self.work.kind, item.entry
        others = there.same(key_of(kind, entry), customer_of(kind, entry))
        # Made by the same batch or just before: the next attempt's look-up says whose it is, or finds it free.
        return _of(item, "retry" if any(is_marked(kind, one) for one in others) else "rejected", words)

    def _absent(self, item: Item, there: There, problem: str, words: str) -> Outcome:
        """The words may as well be about something that the record refers to."""
        if problem:
            return _of(item, "retry", f"{words}; it could not be looked up: {problem}")
        if there.of(item.entry) is not None and item.operation != "reverse":
            return self._failed(item, words)
        if item.operation in ("delete", "inactivate"):
            return _of(item, "delivered", id=item.id)
        return _of(item, "retry", f"it is not there any more, and is looked up again ({words})")

    def _found(self, item: Item, there: There) -> Record | None:
        kind, entry = self.work.kind, item.entry
        known = there.of(entry) if item.operation == "update" else None
        same = there.same(key_of(kind, entry), customer_of(kind, entry))
        return known or ours_of(self.ground, kind, entry, same)


def _of(item: Item, kind: Any, reason: str = "", *, id: str | None = None) -> Outcome:
    return Outcome(item.entry.entry_id, kind, id, reason)
