"""The nouns that every stage shares: ids, scopes, calls. No behaviour beyond their own form."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC time; passed in, so that tests own it."""

SOURCE_SYSTEM = "instagaze"

UNREADABLE = "ipaas_unreadable"
"""The field of what is landed in place of a record that cannot be read: why. Its contract rejects it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A fresh id, sortable by the time it was made (milliseconds, then 74 random bits)."""
    millis = int(utc_now().timestamp() * 1000)
    return f"{millis:012x}-{uuid.uuid4().hex[:20]}"


def hub_id(collection: str, source_id: object, *, source_system: str = SOURCE_SYSTEM) -> str:
    """`instagaze:accounts:42`; `collection` is the source's name of it (`accounts`, `contacts`)."""
    return f"{source_system}:{collection}:{source_id}"


@dataclass(frozen=True)
class Scope:
    """How much of a collection a scan reads; only `full` and `since` move the cursor.

    `start` and `end` are aware UTC times, `end` exclusive; `since` has only a start, `full` neither.
    """

    kind: Literal["full", "since", "window"]
    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def full(cls) -> Scope:
        return cls("full")

    @classmethod
    def since(cls, start: datetime) -> Scope:
        return cls("since", start=start)

    @classmethod
    def window(cls, start: datetime, end: datetime) -> Scope:
        return cls("window", start=start, end=end)


@dataclass(frozen=True)
class Call:
    """One call to a system as the ledger keeps it. Paths, headers and bodies here are already redacted."""

    call_id: str
    system: str
    direction: Literal["read", "write"]
    method: str
    path: str
    started_at: datetime
    status: int | None = None
    attempt: int = 1
    duration_ms: float = 0.0
    bytes_out: int = 0
    bytes_in: int = 0
    outcome: str = ""
    """`ok`, `intent` (sent, answer not yet known), or the class of the failure."""
    reason: str = ""
    request_digest: str = ""
    response_digest: str = ""
    request_body: bytes | str | None = field(default=None, repr=False)
    response_body: bytes | str | None = field(default=None, repr=False)
    run_id: str = ""
    landing_id: str | None = None
    sending_id: str | None = None
    """Of a delivery: the `call_id` of the attempts that it was part of."""


RecordCall = Callable[[Call], None]
Progress = Callable[[str, int, int | None], None]
"""progress(label, done, total or None); called often, must be cheap."""


def no_progress(label: str, done: int, total: int | None) -> None:
    del label, done, total


@dataclass(frozen=True)
class LandingNote:
    """A landing as its manifest describes it (times aware UTC, `sha256` of the compressed file's bytes)."""

    landing_id: str
    collection: str
    scope: Literal["full", "since", "window", "snapshot", "tombstones", "retry", "webhook", "baseline", "range"]
    records: int
    sha256: str
    bytes: int
    observed_from: datetime
    observed_to: datetime
    run_id: str
    start: datetime | None = None
    end: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """What else a person may want to know: requests, cursor before and after, how the window was cut."""
