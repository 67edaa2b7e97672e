"""A plan as a file: one JSON document a line: the header, every batch, and last the summary with a checksum.

A line at a time, so that a plan of a million records takes the memory of one batch. The file holds no secret, but it
holds records: it is written for its owner alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import UsageError
from ipaas_dagster.plan.model import FORMAT, Header, PlannedBatch, Summary


class _Last(msgspec.Struct):
    summary: Summary
    sha256: str


_encode = msgspec.json.Encoder().encode


@dataclass
class Writer:
    file: BinaryIO = field(repr=False)
    digest: Any = field(default_factory=sha256, repr=False)
    summary: Summary = field(default_factory=Summary)

    def add(self, batch: PlannedBatch) -> None:
        self.summary.count(batch)
        self.line(_encode(batch))

    def line(self, line: bytes) -> None:
        self.digest.update(line)
        self.file.write(line + b"\n")


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Writer]:
    """The file is there once the block ends well, wholly; never half of it."""
    part = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise UsageError(f"the plan cannot be written to {path}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            writer = Writer(file)
            writer.line(_encode(header))
            yield writer
            file.write(_encode(_Last(writer.summary, writer.digest.hexdigest())) + b"\n")
        crash_point("plan.written")
        os.replace(part, path)
        crash_point("plan.replaced")
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True)
class PlanFile:
    """A plan that was read whole once: its checksum holds."""

    path: Path
    header: Header
    summary: Summary

    def batches(self) -> Iterator[PlannedBatch]:
        """In the order in which they are sent."""
        decode = msgspec.json.Decoder(PlannedBatch).decode
        with self.path.open("rb") as file:
            next(file)
            for line in file:
                if line.startswith(b'{"summary":'):
                    return
                yield decode(line)


def read_plan(path: Path) -> PlanFile:
    """Raises UsageError for a file that is none, is cut, was changed, or is of another version."""
    digest, last, first = sha256(), b"", b""
    try:
        with path.open("rb") as file:
            for line in file:
                if last:
                    digest.update(last.rstrip(b"\n"))
                first, last = first or line, line
    except OSError as error:
        raise UsageError(f"the plan {path} cannot be read: {error.strerror}") from None
    try:
        header = msgspec.json.decode(first, type=Header)
        ended = msgspec.json.decode(last, type=_Last)
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise UsageError(f"{path} is no whole plan; write it anew with `ipaas plan SYSTEM --out {path}`") from None
    if header.format != FORMAT:
        raise UsageError(f"{path} is a plan of another version of this program; write it anew")
    if ended.sha256 != digest.hexdigest():
        raise UsageError(f"{path} was changed after it was written; a plan is applied as it is, or written anew")
    return PlanFile(path, header, ended.summary)
