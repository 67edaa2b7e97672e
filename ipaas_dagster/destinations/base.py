"""What a destination is: one small protocol; everything else (order, retry, doubt, ledger) is the outbox's work.

    connect(preset fields) -> Destination
    Destination.check()            can we reach it, are the credentials good
    Destination.deliver(batch)     one Outcome per entry, in the batch's order
    Destination.resolve(entries)   what became of entries whose answer was lost
    Destination.read(...)          what the system holds now, where it can be read
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Capabilities:
    """Declared, and proven by the conformance suite."""

    batch_size: int
    keeps_hub_ids: bool = False
    """References are stored as hub ids, so no record ever waits for its parent's id (sql, files)."""
    settles_doubt: Literal["ask", "resend"] = "ask"
    """After a lost answer: `ask` = resolve() knows; `resend` = the same bytes under the same key are safe."""
    reads_back: bool = False
    deletes: bool = True
    remote: bool = True
    """It answers over a network: outages, limits and credentials can happen."""


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
    """Its id in the system from an earlier delivery, None if never delivered."""


@dataclass(frozen=True)
class Batch:
    """Entries of one collection and one operation's phase, at most `batch_size`; `batch_id` is the same on a repeat."""

    batch_id: str
    collection: str
    entries: Sequence[Entry]


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
    """The system asks to wait `seconds`; no attempt is used up."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"asked to wait {seconds:g} s")
        self.seconds = seconds


class Unreachable(Exception):
    """Nothing of the batch was sent (no connection, wrong credentials): the system stops, the run goes on."""


class Destination(Protocol):
    capabilities: Capabilities

    def check(self) -> str:
        """A sentence on what answered. Raises Unreachable."""
        ...

    def deliver(self, batch: Batch) -> Sequence[Outcome]: ...

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]: ...

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        """What the system holds now by external id. Only where `capabilities.reads_back`."""
        ...

    def close(self) -> None: ...
