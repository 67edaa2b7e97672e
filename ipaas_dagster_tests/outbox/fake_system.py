"""A system in memory behind the destination protocol, that can be told to misbehave in every way there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ipaas_dagster.destinations.base import Batch, Capabilities, Entry, Outcome, as_one_request
from ipaas_dagster.destinations.requests import Request

Trouble = Callable[[Batch], Sequence[Outcome] | None]
"""Called before a batch is applied: raises, or gives the outcomes instead, or None to go on."""


@dataclass
class FakeSystem:
    """Gives ids of its own (`C-1`), remembers request keys, and keeps what it was sent in `records`."""

    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(batch_size=50, settles_doubt="ask", reads_back=True)
    )
    records: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """(collection, external id) -> payload."""
    batches: list[Batch] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    """Request keys in the order they were applied; a repeat under the same key is not applied again."""
    trouble: list[Trouble | None] = field(default_factory=list)
    """For each coming batch; empty: none."""
    after: list[Trouble | None] = field(default_factory=list)
    """The same, after the batch was applied: its answer may be lost."""
    refuses: Callable[[Entry], str | None] = lambda entry: None
    closed: bool = False
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)
    _made: int = 0

    def check(self) -> str:
        return "here"

    def requests(self, batch: Batch) -> list[Request]:
        return [as_one_request(batch, "POST", f"/{batch.collection}")]

    def deliver(self, batch: Batch) -> Sequence[Outcome]:
        self.batches.append(batch)
        trouble = self.trouble.pop(0) if self.trouble else None
        instead = trouble(batch) if trouble else None
        if instead is not None:
            return instead
        outcomes = [self._apply(entry) for entry in batch.entries]
        after = self.after.pop(0) if self.after else None
        instead = after(batch) if after else None
        return outcomes if instead is None else instead

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        return [
            Outcome(e.entry_id, "delivered", self._ids.get((e.collection, e.hub_id)))
            if e.request_key in self.applied
            else Outcome(e.entry_id, "retry")
            for e in entries
        ]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        return {key: self.records.get((collection, key)) for key in keys}

    def ledger_name(self, batch: Batch) -> tuple[str, str] | None:
        return "POST", f"/{batch.collection}"

    def close(self) -> None:
        self.closed = True

    def holds(self, collection: str) -> dict[str, dict[str, Any]]:
        """Hub id -> what it holds."""
        named = {external: hub_id for (name, hub_id), external in self._ids.items() if name == collection}
        return {named[x]: payload for (name, x), payload in self.records.items() if name == collection}

    def id_of(self, collection: str, hub_id: str) -> str | None:
        return self._ids.get((collection, hub_id))

    def _apply(self, entry: Entry) -> Outcome:
        reason = self.refuses(entry)
        if reason is not None:
            return Outcome(entry.entry_id, "rejected", reason=reason, field="name")
        key = (entry.collection, entry.hub_id)
        if entry.request_key not in self.applied:
            self.applied.append(entry.request_key)
            if entry.operation == "delete":
                self.records.pop((entry.collection, entry.external_id or self._ids[key]))
                return Outcome(entry.entry_id, "delivered")
            external = entry.external_id
            if external is None or (entry.collection, external) not in self.records:
                self._made += 1
                external = self._ids[key] = f"{entry.collection[0].upper()}-{self._made}"
            self.records[entry.collection, external] = dict(entry.payload or {})
        return Outcome(entry.entry_id, "delivered", self._ids.get(key))
