"""Landings: one immutable file per scan, and its manifest. From here on nothing depends on the source.

`<day>/<landing_id>.ndjson.zst` holds one JSON object a line: `{"line":1,"observed_at":<microseconds,
UTC>,"record":{...}}`, or `"deleted":"<hub id>"` in place of `record`. The file is written under a
temporary name, fsynced and renamed; then the manifest `<landing_id>.json` likewise. A file without
manifest is not a landing. zstd level 1 costs a fifth of gzip's time here and reads faster in DuckDB.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args
from urllib.parse import unquote, urlsplit

import msgspec

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import LandingDamaged, NotSetUp, SettingsError
from ipaas_dagster.records import LandingNote, new_id

Scoped = Literal["full", "since", "window", "snapshot", "tombstones", "retry", "webhook", "baseline"]
SUFFIX = ".ndjson.zst"


class LandingStore:
    """Landings below one folder, by day. `url` is `file:///folder` or a path."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("", "file"):
            raise SettingsError(f"IPAAS_LANDINGS_URL={url!r} is not a folder; write it as file:///folder")
        self.folder = Path(unquote(parts.path) if parts.scheme else url).absolute()

    def writer(self, collection: str, *, run_id: str, landing_id: str | None = None) -> Writer:
        """A new landing; nothing is on disk until its first line, and nothing stays without `close`."""
        landing_id = landing_id or new_id()
        return Writer(self._folder(landing_id), landing_id, collection, run_id)

    def path(self, landing_id: str) -> Path:
        return self._folder(landing_id) / f"{landing_id}{SUFFIX}"

    def verify(self, landing: Any) -> None:
        """Compare the file with `landing` (a LandingNote, or a row of `landings`). Raises LandingDamaged."""
        try:
            size, sha256 = _digest(self.path(landing.landing_id))
        except OSError as error:
            raise LandingDamaged(
                f"landing {landing.landing_id} of {landing.collection} cannot be read ({error.strerror}); "
                "restore the file, or pull the collection again"
            ) from None
        if (size, sha256) != (landing.bytes, landing.sha256):
            raise LandingDamaged(
                f"landing {landing.landing_id} of {landing.collection}: {size} bytes, sha256 {sha256[:12]}; "
                f"its manifest says {landing.bytes}, {landing.sha256[:12]}; restore it, or pull again"
            )

    def manifest(self, landing_id: str) -> tuple[LandingNote, list[dict[str, Any]], dict[str, tuple[int, int]]]:
        """The landing as its manifest describes it, the calls that made it, and the lines that each call brought
        (first line and number, by call id). Raises LandingDamaged."""
        try:
            found = msgspec.json.decode((self._folder(landing_id) / f"{landing_id}.json").read_bytes())
            calls = found.pop("calls", [])
            places = msgspec.convert(found.pop("places", {}), dict[str, tuple[int, int]])
            return msgspec.convert(found, LandingNote), calls, places
        except (OSError, msgspec.MsgspecError, TypeError) as error:
            raise LandingDamaged(f"the manifest of landing {landing_id} cannot be read: {error}") from None

    def is_whole(self, landing: LandingNote) -> bool:
        """Whether its data is there in its length; its bytes are verified before they are merged."""
        path = self.path(landing.landing_id)
        return path.exists() and path.stat().st_size == landing.bytes

    def manifests(self) -> Iterator[LandingNote]:
        """Every landing there is, oldest first; unreadable manifests are passed over."""
        for landing_id in self.ids():
            try:
                yield self.manifest(landing_id)[0]
            except LandingDamaged:
                continue

    def ids(self, since_day: str = "") -> list[str]:
        """Ids of the landings with a manifest, from that day on (`2026-11-22`), oldest first."""
        days = [day for day in self._days() if day.name >= since_day]
        return sorted(file.stem for day in days for file in day.glob("*.json") if not file.name.startswith("."))

    def leftovers(self, since_day: str = "") -> list[Path]:
        """What unfinished scans left since that day: temporary files, and data without manifest."""
        files = [file for day in self._days() if day.name >= since_day for file in day.iterdir()]
        done = {file.stem for file in files if file.suffix == ".json"}
        return [f for f in files if f.name.endswith(".tmp") or (f.name.endswith(SUFFIX) and _id_of(f) not in done)]

    def remove(self, landing_id: str) -> None:
        """Remove a landing for good, its manifest first: what a kill leaves of it is then cleaned up."""
        (self._folder(landing_id) / f"{landing_id}.json").unlink(missing_ok=True)
        crash_point("landing.manifest_removed")
        self.path(landing_id).unlink(missing_ok=True)
        crash_point("landing.removed")

    def read_line(self, landing_id: str, line: int) -> dict[str, Any] | None:
        """One line (from 1), parsed; None where the file is shorter."""
        for number, text in enumerate(self.lines(landing_id), start=1):
            if number == line:
                found: dict[str, Any] = msgspec.json.decode(text)
                return found
        return None

    def lines(self, landing_id: str) -> Iterator[bytes]:
        """The lines of a landing, without their line ends. Raises OSError where the file is gone or damaged."""
        import zstandard

        with (
            self.path(landing_id).open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as reader,
        ):
            try:
                for line in io.BufferedReader(reader, 1 << 20):
                    yield line.rstrip(b"\n")
            except zstandard.ZstdError as error:
                raise OSError(errno.EIO, f"its content is damaged: {error}") from error

    def _days(self) -> list[Path]:
        return sorted(day for day in self.folder.iterdir() if day.is_dir()) if self.folder.is_dir() else []

    def _folder(self, landing_id: str) -> Path:
        """The id begins with the milliseconds of its making; so its day is known from it."""
        try:
            day = datetime.fromtimestamp(int(landing_id[:12], 16) / 1000, UTC).strftime("%Y-%m-%d")
        except (ValueError, OverflowError, OSError):
            day = "undated"
        return self.folder / day


