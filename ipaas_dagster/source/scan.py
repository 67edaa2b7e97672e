"""Reading a list completely, page by page, while others insert, change and delete in it.

Promise: every record that was there, untouched, from the first request to the last, is in the pages given
out. Each page given out is linked to the one before it (`chain.py`), the first stands at offset 0, the
last reached the end in its own answer. Where a link is missing, the list moved between two requests: the
reader goes back (or ahead) and reads the pages between until the link is there. Memory is bounded by the
pages asked for ahead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from ipaas_dagster.errors import ProtocolBroken, Unavailable
from ipaas_dagster.records import SOURCE_SYSTEM
from ipaas_dagster.source.ahead import Ahead
from ipaas_dagster.source.chain import OVERLAP, linked, linked_by_id
from ipaas_dagster.source.client import Page

FetchPage = Callable[[int, int], Awaitable[Page]]
"""fetch(offset, limit) -> page."""

DOUBT, PATIENCE = 3, 200
"""Searches without progress until the server's bytes are doubted, and until the scan is given up."""


class Scan:
    """One pass over a list. `until`: an index to stop at (a window's end), else its end. `far`: nothing behind it is
    asked for ahead.
    `counts_all`: the server's count is known to be that of the whole list. `notes`: what was
    odd."""

    def __init__(
        self,
        fetch: FetchPage,
        *,
        limit: int,
        connections: int,
        until: int | None = None,
        first: Page | None = None,
        counts_all: bool = False,
        far: int | None = None,
    ) -> None:
        self.notes: dict[str, None] = {}
        self._limit, self._until, self._first, self._counts_all = limit, until, first, counts_all
        self._connections, self._far = connections, far
        self._ahead = Ahead(lambda offset: fetch(offset, limit), connections)
        self._size = 0
        self._step = 1
        self._linked = linked
        self._farthest = self._stuck = self._given = 0
        self._last_end: int | None = None

    def links(self, left: Sequence[bytes], right: Sequence[bytes]) -> bool:
        """Whether one page joins the other, by the rule that this list's pages are linked by."""
        return self._linked(left, right)

    @property
    def requests(self) -> int:
        return self._ahead.requests

    async def pages(self) -> AsyncIterator[Page]:
        """The linked pages in order. Raises CallFailed; ProtocolBroken where the server ignores `offset`."""
        page = self._first or await self._ahead.now(0)
        self._size = len(page.records)
        self._step = max(1, self._size - OVERLAP)
        yield page
        last = self._is_all(page)
        try:
            while not last:
                self._given += 1
                self._look_ahead(page)
                page = await self._next(page)
                yield page
                last = self._is_last(page)
        finally:
            await self._ahead.close()

    def _is_all(self, page: Page) -> bool:
        """Whether the first page is the whole list. A server that counts only the page it gives, and cuts pages,
        would say the same: unless its count is known to be of the list, and right, the next page is asked for."""
        size = len(page.records)
        if size == 0 or (self._until is not None and page.end >= self._until):
            return True
        if page.count is None or size < page.count:
            return False
        return size > self._limit or (size < self._limit and self._counts_all and size == page.count)

    def _is_last(self, page: Page) -> bool:
        """Whether this answer itself shows that nothing stood behind it."""
        size = len(page.records)
        if size == 0 or (self._until is not None and page.end >= self._until):
            return True
        if size >= self._size:
            return False
        return page.count is None or page.end >= page.count or self._short_again(page)

    def _short_again(self, page: Page) -> bool:
        """A short page before the counted end: the end, if the page read after it brings nothing more."""
        if self._last_end == page.end:
            self.notes[f"the source counts {page.count} records and gives {page.end}"] = None
            return True
        self._last_end = page.end
        return False

    def _look_ahead(self, page: Page) -> None:
        """Pages behind this one, as far as the count goes; where there is none, twice as many each time."""
        following = self._following(page)
        many = 2 * self._connections if page.count is not None else min(2 * self._connections, self._given)
        last = min(x for x in (page.count, self._until, self._far, following + many * self._step) if x is not None)
        self._ahead.want(range(following, max(last - OVERLAP, following), self._step))

    def _following(self, page: Page) -> int:
        return page.offset + max(1, len(page.records) - OVERLAP)

    async def _next(self, page: Page) -> Page:
        """The page that is linked to `page` and leads on."""
        following = self._following(page)
        candidate = await self._ahead.take(following)
        if not self._fits(page, candidate) and candidate.number < page.number:
            candidate = await self._ahead.now(following)
        if not self._fits(page, candidate):
            candidate = await self._search(page, candidate)
        await self._refuse_the_same(page, candidate)
        return candidate

    def _fits(self, page: Page, candidate: Page) -> bool:
        if self._size <= 1:
            if candidate.records:
                self.notes["the source gives one record a page: that nothing was skipped cannot be proven"] = None
            return True
        return self._linked(page.records, candidate.records)

    async def _search(self, page: Page, candidate: Page) -> Page:
        """Read around until a page is linked to `page`; the page at offset 0 needs no link."""
        await self._count_search(page)
        for offset in self._places(page, candidate):
            found = await self._ahead.now(offset)
            if offset == 0 or self._fits(page, found):
                return found
        raise AssertionError("the search ends at offset 0")

    def _places(self, page: Page, candidate: Page) -> list[int]:
        """Where the list may have moved `page` to: by the counts' difference, else step by step back."""
        moved = (page.count or 0) - (candidate.count or 0) if page.count and candidate.count else 0
        places = [max(0, page.offset - moved)] if abs(moved) > self._step else []
        return [*places, *range(page.offset, 0, -self._step), 0]

    async def _count_search(self, page: Page) -> None:
        if page.offset > self._farthest:
            self._farthest, self._stuck = page.offset, 0
        self._stuck += 1
        if self._stuck == DOUBT and self._linked is linked and await self._is_volatile(page.offset):
            self._linked = linked_by_id
            self.notes["the source writes the same record differently each time; pages were linked by ids"] = None
        if self._stuck > PATIENCE:
            raise Unavailable(
                f"the list changes faster than it can be read at offset {page.offset}; "
                "pull it when fewer clients write, or raise IPAAS_PAGE_SIZE",
                system=SOURCE_SYSTEM,
                method="GET",
            )

    async def _is_volatile(self, offset: int) -> bool:
        """Whether one page, read twice, has the same ids and no record of the same bytes."""
        one, two = (await self._ahead.now(offset)).records, (await self._ahead.now(offset)).records
        return linked_by_id(one, two) and not set(one) & set(two)

    async def _refuse_the_same(self, page: Page, candidate: Page) -> None:
        """The same page at another offset, at the beginning and far behind: the server ignores the offset."""
        if candidate.offset == page.offset or len(page.records) <= OVERLAP or candidate.records != page.records:
            return
        for offset in (candidate.offset + 10 * self._size, 0, candidate.offset):
            if (await self._ahead.now(offset)).records != page.records:
                return
        raise ProtocolBroken(
            f"the source gives the same {len(page.records)} records at every offset; "
            "it does not honour `offset`, so the rest cannot be read. Ask the vendor",
            system=SOURCE_SYSTEM,
            method="GET",
        )
