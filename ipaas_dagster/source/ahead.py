"""Pages asked for before they are needed, a bounded number of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ipaas_dagster.source.client import Page

Fetch = Callable[[int], Awaitable[Page]]
"""fetch(offset) -> the page there now."""


class Ahead:
    """`take` gives a page that was asked for ahead, or asks for it now; as many at a time as keep all `connections` in
    use while one page is read."""

    def __init__(self, fetch: Fetch, connections: int) -> None:
        self._fetch, self._free = fetch, asyncio.Semaphore(connections + 1)
        self._tasks: dict[int, asyncio.Task[Page]] = {}
        self.requests = 0

    async def now(self, offset: int) -> Page:
        """A page as it is now, whatever was asked for before."""
        self._drop(offset)
        return await self._ask(offset)

    async def take(self, offset: int) -> Page:
        task = self._tasks.pop(offset, None)
        return await (task or self._ask(offset))

    def want(self, offsets: Iterable[int]) -> None:
        """Ask for these in the background; what is no longer wanted is dropped."""
        wanted = list(offsets)
        for offset in [o for o in self._tasks if o not in wanted]:
            self._drop(offset)
        for offset in wanted:
            if offset not in self._tasks:
                self._tasks[offset] = asyncio.create_task(self._ask(offset))

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _ask(self, offset: int) -> Page:
        async with self._free:
            self.requests += 1
            return await self._fetch(offset)

    def _drop(self, offset: int) -> None:
        task = self._tasks.pop(offset, None)
        if task is not None:
            task.cancel()
            task.add_done_callback(_forget)


def _forget(task: asyncio.Task[Page]) -> None:
    if not task.cancelled():
        task.exception()  # an error of a page that nobody needs any more
