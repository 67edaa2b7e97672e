"""The upper end of a window: the source's filter has only a lower bound.

Ordered by modified time, ascending, the records of [start, end) are the first W of the list since `start`,
where W is the count since `start` less the count since `end`. Whether the server honours that order is
proven each time: the first record of the list since `end` must stand at index W of the list since `start`.
Any order that both lists share proves it as well: W records stand before it, and none of them is in the
list since `end`. Where it is not proven, the ids since `end` are read first and taken out of the list
since `start`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ipaas_dagster.source.client import Client, Page
from ipaas_dagster.source.parse import record_id

ORDER = "modified ASC"


@dataclass(frozen=True)
class Cut:
    """How a window is read: with `query`, up to index `until` (None: to the end). `above` are the queries
    whose ids are taken out; `first` is the answer that came first, by whose clock the window is placed."""

    query: Mapping[str, object]
    until: int | None
    by_ids: bool
    note: str
    first: Page


async def cut(client: Client, start: int, end: int, *, counts_all: bool) -> Cut:
    """How to read [start, end), in the filter's units. Three small requests at most.

    `counts_all`: the server's count is known to be that of the list. Where nothing shows that it is more than the
    page's, two lists of any length seem equally long.
    """
    ordered = {"modified": start, "order": ORDER}
    above = await client.page(0, 1, {"modified": end, "order": ORDER})
    plain = {"modified": start}
    if not above.records:
        return Cut(plain, None, False, "nothing was modified after the window; read to the end", above)
    below = await client.page(0, 1, ordered)
    if above.count is None or below.count is None or below.count < above.count:
        return Cut(plain, None, True, _BY_IDS, above)
    if not (counts_all or above.count > above.end or below.count > below.end):
        return Cut(plain, None, True, _BY_IDS, above)
    inside = below.count - above.count
    if inside == 0:
        return Cut(ordered, 0, False, "nothing was last modified in the window", above)
    border = (await client.page(inside - 1, 2, ordered)).records
    if len(border) == 2 and border[1] == above.records[0] and border[0] != above.records[0]:
        return Cut(ordered, inside, False, f"cut at index {inside} of the list by modified time (proven)", above)
    return Cut(plain, None, True, _BY_IDS, above)


_BY_IDS = "the source does not prove to honour order by modified time; cut by the ids modified after the window"


def without(page: Page, above: frozenset[str], until: int | None) -> list[bytes]:
    """The records of a page that belong to the window."""
    records = page.records if until is None else page.records[: max(0, until - page.offset)]
    return [record for record in records if record_id(record) not in above] if above else list(records)
