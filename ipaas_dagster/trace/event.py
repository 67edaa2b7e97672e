"""One thing that happened to a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RANKS = (
    "seen", "parent_seen", "warning", "rejected", "resolved", "held", "decided", "version", "not_queued", "queued",
    "attempt", "state",
)  # fmt: skip
"""What comes first where two things bear the same time."""


@dataclass(frozen=True)
class Event:
    """`where` is the source, the hub or a system; `text` one line for a person, `details` all that is known."""

    at: datetime
    what: str
    where: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, int]:
        return self.at, RANKS.index(self.what)
