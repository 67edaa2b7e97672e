"""Reading a polled collection in one of the three scopes: full, since a time, a window of modified times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ipaas_dagster.records import Scope
from ipaas_dagster.source.client import Client, Page
from ipaas_dagster.source.facts import known, remember
from ipaas_dagster.source.parse import record_id
from ipaas_dagster.source.probe import modified_unit, stamp
from ipaas_dagster.source.redaction import Report
from ipaas_dagster.source.scan import Scan
from ipaas_dagster.source.window import cut, without

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

Sink = Callable[[datetime, Sequence[bytes], str], None]
"""sink(when the page's request was sent, its records, the id of that call)."""

UNIT_FACT, COUNT_FACT = "modified_unit", "counts_all"


@dataclass
class Reading:
    """What a scan of one collection is doing and has found. `scope`: what is really read; `server_time`: of
    the first answer, by the server's clock."""

    project: Project
    client: Client
    sink: Sink
    scope: Scope
    fetched: int = 0
    server_time: datetime | None = None
    notes: dict[str, None] = field(default_factory=dict)
    redacted: Report = field(default_factory=Report)
    counts_all: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.client.collection.name

    async def read(self) -> None:
        """Everything in the scope goes to the sink. Raises CallFailed."""
        operations, now = self.project.operations, self.project.clock()
        self.facts = known(operations, self._base_url, self.name, now)
        self.counts_all = bool(self.facts.get(COUNT_FACT))
        await self._read()
        learnt = {COUNT_FACT: True} if self.counts_all else {}
        if learnt.items() - self.facts.items():
            remember(operations, self._base_url, self.name, learnt, now)

    async def _read(self) -> None:
        if self.scope.kind == "full":
            await self._scan({})
            await self._prove_after_full()
            return
        unit = await self._unit()
        if unit is None:
            self.notes["the collection is empty"] = None
        elif not unit:
            self.notes["the source does not honour the `modified` filter; the whole collection was read"] = None
            self.scope = Scope.full()
            await self._scan({})
        elif self.scope.kind == "since":
            await self._read_since(unit)
        else:
            await self._read_window(unit)

    async def _read_since(self, unit: str) -> None:
        assert self.scope.start is not None
        query = {"modified": stamp(self.scope.start, unit)}
        first = self._seen(await self.client.page(0, self._limit, query))
        earliest = self._earliest(first)
        if earliest is not None and earliest < self.scope.start:
            await self._read_set_back(first, stamp(earliest, unit))
            return
        await self._scan(query, first=first)

    async def _read_set_back(self, first: Page, earliest: int) -> None:
        """Within the lag it is no more than two clocks of one source; beyond it, what was changed since the last
        poll may bear any time, so that only the whole collection is sure to hold it."""
        assert self.scope.start is not None
        assert first.server_time is not None
        if first.server_time >= self.scope.start:
            self.notes["the source's clock was set back a little; read from that much earlier"] = None
            await self._scan({"modified": earliest})
            return
        self.notes["the source's clock was set back; the whole collection was read"] = None
        self.scope = Scope.full()
        await self._scan({})

    def _earliest(self, first: Page) -> datetime | None:
        """Where a cursor made from this answer would stand."""
        if first.server_time is None:
            return None
        return first.server_time - timedelta(seconds=self.project.settings.lag_seconds)

    async def _read_window(self, unit: str) -> None:
        start, end = self.scope.start, self.scope.end
        assert start is not None
        assert end is not None
        low = 0 if start.date() <= self.project.settings.start_date else stamp(start, unit)
        if low == 0:
            self.notes["the first window; it takes everything older as well"] = None
        if end > self.project.clock():
            self.notes["the window is still open; read to the end"] = None
            await self._scan({"modified": low})
            return
        how = await cut(self.client, low, stamp(end, unit), counts_all=self.counts_all)
        self._seen(how.first)
        self.notes[how.note] = None
        above = await self._ids_since(stamp(end, unit)) if how.by_ids else frozenset[str]()
        if how.until != 0:
            await self._scan(how.query, until=how.until, above=above)

    async def _ids_since(self, low: int) -> frozenset[str]:
        ids: set[str] = set()
        scan = Scan(
            lambda offset, limit: self.client.page(offset, limit, {"modified": low}),
            limit=self._limit,
            connections=self.project.settings.connections,
        )
        async for page in scan.pages():
            ids.update(found for record in page.records if (found := record_id(record)) is not None)
        return frozenset(ids)

    async def _scan(
        self,
        query: Mapping[str, object],
        *,
        first: Page | None = None,
        until: int | None = None,
        above: frozenset[str] = frozenset(),
    ) -> None:
        scan = Scan(
            lambda offset, limit: self.client.page(offset, limit, query),
            limit=self._limit if until is None else min(self._limit, max(3, until)),
            connections=self.project.settings.connections,
            until=until,
            first=first,
            counts_all=self.counts_all,
        )
        async for page in scan.pages():
            records = without(self._seen(page), above, until)
            self.sink(page.sent_at, records, page.call_id)
            self.redacted.update(page.redacted)
            self.fetched += len(records)
            self.project.progress(self.name, self.fetched, until if until is not None else page.count)
        self.notes.update(scan.notes)

    def _seen(self, page: Page) -> Page:
        """Take from every answer what it tells: the server's time, and that its count goes beyond the page."""
        if page.count is not None and page.count > page.end:
            self.counts_all = True
        if self.server_time is None:
            self.server_time = page.server_time
        return page

    @property
    def _limit(self) -> int:
        return self.project.settings.page_size

    async def _unit(self) -> str | None:
        """The proven unit of the filter; proven now where it is not known. None: the collection is empty."""
        if UNIT_FACT in self.facts:
            return str(self.facts[UNIT_FACT])
        unit = await modified_unit(self.client, self._seen)
        if unit is not None:
            remember(self.project.operations, self._base_url, self.name, {UNIT_FACT: unit}, self.project.clock())
        return unit

    async def _prove_after_full(self) -> None:
        """A first full scan pays for the proof, so that the polls after it need one request."""
        if self.fetched and await self._unit() == "":
            self.notes["the source does not honour the `modified` filter; every poll reads the whole collection"] = None

    @property
    def _base_url(self) -> str:
        return self.project.settings.base_url.partition("?")[0].rpartition("@")[2]
