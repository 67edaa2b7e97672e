"""What can happen to a batch, for `FakeSystem.trouble` (before it is applied) and `.after` (after it)."""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.destinations.base import Batch, BatchRefused, Outcome, Throttled, Unreachable
from ipaas_dagster_tests.outbox.fake_system import Trouble


class Killed(BaseException):
    """The process ends here: nothing of the code around a send may catch it."""


def unreachable(batch: Batch) -> None:
    raise Unreachable("no route to host")


def throttled(seconds: float, served: int = 0) -> Trouble:
    """The first `served` entries are said to be delivered, the rest was not sent."""

    def trouble(batch: Batch) -> None:
        done = [Outcome(e.entry_id, "delivered", f"X-{e.entry_id}") for e in batch.entries[:served]]
        raise Throttled(seconds, "slow down", done)

    return trouble


def refused(bad: str) -> Trouble:
    """The whole batch is refused while `bad` is among it."""

    def trouble(batch: Batch) -> None:
        if any(entry.hub_id == bad for entry in batch.entries):
            raise BatchRefused("a record is malformed")

    return trouble


def retry(batch: Batch) -> Sequence[Outcome]:
    return [Outcome(entry.entry_id, "retry", reason="record is locked") for entry in batch.entries]


def lost(batch: Batch) -> Sequence[Outcome]:
    return [Outcome(entry.entry_id, "in_doubt", reason="connection reset") for entry in batch.entries]


def killed(batch: Batch) -> None:
    raise Killed
