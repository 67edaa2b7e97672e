"""What a destination is: one small protocol; everything else (order, retry, doubt, ledger) is the outbox's work.

connect(setting) -> Destination
Destination.check()            can we reach it, are the credentials good
Destination.requests(batch)    what deliver would send, exactly
Destination.deliver(batch)     one Outcome per entry, in the batch's order
Destination.resolve(entries)   what became of entries whose answer was lost
Destination.read(...)          what the system holds now, where it can be read
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.destinations.linked import Linked, MemoryLinked
from ipaas_dagster.destinations.notes import MemoryNotes, Notes
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.records import Clock, RecordCall


@dataclass(frozen=True)
class Capabilities:
    """Declared, and proven by the conformance suite."""

    batch_size: int
    bulk_above: int | None = None
    """Where a route has more pending records than this, its batches hold up to `bulk_size` of them."""
    bulk_size: int = 0
    keeps_hub_ids: bool = False
    """References are stored as hub ids, so no record ever waits for its parent's id (sql, files)."""
    refers_by_hub_id: bool = False
    """References are sent as hub ids, since the system knows its records by them too; but what they name must be
    there first."""
    settles_doubt: Literal["ask", "resend"] = "ask"
    """After a lost answer: `ask` = resolve() knows; `resend` = the same bytes under the same key are safe."""
    reads_back: bool = False
    deletes: bool = True
    remote: bool = True
    """It answers over a network: outages, limits and credentials can happen."""
    tells_new: bool = False
    """What it sends differs for a record that it was never sent: `Entry.external_id` tells that even where hub ids are
    kept."""
    in_flight: int = 1
    """How many batches of a route may be under way at once. Above 1, `deliver` is called from several threads; a crash
    leaves so many batches in doubt."""
    waits: tuple[float, ...] = ()
    """Seconds before each further attempt, where its convention publishes them; else the outbox's own. What is in doubt
    is then sent again at these times only."""


@dataclass(frozen=True)
class Shape:
    """What one hub collection looks like in the system: `fields` are those of its payloads, in the template's order,
    with the types of their values; `key` is the one that identifies a record (None: the system's own id does)."""

    collection: str
    object: str
    key: str | None
    fields: Mapping[str, Type]
    references: Mapping[str, str] = dataclass_field(default_factory=dict)
    """Field -> the hub collection whose record it names."""
    hub_id_field: str | None = None
    """The field that holds the hub id as it is; None where the template has none."""
    constants: Mapping[str, Any] = dataclass_field(default_factory=dict)
    """Fields with the same value in every record, those of nested records by dotted names."""


@dataclass(frozen=True)
class Setting:
    """A system as its destination is connected to it. `fields` are its preset's, secrets included: never shown."""

    system: str
    fields: Mapping[str, str] = dataclass_field(repr=False)
    shapes: Mapping[str, Shape]
    """By hub collection: every route of the system."""
    clock: Clock
    record_call: RecordCall
    """For destinations that write their calls down themselves; see `Destination.ledger_name`."""
    wait: Callable[[float], None] = time.sleep
    notes: Notes = dataclass_field(default_factory=MemoryNotes)
    """What must outlive a crash in the middle of a batch."""
    linked: Linked = dataclass_field(default_factory=MemoryLinked)
    """Which of the system's records the hub knows."""
    secrets: Path | None = None
    """Folder of sealed secrets (`ipaas_dagster.sealed`): tokens that a system renews and expects back."""


@dataclass(frozen=True)
class Entry:
    """One owed delivery as a destination sees it. `payload` is the rendered record with references already
    turned into what this system knows them by; None for a delete. Money is int or Decimal, times aware UTC."""

    entry_id: int
    request_key: str
    collection: str
    object: str
    hub_id: str
    operation: Literal["upsert", "delete"]
    seq: int
    version: int
    payload: Mapping[str, Any] | None
    external_id: str | None
    """Its id in the system from an earlier delivery, None if never delivered or where it keeps hub ids (but see
    `Capabilities.tells_new`)."""
    epoch: str = ""
    """Of the hub that counted `seq` and `version`; those of two epochs cannot be compared."""
    changed_at: datetime | None = None
    """When the hub took this version; None where the hub does not know the record any more."""


