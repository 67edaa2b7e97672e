"""Proving, not believing, what a server does with the `modified` filter.

`modified=T` must mean "at or after T": everything (that has a modified time) at T = 0, nothing in the far
future. That refuses servers that ignore the filter, and those that read it as "before" or "exactly at".
Whether a record modified exactly at T is in or out cannot be seen from outside; it does not matter: polls
overlap by the lag, and windows are cut with the same filter at both ends, so that neighbouring windows
meet without gap or overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ipaas_dagster.source.client import Client, Page

FAR_FUTURE = datetime(2200, 1, 1, tzinfo=UTC)
UNITS = {"seconds": 1, "milliseconds": 1000}
"""The document says Unix timestamp, which is seconds; milliseconds are tried where seconds are not
understood."""


def stamp(time: datetime, unit: str = "seconds") -> int:
    """The filter's whole number; rounded down, so that nothing is cut off at a lower bound."""
    return int(time.timestamp() * UNITS[unit] // 1)


async def count_since(client: Client, value: int) -> int:
    """How many records the filter leaves; where the server gives no count, whether there is one at all."""
    page = await client.page(0, 1, {"modified": value})
    return page.count if page.count is not None else len(page.records)


async def modified_unit(client: Client, seen: Callable[[Page], Page] = lambda page: page) -> str | None:
    """`seconds` or `milliseconds` where the filter is proven, `""` where it is not honoured, None where the
    collection holds nothing to prove it by. Three requests, most often; `seen` is shown the first answer."""
    everything = seen(await client.page(0, 1))
    if not everything.records:
        return None
    for unit in UNITS:
        if await count_since(client, stamp(FAR_FUTURE, unit)) == 0:
            return unit if await count_since(client, 0) > 0 else ""
    return ""
