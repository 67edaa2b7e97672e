"""Events folded into the records there are now. An event counts once; an older version changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Data = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """`number` of its first arrival, from 1."""

    number: int
    id: str
    type: str
    timestamp: str | None
    data: Data


@dataclass
class Fold:
    """`arrivals` counts every verified request by event id; `events` are those that were new, in their order."""

    arrivals: Counter[str] = field(default_factory=Counter)
    events: list[Event] = field(default_factory=list)
    records: dict[str, dict[str, Data]] = field(default_factory=dict)
    _seen: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """(collection, hub id) -> epoch and version, also of what is deleted."""

    def take(self, event_id: str, document: Data) -> bool:
        """Whether it was new. Raises KeyError and TypeError for what is no event of a record."""
        self.arrivals[event_id] += 1
        if self.arrivals[event_id] > 1:
            return False
        collection, _, happened = str(document["type"]).rpartition(".")
        data = dict(document["data"])
        self.events.append(
            Event(len(self.events) + 1, event_id, document["type"], document.get("timestamp"), dict(data))
        )
        if "hub_id" in data:
            self._fold(collection, happened, data)
        return True

    def _fold(self, collection: str, happened: str, data: Data) -> None:
        which, version = (collection, data["hub_id"]), (data["epoch"], int(data["version"]))
        known = self._seen.get(which)
        if known and known[0] == version[0] and known[1] > version[1]:
            return
        self._seen[which] = version
        there = self.records.setdefault(collection, {})
        if happened == "deleted":
            there.pop(data["hub_id"], None)
        else:
            there[data["hub_id"]] = data
