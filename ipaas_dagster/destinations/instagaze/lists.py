"""Reading a whole list, of which only `limit` and `offset` are relied on.

Neighbouring pages share a record, so that one which somebody else deletes meanwhile shows; the list is then read once
more. Servers may give less than was asked for, no count, or a bare list: the end is a page with nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.destinations.instagaze.api import Api, Record

PASSES = 3


def id_of(record: Any) -> str | None:
    """As text, whether it comes as a number or as text."""
    found = record.get("id") if isinstance(record, dict) else None
    return None if found is None or isinstance(found, bool | dict | list) else str(found)


def all_of(api: Api, path: str, limit: int, **filters: object) -> Iterator[Record]:
    """Every record of a list, each once. Raises Unreachable where it cannot be read to its end, Throttled."""
    seen: set[str] = set()
    for _ in range(PASSES):
        shifted = False
        for page, follows in _pages(api, path, limit, filters):
            shifted |= not follows
            for record in page:
                its_id = id_of(record)
                if its_id is not None and its_id not in seen:
                    seen.add(its_id)
                    yield record
        if not shifted:
            return


def _pages(api: Api, path: str, limit: int, filters: dict[str, object]) -> Iterator[tuple[list[Record], bool]]:
    """Pages of one pass, and whether each follows the one before it without a gap."""
    offset, last, seen = 0, None, set[str]()
    while True:
        page, count = _page(api, path, limit=limit, offset=offset, **filters)
        ids = [its_id for record in page if (its_id := id_of(record)) is not None]
        follows = last is None or not ids or ids[0] == last
        if last is not None and not [its_id for its_id in ids if its_id != last]:
            return
        if offset and ids and not follows and seen.issuperset(ids):
            _check_end(path, count, seen)
            return
        yield page, follows
        if not ids:
            return
        seen.update(ids)
        offset, last = max(offset + len(page) - 1, offset + 1), ids[-1]


def _check_end(path: str, count: int | None, seen: set[str]) -> None:
    """Nothing new although the list goes on: it was given whole at once, or `offset` does nothing."""
    if count is not None and count > len(seen):
        raise Unreachable(f"{path} gives the same page for every offset: {len(seen)} of {count} records were seen")


def _page(api: Api, path: str, **query: object) -> tuple[list[Record], int | None]:
    found = api.read(path, **query)
    if found is None:
        raise Unreachable(f"there is nothing at {path}; look at the preset's url, which ends in /api/admin/")
    records = found.get("results") if isinstance(found, dict) else found
    if not isinstance(records, list):
        raise Unreachable(f"{path} gave no list")
    count = found.get("count") if isinstance(found, dict) else None
    return records, count if isinstance(count, int) else None
