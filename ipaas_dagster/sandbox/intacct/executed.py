"""Control ids of functions that were executed and completed, per company."""

from __future__ import annotations

from datetime import datetime, timedelta


class Executed:
    def __init__(self) -> None:
        self._at: dict[tuple[str, str], datetime] = {}

    def has(self, company: str, controlid: str, now: datetime, kept_seconds: float | None) -> bool:
        at = self._at.get((company, controlid))
        if at is not None and kept_seconds is not None and now - at >= timedelta(seconds=kept_seconds):
            del self._at[company, controlid]
            return False
        return at is not None

    def note(self, company: str, controlid: str, now: datetime) -> None:
        self._at[company, controlid] = now

    def forget(self, controlids: list[str] | None = None) -> int:
        """These, or all; returns how many were known."""
        chosen = [key for key in self._at if controlids is None or key[1] in controlids]
        for key in chosen:
            del self._at[key]
        return len(chosen)

    def __len__(self) -> int:
        return len(self._at)
