"""Where batches and manifests stand, and how they get there whole or not at all.

    <folder>/<object>/batches/<batch id>.jsonl     immutable; one line an entry
    <folder>/<object>/manifests/00000001.json      one a batch, numbered without gaps; written last

A batch counts once a manifest names it. One small file a batch, not one growing manifest: 10,000 batches stay
10,000 small writes. The numbers have no gaps, so the next one is found by halving, without reading the folder.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from ipaas_dagster.crash_points import crash_point

BATCHES, MANIFESTS = "batches", "manifests"


@dataclass(frozen=True)
class Manifest:
    """`number` counts from 1 over the batches of one object; `file` is relative to the object's folder; `sha256`
    is that of the file's bytes."""

    number: int
    batch_id: str
    collection: str
    file: str
    format: str
    lines: int
    first_seq: int
    last_seq: int
    bytes: int
    sha256: str


def manifest_path(folder: Path, number: int) -> Path:
    return folder / MANIFESTS / f"{number:08d}.json"


def last_number(folder: Path) -> int:
    """The highest manifest number, 0 for none: doubled until one is missing, then halved."""
    high = 1
    while manifest_path(folder, high).exists():
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        if manifest_path(folder, middle).exists():
            low = middle
        else:
            high = middle
    return low


def read_manifest(folder: Path, number: int) -> Manifest:
    return Manifest(**json.loads(manifest_path(folder, number).read_text(encoding="utf-8")))


def newest_first(folder: Path) -> Iterator[Manifest]:
    for number in range(last_number(folder), 0, -1):
        yield read_manifest(folder, number)


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """`write` fills a temporary file beside `path`; it is synced and renamed, so that `path` is whole or absent."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        _sync(temporary)
        crash_point("files.written")
        os.replace(temporary, path)
        crash_point("files.replaced")
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def add_manifest(folder: Path, make: Callable[[int], Manifest]) -> None:
    """Write the next manifest. The caller holds `numbering`."""
    manifest = make(last_number(folder) + 1)
    data = json.dumps(asdict(manifest), ensure_ascii=False).encode()
    write_whole(manifest_path(folder, manifest.number), lambda path: _write_bytes(path, data))


@contextmanager
def numbering(folder: Path) -> Iterator[None]:
    """Exclusive among all writers of this object; the kernel lets go when a process ends."""
    for name in (BATCHES, MANIFESTS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
