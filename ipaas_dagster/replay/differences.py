"""What a replay found to be different, record by record. `now` is what the real hub holds, `replayed` what today's
contracts make of the same landings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["only_now", "only_replayed", "different", "same"]


@dataclass(frozen=True, slots=True)
class Field:
    """One value, old -> new."""

    now: Any
    replayed: Any


@dataclass(frozen=True)
class VersionDifference:
    """One version of a record. `fields` may hold `operation`, `changed_at`, `content_hash` and the record's own."""

    version: int
    kind: Kind
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Difference:
    """One record. `kind` is that of its current row: `same` where only its versions are different."""

    collection: str
    hub_id: str
    kind: Kind
    fields: Mapping[str, Field]
    versions: tuple[VersionDifference, ...] = ()


@dataclass(frozen=True)
class RejectDifference:
    """A reject that is open in one hub only, or for other reasons."""

    collection: str
    record: str
    kind: Kind
    now: tuple[str, ...]
    replayed: tuple[str, ...]


@dataclass(frozen=True)
class Tallies:
    """How many are only in one of the two, or in both and different."""

    only_now: int = 0
    only_replayed: int = 0
    different: int = 0

    @property
    def all(self) -> int:
        return self.only_now + self.only_replayed + self.different


@dataclass(frozen=True)
class Compared:
    """One hub collection: `now` and `replayed` are records compared, deleted ones included. `fields` counts the
    different records by column. `shown` and `rejects_shown` are the first of what is counted."""

    collection: str
    now: int
    replayed: int
    records: Tallies
    versions: Tallies
    rejects: Tallies
    holds: tuple[str, ...] = ()
    """Ids of holds that arose, or were decided, in one of the two only."""
    fields: Mapping[str, int] = field(default_factory=dict)
    shown: tuple[Difference, ...] = ()
    rejects_shown: tuple[RejectDifference, ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.records.all or self.versions.all or self.rejects.all or self.holds)

    def in_words(self) -> str:
        parts = {
            "record": self.records.all,
            "version": self.versions.all,
            "open reject": self.rejects.all,
            "hold": len(self.holds),
        }
        named = [f"{count:,} {what}{'s' * (count != 1)}" for what, count in parts.items() if count]
        return f"{self.collection}: {', '.join(named)} would differ"
