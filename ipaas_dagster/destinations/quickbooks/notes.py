"""What must be known again after a crash in the middle of a batch: the very bytes, and under which request id.

written before the batch goes out; forgotten once its outcomes are committed, which the next batch (or the end) proves
no note for a batch in doubt: its bytes never went out, or its outcomes were about to be committed
a note that is too old, or whose answer came and left something open: looked up and built anew
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ipaas_dagster.destinations.base import Batch, Outcome, Setting
from ipaas_dagster.destinations.quickbooks.api import JSON
from ipaas_dagster.destinations.quickbooks.entities import BY_NAME
from ipaas_dagster.destinations.quickbooks.planning import Item, Planner, Work, request_id_of
from ipaas_dagster.destinations.quickbooks.preset import Company
from ipaas_dagster.destinations.requests import Request


@dataclass
class Memory:
    setting: Setting
    company: Company
    settled: list[str] = field(default_factory=list)
    """Batches that were answered for good; their notes go when their outcomes are committed."""

    def work(self, batch: Batch, planner: Planner) -> Work:
        """The same again where it is on its way already, else what the batch takes now."""
        note = self.setting.notes.read(batch.batch_id)
        if note is None:
            return planner.work(batch, request_id_of(batch))
        if self._is_good(note, batch):
            return _again(note, batch)
        return planner.work(batch, request_id_of(batch, str(note.get("at"))))

    def keep(self, batch: Batch, work: Work) -> Work:
        """Before it is sent: the bytes with everything filled in. What is returned is what the note says."""
        assert work.request is not None
        filled = work.request.filled(work.tokens)
        items = [[one.entry.entry_id, one.operation, one.note] for one in work.items]
        note = {
            "at": self.setting.clock().isoformat(),
            "path": filled.path,
            "body": filled.body.decode(),
            "items": items,
            "outcomes": [[o.entry_id, o.kind, o.external_id, o.reason, o.field] for o in work.outcomes],
        }
        self.setting.notes.write(batch.batch_id, note)
        return replace(work, request=replace(filled, holes=()), tokens={})

    def answered(self, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """What is tried once more must not get the same answer again."""
        if any(outcome.kind in ("retry", "in_doubt") for outcome in outcomes):
            self.setting.notes.write(batch.batch_id, {"at": self.setting.clock().isoformat(), "answered": True})
        self.settled.append(batch.batch_id)

    def forget(self, batch: Batch) -> None:
        """Nothing of it was carried out."""
        self.setting.notes.forget(batch.batch_id)

    def committed(self) -> None:
        """What was settled before is committed by now."""
        while self.settled:
            self.setting.notes.forget(self.settled.pop())

    def _is_good(self, note: Mapping[str, Any], batch: Batch) -> bool:
        if note.get("answered"):
            return False
        age = self.setting.clock() - datetime.fromisoformat(note["at"])
        noted = {row[0] for row in (*note["items"], *note["outcomes"])}
        return age < self.company.replay and noted == {entry.entry_id for entry in batch.entries}


def _again(note: Mapping[str, Any], batch: Batch) -> Work:
    entries = {entry.entry_id: entry for entry in batch.entries}
    items = [Item(entries[id], operation, {}, said) for id, operation, said in note["items"]]
    outcomes = [
        Outcome(id, kind, external_id=external_id, reason=reason, field=field)
        for id, kind, external_id, reason, field in note["outcomes"]
    ]
    request = Request("POST", note["path"], note["body"].encode(), JSON, [one.entry.entry_id for one in items])
    return Work(BY_NAME[batch.entries[0].object], items, outcomes, request=request, repeat=True)
