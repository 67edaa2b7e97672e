"""Limits: so many requests in a second and a minute, so many batches in a minute."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from ipaas_dagster.sandbox.quickbooks.settings import Settings


class Window:
    """The moments of the last requests. A refused request does not count towards the next."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._moments: deque[float] = deque()

    def full(self, now: float, limit: int | None) -> bool:
        while self._moments and self._moments[0] <= now - self._seconds:
            self._moments.popleft()
        return limit is not None and len(self._moments) >= limit

    def add(self, now: float) -> None:
        self._moments.append(now)


class Limits:
    """Sliding windows by the sandbox clock."""

    def __init__(self) -> None:
        self._second, self._minute, self._batches = Window(1), Window(60), Window(60)
        self.throttled = 0

    def admits(self, settings: Settings, at: datetime, *, batch: bool) -> bool:
        """Whether one more request may be executed, which is then counted; a refused one is in `throttled`."""
        now = at.timestamp()
        windows = [(self._second, settings.requests_per_second), (self._minute, settings.requests_per_minute)]
        if batch:
            windows.append((self._batches, settings.batches_per_minute))
        # Each window is looked at: a full one must not keep another from forgetting.
        if any([window.full(now, limit) for window, limit in windows]):
            self.throttled += 1
            return False
        for window, _limit in windows:
            window.add(now)
        return True
