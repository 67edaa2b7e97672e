"""Disks, files and locks that fail: what is broken, what must be said, and how a person mends it."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ipaas_dagster_tests.torture.process import Command, Life
from ipaas_dagster_tests.torture.world import Place

UNDER = "ipaas_dagster_tests.torture.broken.conditions."


class NotHere(Exception):
    """This machine cannot do that; the message says why."""


@dataclass(frozen=True)
class Case:
    """`broken` is entered after a first good sync and new changes at the source. It runs the sync that has to say what
    is wrong, and leaving it mends what no sync mends by itself. `says`: patterns, which must all be in what that sync
    prints. `code`: its exit code, None where it may differ."""

    name: str
    broken: Callable[[Place], Iterator[Life]]
    says: tuple[str, ...]
    code: int | None = 1


@contextmanager
def played(case: Case, place: Place) -> Iterator[Life]:
    with contextmanager(case.broken)(place) as life:
        yield life


def _sync(place: Place, under: Command = ()) -> Life:
    return place.run(place.sync_words, under=under)


def _disk_full_at(most: int) -> Callable[[Place], Iterator[Life]]:
    def broken(place: Place) -> Iterator[Life]:
        yield _sync(place, (UNDER + "small_files", str(most)))

    return broken


def _small_disk(place: Place) -> Iterator[Life]:
    """A real file system that is full: what there is is moved to it, and a file takes the rest."""
    there, kept = place.state, place.state.with_name("kept")
    used = sum(file.stat().st_size for file in there.rglob("*") if file.is_file())
    there.rename(kept)
    there.mkdir()
    options = f"size={used + 400_000}"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", there], capture_output=True, text=True)
    if done.returncode:
        there.rmdir()
        kept.rename(there)
        raise NotHere(f"no file system of its own can be mounted here: {done.stderr.strip()}")
    try:
        shutil.copytree(kept, there, dirs_exist_ok=True)
        _fill(there / "filler")
        life = _sync(place)
        (there / "filler").unlink(missing_ok=True)
        shutil.rmtree(kept)
        shutil.copytree(there, kept)
    finally:
        subprocess.run(["umount", "-l", there], check=True)
        there.rmdir()
        kept.rename(there)
    yield life


def _fill(file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except OSError:  # it is full
        os.close(descriptor)


def _read_only(place: Place) -> Iterator[Life]:
    if os.getuid() != 0:
        raise NotHere("only root can run a process as a user who may write nowhere")
    for folder in (place.folder, *place.state.parents[:2]):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    (place.folder / "said.txt").touch()
    os.chown(place.folder, 65534, 65534)
    for path in (place.state, *place.state.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    try:
        yield _sync(place, (UNDER + "nobody",))
    finally:
        os.chown(place.folder, 0, 0)


def _leave(place: Place, point: str) -> None:
    assert place.run(place.sync_words, kill_at=point).killed, point


def _newest(place: Place, pattern: str) -> Path:
    return max((place.state / "landings").rglob(pattern), key=lambda file: file.stat().st_mtime_ns)


def _landing(damage: Callable[[Path], object]) -> Callable[[Place], Iterator[Life]]:
    """A landing that waits to be merged is damaged."""

    def broken(place: Place) -> Iterator[Life]:
        _leave(place, "pull._Pull._commit: committed")
        damage(_newest(place, "*.zst"))
        yield _sync(place)

    return broken


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x41
    file.write_bytes(data)


def _half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _manifest(place: Place) -> Iterator[Life]:
    """The landing has no row yet, so that only its manifest could tell of it."""
    _leave(place, "landing.manifest_renamed")
    _half(_newest(place, "*.json"))
    yield _sync(place)


def _hub(damage: Callable[[Path], object]) -> Callable[[Place], Iterator[Life]]:
    def broken(place: Place) -> Iterator[Life]:
        hub = place.state / "ipaas.duckdb"
        damage(hub)
        yield _sync(place)
        hub.rename(hub.with_suffix(".damaged"))  # as the error says

    return broken


def _overwrite(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"\x00" * 8192)


def _scramble(file: Path) -> None:
    """Block after block of the middle."""
    dice, size = random.Random(1), file.stat().st_size
    with file.open("r+b") as opened:
        for at in range(16_384, size - 4096, 8192):
            opened.seek(at)
            opened.write(dice.randbytes(512))


def _operations(place: Place) -> Iterator[Life]:
    """The backup is older than what was delivered since."""
    file, backup = place.state / "operations.db", place.state.parent / "backup.db"
    with sqlite3.connect(file) as connection, sqlite3.connect(backup) as copy:
        connection.backup(copy)
    place.run(place.sync_words)
    place.stir(random.Random(7))
    for beside in ("", "-wal", "-shm"):
        place.state.joinpath(f"operations.db{beside}").unlink(missing_ok=True)
    file.write_bytes(random.Random(1).randbytes(50_000))
    yield _sync(place)
    shutil.copy(backup, file)  # as the error says


def _hub_is_held(place: Place) -> Iterator[Life]:
    lock = place.state / "locks" / "hub.lock"
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        place.extra = (("IPAAS_LOCK_SECONDS", "1"),)
        yield _sync(place)
        place.extra = ()


def _hub_is_open(place: Place) -> Iterator[Life]:
    """In another program that knows nothing of our locks."""
    import duckdb

    connection = duckdb.connect(str(place.state / "ipaas.duckdb"))
    try:
        yield _sync(place)
    finally:
        connection.close()


def _sql_is_held(place: Place) -> Iterator[Life]:
    with sqlite3.connect(place.state / "sql.db", isolation_level=None) as held:
        held.execute("BEGIN EXCLUSIVE")
        yield _sync(place)
        held.execute("ROLLBACK")


def _files_is_a_file(place: Place) -> Iterator[Life]:
    folder = place.state / "files" / "customers" / "batches"
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.write_text("not a folder")
    yield _sync(place)
    folder.unlink()
    aside.rename(folder)


FULL = ("disk|File too large|No space", "free space")
DAMAGED = ("damaged",)
MOVE = ("move (it|its file) away", "ipaas sync")

CASES: tuple[Case, ...] = (
    *(
        Case(f"no file grows beyond {size:,} bytes", _disk_full_at(size), FULL, None)
        for size in (4_000, 20_000, 150_000, 700_000)  # what it says is a file as well
    ),
    Case("the file system is full", _small_disk, FULL, None),
    Case(
        "the state folder is read-only", _read_only, ("cannot be (written|opened)|attempt to write a readonly",), None
    ),
    Case("a landing has a flipped byte", _landing(_flip), DAMAGED),
    Case("a landing is cut", _landing(_half), DAMAGED),
    Case("a landing is gone", _landing(Path.unlink), DAMAGED),
    Case("a manifest is half written", _manifest, ("manifest of landing",), None),
    Case("the hub's header is overwritten", _hub(_overwrite), MOVE),
    Case("the hub is cut", _hub(_half), MOVE),
    Case("the hub's blocks are overwritten", _hub(_scramble), MOVE),
    Case("the operations store is damaged, its backup older", _operations, ("damaged", "restore it from a backup")),
    Case("the hub is locked", _hub_is_held, ("'hub' is held by", "IPAAS_LOCK_SECONDS")),
    Case("the hub is open in another program", _hub_is_open, ("open in another program", "close it there"), None),
    Case("the sql destination is locked", _sql_is_held, ("sql: .*locked", "stays owed")),
    Case("the files destination cannot be written", _files_is_a_file, ("files: .*cannot be written", "stays owed")),
)