@dataclass(frozen=True)
class Batch:
    """Entries of one collection and one operation, at most `batch_size`, each of another record, oldest first;
    `batch_id` is the same on a repeat, and so are the entries."""

    batch_id: str
    collection: str
    entries: Sequence[Entry]
    sending_id: str = ""
    """Of this attempt; the ledger's rows of its calls carry it."""
    attempt: int = 1
    repeat: bool = False
    """It was sent before, and its answer was lost."""


@dataclass(frozen=True)
class Outcome:
    """`delivered`: confirmed by the system, `external_id` is its id there.
    `rejected`: the system refused this record for a reason that a repeat does not mend (dead).
    `retry`: passing trouble with this record; it uses up an attempt. `in_doubt`: sent, answer lost."""

    entry_id: int
    kind: Literal["delivered", "rejected", "retry", "in_doubt"]
    external_id: str | None = None
    reason: str = ""
    field: str | None = None
    details: Mapping[str, Any] = dataclass_field(default_factory=dict)


class Throttled(Exception):
    """The system asks to wait `seconds`; no attempt is used up. `outcomes` are of entries that were answered before;
    nothing of the others was sent."""

    def __init__(self, seconds: float, reason: str = "", outcomes: Sequence[Outcome] = ()) -> None:
        super().__init__(reason or f"asked to wait {seconds:g} s")
        self.seconds, self.outcomes = seconds, tuple(outcomes)


class Unreachable(Exception):
    """No connection, or wrong credentials: the system stops, the run goes on. `outcomes` are of entries that were
    answered before; nothing of the others was sent. The message is shown: no secrets in it."""

    def __init__(self, reason: str, outcomes: Sequence[Outcome] = ()) -> None:
        super().__init__(reason)
        self.outcomes = tuple(outcomes)


class Paused(Exception):
    """The system will take nothing for long (a month's calls are used up), or, `route_only`, nothing of this
    collection any more (a webhook's receiver is gone for good): a person has to say that it goes on. The message is
    shown. `outcomes` are of entries that were answered before; nothing of the others was sent."""

    def __init__(self, reason: str, *, route_only: bool = False, outcomes: Sequence[Outcome] = ()) -> None:
        super().__init__(reason)
        self.route_only, self.outcomes = route_only, tuple(outcomes)


class BatchRefused(Exception):
    """The system refused the batch as a whole and kept nothing of it; halves of it are tried, to find the bad one."""


class Destination(Protocol):
    @property
    def capabilities(self) -> Capabilities: ...

    def check(self) -> str:
        """A sentence on what answered. Raises Unreachable."""
        ...

    def requests(self, batch: Batch) -> Sequence[Request]:
        """The writing requests of `deliver(batch)`: what it sends is these bytes, once their holes are filled.
        Nothing is written; it may look things up, and then raises what `deliver` would."""
        ...

    def deliver(self, batch: Batch) -> Sequence[Outcome]: ...

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]: ...

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        """What the system holds now by external id. Only where `capabilities.reads_back`."""
        ...

    def ledger_name(self, batch: Batch) -> tuple[str, str] | None:
        """Method and path of the batch's row in the ledger, such as UPSERT and a table's name; None where every
        call of a batch is written down through `Setting.record_call`."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class TellsLimits(Protocol):
    """A destination that knows how many calls its system takes."""

    def limits(self) -> Sequence[str]:
        """For people, one a line: `500 requests a minute`, `15,000 calls a day, 230 used`. Asks nothing."""
        ...


def as_one_request(batch: Batch, method: str, path: str) -> Request:
    """The request of a system without HTTP: its body is the batch's records as JSON lines, for people to read."""
    import msgspec

    encode = msgspec.json.Encoder(order="sorted").encode
    lines = [encode({"hub_id": entry.hub_id, "payload": entry.payload}) for entry in batch.entries]
    return Request(method, path, b"\n".join(lines), entries=[entry.entry_id for entry in batch.entries])
