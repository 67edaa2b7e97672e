"""The bench's accounts with their contacts, as bytes: the same for every contestant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ipaas_dagster.sandbox.instagaze.generator import Generator

SEED = 8
NOW = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)
"""The latest time that a record bears, in milliseconds: long ago, so that a poll finds nothing new."""
MARK = b'"account_name":"'


def accounts(count: int) -> Iterator[tuple[int, bytes]]:
    """(time of modification in milliseconds, JSON) of each account, by ascending id from 1."""
    generator = Generator(SEED, NOW, contact=1)
    for number in range(1, count + 1):
        stamp = NOW - generator.pick(60 * 24 * 3600) * 1000
        yield stamp, generator.account(number, stamp).encode()


def kept(folder: Path, count: int) -> tuple[list[int], list[bytes]]:
    """The same, written down once, since making them takes longer than most of what is measured."""
    path = folder / f"accounts-{count}-{SEED}.ndjson"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.writelines(b"%d %s\n" % row for row in accounts(count))
        temporary.rename(path)
    stamps, bodies = [], []
    with path.open("rb") as file:
        for line in file:
            stamp, _, body = line.rstrip(b"\n").partition(b" ")
            stamps.append(int(stamp))
            bodies.append(body)
    return stamps, bodies


def changed(body: bytes, times: int) -> bytes:
    """The account under another name."""
    return body.replace(MARK, b"%sChanged %d " % (MARK, times), 1)
