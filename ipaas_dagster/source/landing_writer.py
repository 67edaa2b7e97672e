"""Writing a landing: its lines as they come, then file and manifest into their place for good."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args

import msgspec

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.records import LandingNote
from ipaas_dagster.source.folders import Folder, digest_of, not_writable
from ipaas_dagster.source.landing_names import data_name, manifest_name

Scoped = Literal["full", "since", "window", "snapshot", "tombstones", "retry", "webhook", "baseline", "range"]


class Writer:
    """One landing in the making. Leaving the block without `close` removes what was written."""

    def __init__(
        self, files: Folder, day: str, landing_id: str, collection: str, run_id: str, made_by: str | None = None
    ) -> None:
        self.landing_id, self.collection, self.run_id, self.records = landing_id, collection, run_id, 0
        self.made_by = made_by or collection
        """Under whose scan lock: in the names of its unfinished files, so that nobody else clears them away."""
        self._files, self._day, self._temporary = files, day, Path()
        self._observed: tuple[datetime, datetime] | None = None
        self.pages: dict[str, tuple[int, int]] = {}
        """By the id of the call that brought them: its first line and how many lines it made."""
        self._file: Any = None
        self._stream: Any = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
            self._temporary.unlink(missing_ok=True)

    def page(self, observed_at: datetime, records: Sequence[bytes], call_id: str = "") -> None:
        """`records`: valid JSON without line breaks, secrets removed; `call_id`: of the call that brought them."""
        if not records:
            return
        if call_id:
            self.pages[call_id] = (self.records + 1, len(records))
        middle = b',"observed_at":%d,"record":' % _micros(observed_at)
        first = self.records + 1
        self._write(
            b"".join([b'{"line":%d%s%s}\n' % (n, middle, r) for n, r in enumerate(records, first)]),
            observed_at,
            len(records),
        )

    def record(self, observed_at: datetime, record: bytes, call_id: str = "") -> None:
        self.page(observed_at, [record], call_id)

    def tombstone(self, hub_id: str, observed_at: datetime, call_id: str = "") -> None:
        """The record `hub_id` was confirmed gone at `observed_at`, by this call."""
        if call_id:
            self.pages[call_id] = (self.records + 1, 1)
        line = {"line": self.records + 1, "observed_at": _micros(observed_at), "deleted": hub_id}
        self._write(msgspec.json.encode(line) + b"\n", observed_at, 1)

    def close(
        self,
        scope: Scoped,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        details: Mapping[str, Any] | None = None,
        calls: Sequence[Mapping[str, Any]] = (),
        empty_at: datetime | None = None,
    ) -> LandingNote:
        """Put file and manifest into place for good. `calls`: rows of the ledger, for whoever adopts an
        orphan. `empty_at`: when the source was seen to hold nothing, if that is what the landing says."""
        if scope not in get_args(Scoped):
            raise ValueError(f"{scope!r} is no scope of a landing; there are {', '.join(get_args(Scoped))}")
        if self._stream is None and empty_at is not None:
            self._write(b"", empty_at, 0)
        if self._observed is None:
            raise ValueError("a landing without a line")
        self._stream.close()
        _sync(self._file)
        size, sha256 = digest_of(self._temporary)
        crash_point("landing.written")
        self._files.put(data_name(self.landing_id), self._temporary)
        crash_point("landing.renamed")
        self._file = None
        note = LandingNote(
            landing_id=self.landing_id,
            collection=self.collection,
            scope=scope,
            records=self.records,
            sha256=sha256,
            bytes=size,
            observed_from=self._observed[0],
            observed_to=self._observed[1],
            run_id=self.run_id,
            start=start,
            end=end,
            details=dict(details or {}),
        )
        self._manifest(note, calls)
        return note

    def _manifest(self, note: LandingNote, calls: Sequence[Mapping[str, Any]]) -> None:
        temporary = self._files.temporary(self._day, f".{self.made_by}.{self.landing_id}.json.tmp")
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode({**asdict(note), "calls": list(calls), "places": self.pages}) + b"\n")
            _sync(file)
        crash_point("landing.manifest_written")
        self._files.put(manifest_name(self.landing_id), temporary, last=True)
        crash_point("landing.manifest_renamed")

    def _write(self, lines: bytes, observed_at: datetime, count: int) -> None:
        if self._stream is None:
            self._open()
        self._stream.write(lines)
        self.records += count
        low, high = self._observed or (observed_at, observed_at)
        self._observed = (min(low, observed_at), max(high, observed_at))

    def _open(self) -> None:
        import zstandard

        self._temporary = self._files.temporary(self._day, f".{self.made_by}.{self.landing_id}.tmp")
        try:
            self._file = self._temporary.open("wb")
        except OSError as error:
            raise not_writable(self._temporary.parent, error) from error
        self._stream = zstandard.ZstdCompressor(level=1, write_checksum=True).stream_writer(self._file, closefd=False)
        crash_point("landing.opened")


def _micros(time: datetime) -> int:
    return int(time.timestamp()) * 1_000_000 + time.microsecond


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
