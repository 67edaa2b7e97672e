"""A plan: for one system, the batches of its next delivery in order, and the requests that each consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ipaas_dagster.destinations.requests import HoleKind

FORMAT = 1


@dataclass(frozen=True)
class Header:
    """Of which hub, when and for which system. `seq` is the hub's last change that the plan knows of; `templates`
    are the digests of the routes by hub collection."""

    system: str
    kind: str
    epoch: str
    seq: int
    made_at: str
    templates: Mapping[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class PlannedHole:
    """A marker that stands in a request until it is sent. `collection` and `hub_id` name the record whose id it
    stands for, where it is one that the same plan creates."""

    marker: str
    kind: HoleKind
    of: str
    collection: str | None = None
    hub_id: str | None = None


@dataclass(frozen=True)
class PlannedEntry:
    """One record of a batch. `base` is the hash of what the system last confirmed of it (None: nothing); `changes`
    are its fields against that: name -> [confirmed, planned], references as hub ids."""

    hub_id: str
    request_key: str
    operation: Literal["upsert", "delete"]
    seq: int
    version: int
    payload_hash: str | None
    base: str | None
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    sent: bool = True
    """False: the destination refuses it before anything is sent."""

    @property
    def does(self) -> str:
        if not self.sent:
            return "refused"
        if self.operation == "delete":
            return "delete"
        return "create" if self.base is None else "update"


@dataclass(frozen=True)
class PlannedRequest:
    """`body` as text, or as base64 where it is no UTF-8 (`encoding`)."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    encoding: Literal["utf-8", "base64"] = "utf-8"
    holes: Sequence[PlannedHole] = ()


@dataclass(frozen=True)
class PlannedBatch:
    """`repeat`: it was sent before and its answer was lost; the same goes again."""

    number: int
    batch_id: str
    collection: str
    repeat: bool
    entries: Sequence[PlannedEntry]
    requests: Sequence[PlannedRequest]


@dataclass
class Summary:
    """What a plan comes to. `requests` write, `look_ups` were asked while it was made. `limits` are what is known of
    the system's. `waiting` are owed records that the plan does not send, by state."""

    batches: int = 0
    requests: int = 0
    bytes: int = 0
    look_ups: int = 0
    records: dict[str, dict[str, int]] = field(default_factory=dict)
    """Hub collection -> create, update, delete, refused -> records."""
    waiting: dict[str, int] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    stopped: str | None = None

    def count(self, batch: PlannedBatch) -> None:
        self.batches += 1
        self.requests += len(batch.requests)
        self.bytes += sum(len(request.body) for request in batch.requests)
        counts = self.records.setdefault(batch.collection, {})
        for entry in batch.entries:
            counts[entry.does] = counts.get(entry.does, 0) + 1
