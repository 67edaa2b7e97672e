"""Where landings' files are kept: a folder of this machine, or one that fsspec reaches (s3, gs, abfs, ...).

Files are named `<day>/<file>`. A landing counts once its manifest is there, which is put last; so a place that cannot
rename needs nothing more than that a file is there whole or not at all, which object stores promise.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

from ipaas_dagster.errors import NotSetUp, SettingsError


class Folder(Protocol):
    """Names that are not there raise FileNotFoundError; what cannot be reached is told apart from it."""

    shown: str

    def names(self, since_day: str = "") -> list[str]:
        """Everything from that day on, unfinished files of this machine included."""

    def temporary(self, day: str, name: str) -> Path:
        """Where a file is made before it is put. Raises NotSetUp where it cannot be."""

    def put(self, name: str, made: Path, *, last: bool = False) -> None:
        """Give the complete, synced file its place; it is gone from where it was made. `last`: of a landing's files."""

    def read(self, name: str) -> bytes: ...
    def open(self, name: str) -> IO[bytes]: ...
    def size(self, name: str) -> int | None:
        """None: it is not there."""

    def remove(self, name: str) -> None:
        """Also where it is gone already."""

    def local(self, name: str) -> AbstractContextManager[Path]:
        """The file on this machine, for who reads it by path."""


def open_folder(url: str, spool: Path | None = None) -> Folder:
    """`file:///folder`, a path, or an address that fsspec knows; `spool`: where files are made for one that is not of
    this machine. Raises SettingsError."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        return LocalFolder(Path(unquote(parts.path) if parts.scheme else url).absolute())
    if "@" in parts.netloc and parts.scheme not in ("abfs", "abfss", "az"):
        raise SettingsError(
            "IPAAS_LANDINGS_URL holds credentials; give them in the environment, as its library reads them"
        )
    from ipaas_dagster.source.remote_folder import remote_folder

    return remote_folder(url, spool or Path(tempfile.gettempdir()) / "ipaas-landings")


class LocalFolder:
    """A folder of this machine. Files are made where they will stand, and renamed."""

    def __init__(self, root: Path) -> None:
        self.root, self.shown = root, str(root)

    def names(self, since_day: str = "") -> list[str]:
        days = [day for day in self.root.iterdir() if day.is_dir()] if self.root.is_dir() else []
        return sorted(f"{day.name}/{file.name}" for day in days if day.name >= since_day for file in day.iterdir())

    def temporary(self, day: str, name: str) -> Path:
        try:
            (self.root / day).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_writable(self.root, error) from error
        return self.root / day / name

    def put(self, name: str, made: Path, *, last: bool = False) -> None:
        made.rename(self.root / name)
        if last:
            _sync_folder((self.root / name).parent)

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def open(self, name: str) -> IO[bytes]:
        return (self.root / name).open("rb")

    def size(self, name: str) -> int | None:
        try:
            return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        yield self.root / name


def not_writable(folder: Path, error: OSError) -> NotSetUp:
    return NotSetUp(
        f"landings cannot be written below {folder} ({error.strerror}); "
        "set IPAAS_LANDINGS_URL or IPAAS_STATE to a folder that this user may write"
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of(path: Path) -> tuple[int, str]:
    """Length and SHA-256 of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
