"""The API calls of the last 24 hours, as the org counts them in every answer (`Sforce-Limit-Info`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from ipaas_dagster.destinations.base import Setting, Throttled
from ipaas_dagster.destinations.notes import LIMITS
from ipaas_dagster.destinations.salesforce.preset import Org

HEADER = "sforce-limit-info"
PAUSE_SECONDS = 3_600.0
"""The count is of the last 24 hours, so it falls slowly."""
_EVERY = timedelta(seconds=60)
_COUNT = re.compile(r"(?:^|[\s;,])api-usage=(\d+)/(\d+)")


class Usage:
    """Watches the count, keeps it for `ipaas status`, and stops before others of the org are shut out."""

    def __init__(self, setting: Setting, org: Org) -> None:
        self._notes, self._clock, self._percent = setting.notes, setting.clock, org.limit_percent
        self._used, self._of = 0, 0
        self._kept: tuple[int, datetime] | None = None

    def watch(self, headers: Mapping[str, str]) -> None:
        """Note what an answer's headers (lower-case names) say."""
        if found := _COUNT.search(headers.get(HEADER, "")):
            self._used, self._of = int(found[1]), int(found[2])
            if self._kept is None or self._clock() - self._kept[1] >= _EVERY:
                self.keep()

    def check(self) -> None:
        """Raises Throttled where so much is used that nothing more may be sent."""
        if self._of and self._used * 100 >= self._of * self._percent:
            raise Throttled(
                PAUSE_SECONDS,
                f"{self.shown}: it stops at {self._percent}% of the org's calls of 24 hours "
                "(preset field limit_percent)",
            )

    def keep(self) -> None:
        """Write the last count down, if there is a new one."""
        if self._of and (self._kept is None or self._kept[0] != self._used):
            now = self._clock()
            self._notes.write(LIMITS, {"used": self._used, "of": self._of, "at": now.isoformat()})
            self._kept = (self._used, now)

    def limits(self) -> list[str]:
        """For people, from the last answer; without one in this process, from the note of an earlier one."""
        if self._of:
            return [f"{self._of:,} API calls a day, {self._used:,} used"]
        note = self._notes.read(LIMITS)
        return [f"{note['of']:,} API calls a day, {note['used']:,} used ({note['at']})"] if note else []

    @property
    def shown(self) -> str:
        return f"api usage {self._used}/{self._of}" if self._of else "api usage not told"
