"""One system's delivery in one run: what it works with, what it has done, how long it may still wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from sqlalchemy import Connection

from ipaas_dagster.destinations.base import Destination
from ipaas_dagster.operations import Operations
from ipaas_dagster.outbox.backoff import ATTEMPTS
from ipaas_dagster.outbox.blocking import Absent
from ipaas_dagster.outbox.rendering import Renders
from ipaas_dagster.outbox.settling import Settled
from ipaas_dagster.records import Call, Clock, Progress, no_progress

Operation = Literal["upsert", "delete"]


NAMED = 20
"""How many records that were delivered with a remark are named one by one."""


class OutOfPatience(Exception):
    """The system asks to wait for longer than this run will."""


@dataclass
class Delivery:
    system: str
    routes: Sequence[Renders]
    """Parents before children."""
    destination: Destination
    operations: Operations
    run_id: str
    clock: Clock
    wait: Callable[[float], None]
    chance: Callable[[], float]
    why_absent: Absent
    note_call: Callable[[Connection, Call], None]
    """Writes a call's row, or changes the one of that id, in the given transaction."""
    progress: Progress = no_progress
    attempts: int = ATTEMPTS
    patience: float = 0.0
    """Seconds that this run may still wait for short back-offs and throttling; then the rest is the next run's."""
    total: int = 0
    calls: int = 0
    paused: set[str] = field(default_factory=set)
    """Hub collections of which nothing is sent."""
    delivered: dict[str, int] = field(default_factory=dict)
    died: dict[str, int] = field(default_factory=dict)
    blocked: dict[str, int] = field(default_factory=dict)
    """Found in this run to wait for good."""
    requeued: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def keeps(self) -> bool:
        return self.destination.capabilities.keeps_hub_ids

    @property
    def by_hub_id(self) -> bool:
        """Whether references are sent as hub ids."""
        return self.keeps or self.destination.capabilities.refers_by_hub_id

    @property
    def repeats(self) -> bool:
        """Whether a doubt is settled by sending the same again, not by asking."""
        return self.destination.capabilities.settles_doubt == "resend"

    @property
    def waits(self) -> tuple[float, ...]:
        """Seconds between attempts, where the destination has its own."""
        return self.destination.capabilities.waits

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        """One for each batch that may be under way."""
        return ThreadPoolExecutor(self.destination.capabilities.in_flight, thread_name_prefix=f"deliver-{self.system}")

    def route(self, collection: str) -> Renders | None:
        return next((route for route in self.routes if route.collection == collection), None)

    def pause(self, seconds: float) -> bool:
        """Wait, if this run's patience covers it."""
        seconds = max(seconds, 0.01)
        if seconds > self.patience:
            return False
        self.patience -= seconds
        self.wait(seconds)
        return True

    def remark(self, collection: str, hub_id: str, what: str) -> None:
        """Something is odd about a record that was delivered; a person is told of it."""
        self.remarks.append(f"{collection} {hub_id}: {what}")

    def remarks_in_words(self) -> list[str]:
        """The first of them, and how many more there are; all stand beside their entries."""
        more = len(self.remarks) - NAMED
        last = [f"{more} more records were delivered with a remark"] if more > 0 else []
        return self.remarks[:NAMED] + last

    def count(self, collection: str, settled: Settled) -> None:
        add(self.delivered, {collection: settled.delivered})
        add(self.died, {collection: settled.died})
        add(self.requeued, settled.requeued)
        done = sum(self.delivered.values()) + sum(self.died.values())
        self.progress(f"deliver {self.system}", done, max(self.total, done))


def add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count
