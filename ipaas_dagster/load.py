"""Use case: the first load of a large collection, in ranges that any number of workers on any machine take one by one.

Each worker holds the lease (or file lock) of the range that it reads; each range is a landing of its own. What is
landed is never read again: who is killed leaves its range to the next. With the last range the cursor is set, to where
the load began less the lag, so that the polls that follow bring what was changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from ipaas_dagster.errors import LockTimeout, UsageError
from ipaas_dagster.ledger.calls import call_rows, keep_calls, write_calls
from ipaas_dagster.locks import Hold
from ipaas_dagster.project import Project
from ipaas_dagster.records import Call, LandingNote, new_id
from ipaas_dagster.source.client import Client, Page
from ipaas_dagster.source.collections import SourceCollection, source_collection
from ipaas_dagster.source.landed import add_landing, adopt_orphans, scan_lock
from ipaas_dagster.source.landing import Writer
from ipaas_dagster.source.loads import Load, Range, add_load, note_landed, open_ranges, read_load, worker_name
from ipaas_dagster.source.origin import note_origin
from ipaas_dagster.source.range_reading import heads, pages_of
from ipaas_dagster.source.redaction import Report
from ipaas_dagster.source.session import connect, run


@dataclass
class Loaded:
    """What this process did. `ranges` of `all_ranges` were landed by it, of `fetched` records; `complete`: all are
    landed, by whomever."""

    collection: str
    ranges: int = 0
    all_ranges: int = 0
    fetched: int = 0
    requests: int = 0
    complete: bool = False


def begin_load(project: Project, collection: str, ranges: int, *, again: bool = False) -> Load | None:
    """The load that is under way, or a new one; None where the collection is empty. One that was completed is begun
    anew only `again`. Raises UsageError for a collection that has no pages, CallFailed."""
    source = source_collection(collection)
    if source.kind != "polled":
        raise UsageError(f"{collection} is small and read whole; `ipaas sync {collection}` does that")
    with project.locks.hold(scan_lock(collection)) as held:
        adopt_orphans(project, held=collection)
        with project.operations.read() as connection:
            found = read_load(connection, collection)
        if found is not None and (found.state == "running" or not again):
            return found
        return _Reader(project, source, held).plan(ranges)


def work(project: Project, load: Load) -> Loaded:
    """Take ranges until all are landed; waits for those that others read. Raises CallFailed, LockTimeout, LeaseLost;
    what is landed stays."""
    done = Loaded(load.collection, all_ranges=len(load.ranges))
    while numbers := _open(project, load):
        _take_one(project, load, numbers, done)
    done.complete = True
    return done


def is_complete(project: Project, load: Load) -> bool:
    return not _open(project, load)


def _open(project: Project, load: Load) -> list[int]:
    with project.operations.read() as connection:
        return open_ranges(connection, load)


def _take_one(project: Project, load: Load, numbers: list[int], done: Loaded) -> None:
    """The first that nobody reads; where all are being read, the first one when it is free again."""
    with ExitStack() as held:
        free = next((one for number in numbers if (one := _free(project, load, number, held)) is not None), None)
        number, hold = free or (numbers[0], held.enter_context(project.locks.hold(_lock(load, numbers[0]))))
        if number not in _open(project, load):
            return  # another one has landed it meanwhile
        reader = _Reader(project, source_collection(load.collection), hold)
        done.fetched += reader.read(load, number)
        done.ranges, done.requests = done.ranges + 1, done.requests + len(reader.calls)


def _free(project: Project, load: Load, number: int, held: ExitStack) -> tuple[int, Hold] | None:
    try:
        return number, held.enter_context(project.locks.hold(_lock(load, number), 0))
    except LockTimeout:
        return None


def _lock(load: Load, number: int) -> str:
    return scan_lock(worker_name(load.collection, number))


@dataclass
class _Reader:
    """One part of a load under way, and its calls."""

    project: Project
    source: SourceCollection
    held: Hold
    calls: list[Call] = field(default_factory=list)
    redacted: Report = field(default_factory=Report)

    def plan(self, ranges: int) -> Load | None:
        """Read the first pages, land them, and note what is to be read."""
        pages = self._run(lambda client: heads(client, ranges, self.project.settings.page_size))
        if not pages:
            keep_calls(self.project, self.calls)
            return None
        with self.project.landings.writer(self.source.name, run_id=self.project.run_id) as writer:
            parts = [self._add(writer, number, page) for number, page in enumerate(pages)]
            note = self._close(writer, {"load": "heads"})
        times = [page.server_time for page in pages if page.server_time is not None]
        cursor = min(times or [self.calls[0].started_at]) - timedelta(seconds=self.project.settings.lag_seconds)
        now = self.project.clock()
        load = Load(new_id(), self.source.name, "running", writer.landing_id, now, tuple(parts))
        with self.project.operations.write() as connection:
            add_landing(connection, note, now)
            note_origin(connection, self.project)
            add_load(connection, load, cursor)
            write_calls(connection, call_rows(self.calls, writer.landing_id, writer.pages))
        return load

    def _add(self, writer: Writer, number: int, page: Page) -> Range:
        first = writer.records + 1
        writer.page(page.sent_at, page.records, page.call_id)
        self.redacted.update(page.redacted)
        return Range(number, page.offset, page.count, first, len(page.records))

    def read(self, load: Load, number: int) -> int:
        """Read and land one range; how many records it brought."""
        landings, name = self.project.landings, worker_name(load.collection, number)
        head = _head(landings, load, number)
        following = _head(landings, load, number + 1) if number + 1 < len(load.ranges) else None
        with landings.writer(load.collection, run_id=self.project.run_id, made_by=name) as writer:
            try:
                self._run(lambda client: self._pages(client, writer, head, following))
            except BaseException:
                keep_calls(self.project, self.calls)
                raise
            if not writer.records:  # the head is all there is of it
                writer.page(head.sent_at, head.records[-1:])
            self.held.check()
            note = self._close(writer, {"load": load.load_id, "range": number})
            with self.project.operations.write() as connection:
                add_landing(connection, note, self.project.clock())
                write_calls(connection, call_rows(self.calls, note.landing_id, writer.pages))
                note_landed(connection, load.collection, number, note.landing_id, self.project.clock())
        return note.records

    async def _pages(self, client: Client, writer: Writer, head: Page, following: Page | None) -> None:
        settings = self.project.settings
        limit, connections = settings.page_size, settings.connections
        async for page in pages_of(client, head, following, limit=limit, connections=connections):
            writer.page(page.sent_at, page.records, page.call_id)
            self.redacted.update(page.redacted)
            self.project.progress(writer.made_by, writer.records, None)

    def _close(self, writer: Writer, details: dict[str, Any]) -> LandingNote:
        noted = {**details, "requests": len(self.calls), "redacted": dict(sorted(self.redacted.items()))}
        return writer.close("range", details=noted, calls=call_rows(self.calls, writer.landing_id, writer.pages))

    def _run(self, ask: Callable[[Client], Any]) -> Any:
        async def main() -> Any:
            async with connect(self.project, self.calls.append, collection=self.source.name) as connection:
                return await ask(Client(connection, self.source))

        return run(main())


class _Line(msgspec.Struct):
    observed_at: int
    record: msgspec.Raw


def _head(landings: Any, load: Load, number: int) -> Page:
    """The first page of a range, as it was landed when the load began."""
    from datetime import UTC, datetime
    from itertools import islice

    one = load.ranges[number]
    lines = list(islice(landings.lines(load.heads_landing_id), one.first_line - 1, one.first_line - 1 + one.lines))
    parsed = [msgspec.json.decode(line, type=_Line) for line in lines]
    sent_at = datetime.fromtimestamp(parsed[0].observed_at / 1_000_000, UTC)
    return Page(one.at, [bytes(line.record) for line in parsed], one.counted, sent_at)
