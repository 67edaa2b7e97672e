"""Use case 1: read a collection from the source into a landing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ipaas_dagster.ledger.calls import Places, call_rows, write_calls
from ipaas_dagster.locks import Hold
from ipaas_dagster.project import Project
from ipaas_dagster.records import Call, LandingNote, Scope
from ipaas_dagster.source.client import Client
from ipaas_dagster.source.collections import SourceCollection, source_collection
from ipaas_dagster.source.landed import (
    Cursor,
    add_landing,
    adopt_orphans,
    cursor_in,
    read_cursor,
    scan_lock,
    write_cursor,
)
from ipaas_dagster.source.landing import Writer
from ipaas_dagster.source.objects import read_objects
from ipaas_dagster.source.observed import observed_now
from ipaas_dagster.source.origin import note_origin
from ipaas_dagster.source.polled import Reading
from ipaas_dagster.source.redaction import Report
from ipaas_dagster.source.session import connect, run
from ipaas_dagster.source.snapshot import Snapshot, read_schemas, read_whole

if TYPE_CHECKING:
    from sqlalchemy import Connection as SqlConnection


@dataclass(frozen=True)
class PullResult:
    """`scope` is what was really read (a poll without a cursor is full). `landing_id` is None where nothing
    was found, and then nothing was written but the cursor. `fetched` counts source records as read."""

    collection: str
    scope: Scope
    landing_id: str | None
    fetched: int
    requests: int
    seconds: float
    cursor_before: datetime | None
    cursor_after: datetime | None
    notes: tuple[str, ...] = ()


def pull(project: Project, collection: str, scope: Scope | None = None) -> PullResult:
    """Scan `collection` and land what it holds. No scope: since the cursor, or full where there is none.

    Holds the collection's scan lock. Raises CallFailed, LockTimeout, LeaseLost; then nothing has moved.
    """
    source = source_collection(collection)
    started = time.monotonic()
    with project.locks.hold(scan_lock(collection)) as held:
        adopt_orphans(project, held=collection)
        work = _Pull(project, source, read_cursor(project, collection), held)
        try:
            result = work.snapshot() if source.kind == "snapshot" else work.polled(scope)
        except BaseException:
            work.keep_calls()
            raise
    return replace(result, seconds=time.monotonic() - started)


@dataclass
class _Pull:
    """One pull under way: its calls, and the cursor as it found it."""

    project: Project
    source: SourceCollection
    before: Cursor
    held: Hold
    calls: list[Call] = field(default_factory=list)

    def polled(self, scope: Scope | None) -> PullResult:
        cursor = self.before.cursor
        asked = scope or (Scope.since(cursor) if cursor else Scope.full())
        with self.project.landings.writer(self.source.name, run_id=self.project.run_id) as writer:
            reading = run(self._read(asked, writer))
            after = self._cursor_after(asked, reading)
            if after is None and asked.kind == "since":
                reading.notes["read from later than the cursor; the cursor stays"] = None
            details = self._details(reading.redacted, reading.notes, after)
            note = None
            if writer.records:
                self.held.check()  # what another scan has taken over is not worth an orphan
                note = writer.close(
                    reading.scope.kind,
                    start=reading.scope.start,
                    end=reading.scope.end,
                    details=details,
                    calls=call_rows(self.calls, writer.landing_id, writer.pages),
                )
        self._commit(note, writer.pages, cursor=after)
        return self._result(reading.scope, note, reading.fetched, after, list(reading.notes))

    async def _read(self, asked: Scope, writer: Writer) -> Reading:
        async with connect(self.project, self.calls.append, collection=self.source.name) as connection:
            reading = Reading(self.project, Client(connection, self.source), writer.page, asked)
            await reading.read()
        reading.notes.update(reading.client.notes)
        return reading

    def _cursor_after(self, asked: Scope, reading: Reading) -> datetime | None:
        """None: it stays. The scan's start by the server's clock, less the lag. Backwards only where everything was
        read: then the server's clock was set back, and a cursor ahead of it would skip what is changed meanwhile."""
        before = self.before.cursor
        unbroken = before is not None and asked.start is not None and asked.start <= before
        if asked.kind == "window" or (asked.kind == "since" and not unbroken):
            return None
        started = reading.server_time
        if started is None:
            reading.notes["the source sends no `Date`; the cursor follows this machine's clock"] = None
            started = self.calls[0].started_at
        moved = started - timedelta(seconds=self.project.settings.lag_seconds)
        return max(moved, before) if before and reading.scope.kind != "full" else moved

    def snapshot(self) -> PullResult:
        client, found = run(self._read_snapshot())
        digest, note = found.digest, None
        pages: Places = {}
        self.project.progress(self.source.name, found.records, found.records)
        if digest != self.before.digest and (found.records or self.before.digest):
            with self.project.landings.writer(self.source.name, run_id=self.project.run_id) as writer:
                for part in found.parts:
                    writer.page(*part)
                pages = writer.pages
                self.held.check()
                note = writer.close(
                    "snapshot",
                    details={**self._details(found.redacted, client.notes, None), "digest": digest},
                    calls=call_rows(self.calls, writer.landing_id, writer.pages),
                    empty_at=observed_now(self.project, self.source.name),
                )
        self._commit(note, pages, digest=digest)
        return self._result(Scope.full(), note, found.records if note else 0, None, list(client.notes))

    async def _read_snapshot(self) -> tuple[Client, Snapshot]:
        async with connect(self.project, self.calls.append, collection=self.source.name) as connection:
            client = Client(connection, self.source)
            if self.source.name == "schemas":
                return client, await read_schemas(client, await read_objects(self.project, connection))
            return client, await read_whole(client, self.project.settings.connections)

    def _details(self, redacted: Report, notes: dict[str, None], after: datetime | None) -> dict[str, Any]:
        before = self.before.cursor
        return {
            "requests": len(self.calls),
            "cursor_before": before.isoformat() if before else None,
            "cursor_after": after.isoformat() if after else None,
            "redacted": dict(sorted(redacted.items())),
            "notes": list(notes),
        }

    def _commit(self, note: LandingNote | None, places: Places, **moved: Any) -> None:
        """Landing, cursor and calls in one transaction."""
        now = self.project.clock()
        moved = {name: value for name, value in moved.items() if value is not None}
        if note is not None and moved:
            moved["landing_id"] = note.landing_id
        with self.project.operations.write() as connection:
            if note is not None:
                add_landing(connection, note, now)
                note_origin(connection, self.project)
            if note is None or note.scope not in ("full", "snapshot"):
                moved = self._unless_set_back(connection, moved)
            if moved:
                write_cursor(connection, self.source.name, now, may_go_back=True, **moved)
            write_calls(connection, call_rows(self.calls, note.landing_id if note else None, places))

    def _unless_set_back(self, connection: SqlConnection, moved: dict[str, Any]) -> dict[str, Any]:
        """A merge that found a landing damaged meanwhile set the cursor back to before it: there it stays."""
        row = cursor_in(connection, self.source.name)
        same = (row.cursor, row.digest) == (self.before.cursor, self.before.digest)
        return moved if same else {}

    def keep_calls(self) -> None:
        """The calls of a scan that failed; if even that fails, the scan's own error counts."""
        try:
            with self.project.operations.write() as connection:
                write_calls(connection, call_rows(self.calls))
        except Exception as error:
            self.project.say(f"the calls of the failed pull of {self.source.name} could not be noted: {error}")

    def _result(
        self,
        scope: Scope,
        note: LandingNote | None,
        fetched: int,
        after: datetime | None,
        notes: Sequence[str],
    ) -> PullResult:
        before = self.before.cursor
        return PullResult(
            collection=self.source.name,
            scope=scope,
            landing_id=note.landing_id if note else None,
            fetched=fetched,
            requests=len(self.calls),
            seconds=0.0,
            cursor_before=before,
            cursor_after=after or before,
            notes=tuple(notes),
        )
