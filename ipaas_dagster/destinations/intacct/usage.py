"""Transactions of the month, as this installation counts them: each record written is one, its lines are not counted.

Intacct does not tell; others of the company are not seen. More than the tier holds are billed, not refused.
"""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.intacct.preset import Company

NOTE = "usage"
"""The note that holds the count: {"month": "2026-11", "written": n}."""


class Usage:
    def __init__(self, setting: Setting, company: Company) -> None:
        self._setting, self._company = setting, company
        self._new = 0

    def wrote(self, records: int) -> None:
        self._new += records

    def keep(self) -> None:
        """Write the count down, if there is a new one. A process that is killed takes its own share along."""
        if self._new:
            self._setting.notes.write(NOTE, {"month": self._month, "written": self.written})
            self._new = 0

    @property
    def written(self) -> int:
        """In this month, at least."""
        note = self._setting.notes.read(NOTE) or {}
        before = int(note.get("written", 0)) if note.get("month") == self._month else 0
        return before + self._new

    @property
    def shown(self) -> str:
        of = self._company.transactions_per_month
        return f"{of:,} transactions a month, {self.written:,} of them by this installation in {self._month}"

    @property
    def _month(self) -> str:
        return f"{self._setting.clock():%Y-%m}"
