"""Every request that was made of a stand-in, so that a test can say what the product really asked."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

DEFAULT_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `status` is what the client saw, 0 if none; `fault` is what was done to it on purpose."""

    number: int
    at: str
    method: str
    url: str
    status: int
    milliseconds: float
    fault: str | None = None

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]


class Journal:
    """The last requests, oldest first. Neither headers nor bodies are kept: they carry credentials."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self.total = 0

    def add(self, at: str, method: str, url: str, status: int, milliseconds: float, fault: str | None = None) -> None:
        with self._lock:
            self.total += 1
            self._entries.append(Entry(self.total, at, method, url, status, milliseconds, fault))

    def entries(self, after: int = 0) -> list[Entry]:
        """The requests numbered above `after` that are still kept."""
        with self._lock:
            return [entry for entry in self._entries if entry.number > after]

    def clear(self) -> None:
        """Forget the requests; numbers go on."""
        with self._lock:
            self._entries.clear()

    def as_json(self, after: int = 0) -> dict[str, Any]:
        entries: Sequence[Entry] = self.entries(after)
        return {"total": self.total, "entries": [asdict(entry) for entry in entries]}
