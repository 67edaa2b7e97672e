"""Two limits: so many calls in a short time, so many in a month."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from ipaas_dagster.sandbox.ipaas_com.problems import monthly, volume
from ipaas_dagster.sandbox.ipaas_com.settings import Settings

LONGEST_WAIT = 59


class Limits:
    """Calls are counted by the sandbox clock; a month is over when a test says so."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque()
        self.used = 0
        self.refused = {"volume": 0, "monthly": 0}

    def admit(self, settings: Settings, at: datetime) -> None:
        """Count one more call, or raise Problem. A refused one does not count."""
        if settings.monthly_calls is not None and self.used >= settings.monthly_calls:
            self.refused["monthly"] += 1
            raise monthly(settings.monthly_retry_after)
        now = at.timestamp()
        while self._moments and self._moments[0] <= now - settings.volume_seconds:
            self._moments.popleft()
        if settings.volume_calls is not None and len(self._moments) >= settings.volume_calls:
            self.refused["volume"] += 1
            wait = self._moments[0] + settings.volume_seconds - now
            raise volume(min(LONGEST_WAIT, max(1, -int(-wait // 1))))
        self._moments.append(now)
        self.used += 1

    def new_month(self) -> int:
        """How many calls the month that is over had."""
        used, self.used = self.used, 0
        return used
