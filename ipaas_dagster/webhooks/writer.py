"""Group commit: what many requests brought goes into one durable transaction, and each is answered after it.

A commit waits for the disk, however many rows it has. So one writer takes all that has arrived meanwhile: under load
transactions grow instead of queueing up, and alone a request waits for its own only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ipaas_dagster.webhooks.rows import Told

Store = Callable[[Sequence[Told]], int]
"""Commits these events and returns how many were new; raises whatever the store raises."""

MOST_WAITING = 20_000
"""Events that wait for a commit; what comes on top is refused, so that a dead disk does not fill the memory."""
MOST_TOGETHER = 2_000
"""Requests in one transaction."""
PATIENCE_SECONDS = 10.0
"""How long a request waits for its commit before its sender is asked to repeat it."""


class NotStored(Exception):
    """The sender has to repeat it."""


@dataclass
class Counts:
    stored: int = 0
    known: int = 0
    failed: int = 0


@dataclass
class GroupWriter:
    """One for a process, used from its event loop. `say`: one line for a person, about a store that fails."""

    store: Store
    say: Callable[[str], None]
    patience_seconds: float = PATIENCE_SECONDS
    most_waiting: int = MOST_WAITING
    counts: Counts = field(default_factory=Counts)
    _waiting: list[tuple[Sequence[Told], asyncio.Future[None]]] = field(default_factory=list)
    _events: int = 0
    _task: asyncio.Task[None] | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "inbox"))
    _failing: str = ""

    async def add(self, told: Sequence[Told]) -> None:
        """Returns once these events are on disk. Raises NotStored."""
        if not told:
            return
        if self._events >= self.most_waiting:
            raise NotStored("too many webhooks wait for the store")
        loop = asyncio.get_running_loop()
        committed: asyncio.Future[None] = loop.create_future()
        self._waiting.append((told, committed))
        self._events += len(told)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._write())
        limit = loop.call_later(self.patience_seconds, _give_up, committed)
        try:
            await committed
        finally:
            limit.cancel()

    async def close(self) -> None:
        """Let what is under way end."""
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    async def _write(self) -> None:
        while self._waiting:
            batch = self._taken()
            told = [one for group, _ in batch for one in group]
            try:
                new = await asyncio.get_running_loop().run_in_executor(self._thread, self.store, told)
            except Exception as error:
                self._fail(batch, error)
            else:
                self._failing = ""
                self.counts.stored += new
                self.counts.known += len(told) - new
                for _, committed in batch:
                    if not committed.done():
                        committed.set_result(None)

    def _taken(self) -> list[tuple[Sequence[Told], asyncio.Future[None]]]:
        batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        self._events -= sum(len(group) for group, _ in batch)
        return batch

    def _fail(self, batch: Sequence[tuple[Sequence[Told], asyncio.Future[None]]], error: Exception) -> None:
        """Told once for each new cause; whatever its words, no row is in them."""
        cause = type(error).__name__
        if cause != self._failing:
            self._failing = cause
            self.say(f"the inbox cannot be written ({cause}: {_first_line(error)}); senders are asked to repeat")
        self.counts.failed += len(batch)
        for _, committed in batch:
            if not committed.done():
                committed.set_exception(NotStored("the store cannot be written"))


def _give_up(committed: asyncio.Future[None]) -> None:
    if not committed.done():
        committed.set_exception(NotStored("the store is busy"))


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).splitlines() or ["no words"])[0]