class Writer:
    """One landing in the making. Leaving the block without `close` removes what was written."""

    def __init__(self, folder: Path, landing_id: str, collection: str, run_id: str) -> None:
        self.landing_id, self.collection, self.run_id, self.records = landing_id, collection, run_id, 0
        self._folder, self._temporary = folder, folder / f".{collection}.{landing_id}.tmp"
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
        size, sha256 = _digest(self._temporary)
        crash_point("landing.written")
        self._temporary.rename(self._folder / f"{self.landing_id}{SUFFIX}")
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
        temporary = self._folder / f".{self.collection}.{self.landing_id}.json.tmp"
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode({**asdict(note), "calls": list(calls), "places": self.pages}) + b"\n")
            _sync(file)
        crash_point("landing.manifest_written")
        temporary.rename(self._folder / f"{self.landing_id}.json")
        crash_point("landing.manifest_renamed")
        _sync_folder(self._folder)

    def _write(self, lines: bytes, observed_at: datetime, count: int) -> None:
        if self._stream is None:
            self._open()
        self._stream.write(lines)
        self.records += count
        low, high = self._observed or (observed_at, observed_at)
        self._observed = (min(low, observed_at), max(high, observed_at))

    def _open(self) -> None:
        import zstandard

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("wb")
        except OSError as error:
            raise NotSetUp(
                f"landings cannot be written below {self._folder.parent} ({error.strerror}); "
                "set IPAAS_LANDINGS_URL or IPAAS_STATE to a folder that this user may write"
            ) from error
        self._stream = zstandard.ZstdCompressor(level=1, write_checksum=True).stream_writer(self._file, closefd=False)
        crash_point("landing.opened")


def _id_of(file: Path) -> str:
    return file.name.removesuffix(SUFFIX)


def _micros(time: datetime) -> int:
    return int(time.timestamp()) * 1_000_000 + time.microsecond


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
