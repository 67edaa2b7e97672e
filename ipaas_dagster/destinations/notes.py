"""What a destination must still know after a crash in the middle of a batch: a bulk job's id, the bytes that went out.

Written before the step that it is about; forgotten when the batch is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

LIMITS = "limits"
"""The one note that is of no batch: how many of its calls the system says are used, {"used", "of", "at"}, for
`ipaas status`; `at` is ISO text."""


class Notes(Protocol):
    """One note a batch; JSON values only, nothing secret. `write` has reached the disk when it returns."""

    def read(self, batch_id: str) -> Mapping[str, Any] | None: ...

    def write(self, batch_id: str, note: Mapping[str, Any]) -> None: ...

    def forget(self, batch_id: str) -> None: ...


@dataclass
class MemoryNotes:
    """For a destination that is connected to try it, and for tests."""

    kept: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def read(self, batch_id: str) -> Mapping[str, Any] | None:
        return self.kept.get(batch_id)

    def write(self, batch_id: str, note: Mapping[str, Any]) -> None:
        self.kept[batch_id] = dict(note)

    def forget(self, batch_id: str) -> None:
        self.kept.pop(batch_id, None)
