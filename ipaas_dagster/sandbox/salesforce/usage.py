"""How many requests the org may still make today."""

from __future__ import annotations

from typing import Any

from ipaas_dagster.sandbox.salesforce.problems import Problem

DEFAULT_LIMIT = 100_000


class Usage:
    def __init__(self, most: int = DEFAULT_LIMIT) -> None:
        self.used, self.most = 0, most

    def count(self) -> None:
        """One more request. Raises Problem if there is none left."""
        if self.used >= self.most:
            raise Problem(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1

    @property
    def header(self) -> dict[str, str]:
        return {"sforce-limit-info": f"api-usage={self.used}/{self.most}"}

    def as_json(self) -> dict[str, Any]:
        """What limits/ says; of its many numbers those that a sync heeds."""
        left = max(0, self.most - self.used)
        bulk = {"Max": 15_000, "Remaining": 15_000}
        return {
            "DailyApiRequests": {"Max": self.most, "Remaining": left},
            "DailyBulkApiBatches": bulk,
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
        }
