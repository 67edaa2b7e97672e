"""Reading one range of a list that several read at once.

The first pages of all ranges were read together when the load began. A range is a chain like that of a single scan
(`scan.py`, `chain.py`): it begins at its first page and goes on, page linked to page, until one is linked to the first
page of the next range. So the join of two ranges is proven by the same rule as that of two pages, however far the list
has moved between their readers: what lies between is read until the link is there. And so every record that was there,
untouched, from the load's first request to its last is in one of the ranges or in one of the first pages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from ipaas_dagster.source.client import Client, Page
from ipaas_dagster.source.scan import Scan


async def heads(client: Client, ranges: int, limit: int) -> list[Page]:
    """The first pages of so many ranges of equal length; of fewer where the list is short, none of an empty one."""
    import asyncio

    first = await client.page(0, limit)
    size = len(first.records)
    if not size:
        return []
    count = max(first.count or 0, size)
    many = max(1, min(ranges, count // (10 * size)))
    others = [number * count // many for number in range(1, many)]
    return [first, *await asyncio.gather(*(client.page(offset, limit) for offset in others))]


async def pages_of(
    client: Client, head: Page, following: Page | None, *, limit: int, connections: int
) -> AsyncIterator[Page]:
    """The pages behind `head`, up to the one that is linked to the next range's first page (`following`; None: to the
    list's end)."""
    far = following.end if following else None
    scan = Scan(client.page, limit=limit, connections=connections, first=head, counts_all=True, far=far)
    async with aclosing(scan.pages()) as pages:  # type: ignore[type-var]  # it is a generator, declared an iterator
        async for page in pages:
            if page is not head:
                yield page
            if following is not None and scan.links(page.records, following.records):
                break
    client.notes.update(scan.notes)
