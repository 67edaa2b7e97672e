"""The promise of a scan: what nobody touches while it runs is in its result, whatever others do meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipaas_dagster.errors import ProtocolBroken
from ipaas_dagster.source.client import Page
from ipaas_dagster.source.parse import record_id
from ipaas_dagster.source.scan import Scan

AT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Shelf:
    """A list that a writer changes between any two requests; `order` is how the server lists it."""

    size: int
    order: str
    rng: random.Random
    largest: int = 1000
    writes: int = 0
    mass: float = 0.0
    counts: Callable[[int, int], int | None] = lambda total, given: total
    honours_offset: bool = True
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    numbers: count[int] = field(default_factory=lambda: count(1))
    clock: count[int] = field(default_factory=lambda: count(1))
    requests: int = 0

    def __post_init__(self) -> None:
        ids = self.rng.sample(range(10 * self.size + 10), self.size)
        self.rows = {i: (next(self.clock), 0) for i in ids}
        self.everything = set(ids)

    async def fetch(self, offset: int, limit: int) -> Page:
        number = next(self.numbers)
        self.requests += 1
        await asyncio.sleep(0)
        self._write()
        ids = self._listed()
        start = offset if self.honours_offset else 0
        given = [b'{"id":%d,"version":%d}' % (i, self.rows[i][1]) for i in ids[start:][: min(limit, self.largest)]]
        await asyncio.sleep(0)
        return Page(offset, given, self.counts(len(ids), len(given)), AT, None, number)

    def _listed(self) -> list[int]:
        if self.order == "id":
            return sorted(self.rows)
        ids = sorted(self.rows, key=lambda i: self.rows[i][0])
        return ids[::-1] if self.order == "latest first" else ids

    def _write(self) -> None:
        for _ in range(self.rng.randint(0, self.writes)):
            self.rng.choice((self._insert, self._change, self._delete))()
        if self.rng.random() < self.mass:
            ids = self._listed()
            start = self.rng.randrange(len(ids) + 1)
            for i in ids[start : start + self.rng.randint(0, len(ids) // 3)]:
                self._delete(i)
        if self.rng.random() < self.mass:
            for _ in range(self.rng.randint(0, 40)):
                self._insert()

    def _insert(self) -> None:
        i = self.rng.randrange(20 * self.size + 20)
        if i not in self.rows:
            self.rows[i] = (next(self.clock), 0)
            self.touched.add(i)

    def _change(self) -> None:
        if self.rows:
            i = self.rng.choice(list(self.rows))
            self.rows[i] = (next(self.clock), self.rows[i][1] + 1)
            self.touched.add(i)

    def _delete(self, i: int | None = None) -> None:
        if self.rows:
            i = self.rng.choice(list(self.rows)) if i is None else i
            self.rows.pop(i, None)
            self.touched.add(i)


def scanned(shelf: Shelf, *, limit: int = 20, connections: int = 4, counts_all: bool = False) -> tuple[list[int], Scan]:
    scan = Scan(shelf.fetch, limit=limit, connections=connections, counts_all=counts_all)

    async def run() -> list[int]:
        return [int(record_id(r) or -1) async for page in scan.pages() for r in page.records]

    return asyncio.run(asyncio.wait_for(run(), 60)), scan


ORDERS = ("id", "oldest first", "latest first")


@given(
    seed=st.integers(0, 2**32),
    order=st.sampled_from(ORDERS),
    size=st.integers(0, 400),
    largest=st.sampled_from([3, 7, 20, 1000]),
    writes=st.sampled_from([0, 1, 1, 2]),
    mass=st.sampled_from([0.0, 0.0, 0.03]),
    counted=st.sampled_from(["true", "none", "page", "zero"]),
)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_untouched_is_skipped_while_others_write(
    seed: int, order: str, size: int, largest: int, writes: int, mass: float, counted: str
) -> None:
    counts: dict[str, Callable[[int, int], int | None]] = {
        "true": lambda total, given: total,
        "none": lambda total, given: None,
        "page": lambda total, given: given if given == min(20, largest) else total,
        "zero": lambda total, given: 0 if given == min(20, largest) else total,
    }
    if largest < 7:
        writes = min(writes, 1)
    shelf = Shelf(size, order, random.Random(seed), largest, writes, mass, counts[counted])
    found, _ = scanned(shelf)
    assert shelf.everything - shelf.touched - set(found) == set()


@pytest.mark.parametrize("order", ORDERS)
def test_a_mass_delete_below_the_reader_is_noticed(order: str) -> None:
    shelf = Shelf(2000, order, random.Random(7))
    at_request = iter(range(10_000))
    original = shelf.fetch

    async def fetch(offset: int, limit: int) -> Page:
        if next(at_request) == 30:
            for i in shelf._listed()[:900]:
                shelf._delete(i)
        return await original(offset, limit)

    shelf.fetch = fetch  # type: ignore[method-assign]
    found, _ = scanned(shelf)
    assert shelf.everything - shelf.touched <= set(found)
    assert shelf.requests < 250, "the reader should not have begun again"


def test_a_still_list_costs_its_pages_and_two_shared_records_each() -> None:
    shelf = Shelf(1000, "id", random.Random(1))
    found, scan = scanned(shelf)
    assert set(found) == shelf.everything
    assert scan.requests == 56  # 20 records, 18 of them new, a page
    assert not scan.notes


def test_a_small_list_is_one_request_and_an_empty_one_too() -> None:
    for size in (0, 1, 2, 3, 19):
        shelf = Shelf(size, "id", random.Random(1))
        assert (len(scanned(shelf, counts_all=True)[0]), shelf.requests) == (size, 1)


@pytest.mark.parametrize("largest", [1, 2, 3, 5, 10])
def test_the_page_is_as_long_as_the_server_gives(largest: int) -> None:
    shelf = Shelf(57, "id", random.Random(1), largest=largest)
    found, _ = scanned(shelf)
    assert set(found) == shelf.everything


@pytest.mark.parametrize("wrong", [lambda t, g: None, lambda t, g: g, lambda t, g: 0, lambda t, g: 10 * t])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 20, 38, 39, 150])
def test_a_wrong_or_missing_count_stops_nothing(wrong: Callable[[int, int], int | None], size: int) -> None:
    shelf = Shelf(size, "id", random.Random(1), counts=wrong)
    found, _ = scanned(shelf)
    assert set(found) == shelf.everything


def test_a_count_below_what_is_given_is_no_end() -> None:
    shelf = Shelf(15, "id", random.Random(1), largest=10, counts=lambda total, given: total // 2)
    found, _ = scanned(shelf, counts_all=True)
    assert set(found) == shelf.everything


def test_a_server_that_ignores_the_offset_is_an_error_that_says_so() -> None:
    shelf = Shelf(100, "id", random.Random(1), honours_offset=False)
    with pytest.raises(ProtocolBroken, match="offset"):
        scanned(shelf)


def test_pages_in_flight_are_bounded_and_none_is_lost_when_the_reader_stops() -> None:
    shelf = Shelf(5000, "id", random.Random(1))
    scan = Scan(shelf.fetch, limit=20, connections=4)

    async def first_only() -> int:
        pages = scan.pages()
        async for _ in pages:
            await asyncio.sleep(0.01)
            await pages.aclose()  # type: ignore[attr-defined]
            break
        return shelf.requests

    assert asyncio.run(first_only()) <= 1 + 2 * 4


def test_a_server_that_writes_a_record_differently_each_time_is_read_by_ids() -> None:
    shelf = Shelf(300, "id", random.Random(1))
    original = shelf.fetch
    salt = count()

    async def fetch(offset: int, limit: int) -> Page:
        page = await original(offset, limit)
        records = [r[:-1] + b',"asked":%d}' % next(salt) for r in page.records]
        return Page(page.offset, records, page.count, page.sent_at, None, page.number)

    shelf.fetch = fetch  # type: ignore[method-assign]
    found, scan = scanned(shelf)
    assert set(found) == shelf.everything
    assert any("by ids" in note for note in scan.notes)
