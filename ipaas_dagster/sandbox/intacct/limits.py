"""How much a company may ask at a time: requests per window, requests at the same moment. And what it used."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta


class Limits:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[datetime] = deque()
        self.running_now = 0
        self.throttled = 0

    @contextmanager
    def running(
        self, now: datetime, *, most: int | None, window_seconds: float, concurrent: int | None
    ) -> Iterator[bool]:
        """Whether this request may go on; while it does, it counts as running."""
        with self._lock:
            allowed = self._allowed(now, most, window_seconds, concurrent)
            self.running_now += allowed
            self.throttled += not allowed
        try:
            yield allowed
        finally:
            with self._lock:
                self.running_now -= allowed

    def _allowed(self, now: datetime, most: int | None, window_seconds: float, concurrent: int | None) -> bool:
        while self._recent and now - self._recent[0] >= timedelta(seconds=window_seconds):
            self._recent.popleft()
        if concurrent is not None and self.running_now >= concurrent:
            return False
        if most is not None and len(self._recent) >= most:
            return False
        if most is not None:
            self._recent.append(now)
        return True


class Usage:
    """What is billed: transactions by month, each object written counts; and functions that were executed."""

    def __init__(self) -> None:
        self.requests = 0
        self.transactions: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()

    def wrote(self, now: datetime, objects: int) -> None:
        self.transactions[f"{now:%Y-%m}"] += objects

    def as_json(self) -> dict[str, object]:
        return {
            "requests": self.requests,
            "transactions": dict(self.transactions),
            "functions": dict(self.functions),
        }
