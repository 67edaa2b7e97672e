"""What is told of the state. The names are those of `ipaas status --json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ipaas_dagster.ledger import Balance


@dataclass(frozen=True)
class CollectionStatus:
    """A hub or reference collection. `cursor` is that of its source collection; `lag_seconds` is what the hub
    may be behind the source. Snapshots have no cursor: for them it counts from the last reading."""

    collection: str
    source: str
    records: int
    open_rejects: int
    cursor: datetime | None
    read_at: datetime | None
    lag_seconds: float | None
    waiting_landings: int
    damaged_landings: int
    rejects_since: datetime | None = None
    stale: bool = False
    """It was not read for IPAAS_STALE_HOURS, though the daily reconcile and the snapshots read each once a day."""


@dataclass(frozen=True)
class SystemStatus:
    """`states` are the entries that are not done yet, or dead; discarded dead letters are not among them."""

    system: str
    kind: str
    switched_off: str | None
    delivered: int
    states: Mapping[str, int]
    paused: Mapping[str, str] = field(default_factory=dict)
    """`system` or `system/collection` -> why nothing is sent until `ipaas resume` says so."""
    limits: Mapping[str, Any] | None = None
    """What it said last of its own limit of calls: {"used", "of", "at"}."""
    owed_since: datetime | None = None
    """When the oldest entry that is not done and not dead was queued."""
    last_delivery: datetime | None = None
    unread_changes: int = 0
    """Changes of the hub that its routes have not read yet."""
    let_go: int = 0
    """Dead letters that a person discarded: they stay in the books."""


StuckState = Literal["rejected", "dead", "blocked", "paused", "switched_off", "held"]


@dataclass(frozen=True)
class Stuck:
    """Records that go nowhere without a person, all in one place and for one cause. `where` is `hub` or a system; a
    record is counted once in each place where it is stuck. `example` is the one that is stuck longest, `reason` what
    was said of it, `mend` what to do about all of them."""

    state: StuckState
    where: str
    cause: str
    records: int
    collections: Mapping[str, int]
    """Hub collection -> how many of `records`."""
    since: datetime
    example: str
    reason: str
    mend: str


@dataclass(frozen=True)
class OnItsWay:
    """What a run will move without anybody: entries of one state and cause, changes to queue, landings to merge.
    `what` is an outbox state, `to queue` or `to merge`; `next_attempt_at` the earliest, where there is one."""

    what: str
    where: str
    collection: str
    cause: str
    count: int
    since: datetime | None = None
    next_attempt_at: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """What waits for a person's word, or was set aside, and holds up no record: a pipeline to approve, a system that
    holds something else than it was sent or is switched off, a damaged landing, a collection not read for long."""

    what: Literal["pipeline", "differs", "switched off", "damaged landing", "stale"]
    name: str
    says: str
    since: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """`state`: `unbalanced` (records may be missing), `stuck`, `on its way`, `accounted for`, or `empty`. `stuck` and
    `on_its_way` are how many; `lost` is False where the books balance, None where they do not tell."""

    state: Literal["unbalanced", "stuck", "on its way", "accounted for", "empty"]
    says: str
    stuck: int
    on_its_way: int
    lost: bool | None


@dataclass(frozen=True)
class Status:
    collections: Sequence[CollectionStatus]
    systems: Sequence[SystemStatus]
    balance: Balance
    holds: int
    findings: Sequence[str]
    verdict: Verdict
    stuck: Sequence[Stuck]
    """Oldest first."""
    on_its_way: Sequence[OnItsWay]
    waiting: Sequence[Waiting]
    at: datetime
