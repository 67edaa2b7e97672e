"""Landings in an object store or another place that fsspec reaches.

A file is made in a spool folder of this machine, uploaded, read back and compared, and only then its place counts as
taken; so a landing's manifest never stands before its data is proven to be there. Credentials come from the process's
environment, as the store's own library reads them.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from ipaas_dagster.errors import SettingsError, StoreUnreachable
from ipaas_dagster.source.folders import not_writable

_BLOCK = 1 << 20


def remote_folder(url: str, spool: Path) -> RemoteFolder:
    """Raises SettingsError where fsspec does not know the scheme, or its library is not installed."""
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
    except (ValueError, ImportError) as error:
        raise SettingsError(
            f"IPAAS_LANDINGS_URL={url!r} is not understood ({error}); write it as file:///folder or "
            "s3://bucket/folder, and install what the store needs (for s3: the extra `s3` of this package)"
        ) from error
    return RemoteFolder(system, root.rstrip("/"), url, spool)


class RemoteFolder:
    def __init__(self, system: Any, root: str, shown: str, spool: Path) -> None:
        self._system, self._root, self.shown, self._spool = system, root, shown, spool

    def names(self, since_day: str = "") -> list[str]:
        with self._asking():
            try:
                found = self._system.find(self._root)
            except FileNotFoundError:
                found = []
        names = {path[len(self._root) + 1 :] for path in found}
        made = {f"{file.parent.name}/{file.name}" for file in self._spool.glob("*/.*.tmp")}
        return sorted(name for name in names | made if name >= since_day and name.count("/") == 1)

    def temporary(self, day: str, name: str) -> Path:
        try:
            (self._spool / day).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_writable(self._spool, error) from error
        return self._spool / day / name

    def put(self, name: str, made: Path, *, last: bool = False) -> None:
        with made.open("rb") as file:
            wanted = hashlib.file_digest(file, "sha256").hexdigest()
        with self._asking():
            self._system.put_file(str(made), self._at(name))
        if self._digest(name) != wanted:
            self.remove(name)
            raise StoreUnreachable(f"{self.shown}/{name} does not hold what was uploaded; nothing was noted, run again")
        made.unlink()

    def read(self, name: str) -> bytes:
        with self._asking():
            return cast("bytes", self._system.cat_file(self._at(name)))

    def open(self, name: str) -> IO[bytes]:
        with self._asking():
            return cast("IO[bytes]", self._system.open(self._at(name), "rb", block_size=_BLOCK))

    def size(self, name: str) -> int | None:
        with self._asking():
            try:
                return int(self._system.info(self._at(name))["size"])
            except FileNotFoundError:
                return None

    def remove(self, name: str) -> None:
        (self._spool / name).unlink(missing_ok=True)
        with self._asking():
            try:
                self._system.rm_file(self._at(name))
            except FileNotFoundError:
                return

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A copy for the block; what a killed process left of one goes with its folder, which is a temporary one."""
        with tempfile.TemporaryDirectory(prefix="ipaas-landing-") as folder:
            path = Path(folder) / name.rpartition("/")[2]
            with self._asking():
                self._system.get_file(self._at(name), str(path))
            yield path

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _digest(self, name: str) -> str:
        with self.open(name) as file, self._asking():
            digest = hashlib.sha256()
            while block := file.read(_BLOCK):
                digest.update(block)
            return digest.hexdigest()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """A file that is not there is an answer; anything else means that nothing is known. Each store's library has
        errors of its own, of no common kind."""
        try:
            yield
        except (FileNotFoundError, StoreUnreachable):
            raise
        except Exception as error:
            first = (str(error).splitlines() or [""])[0]
            raise StoreUnreachable(
                f"the landings at {self.shown} cannot be reached ({type(error).__name__}: {first}); "
                "nothing was noted: check the address and its credentials, then run again"
            ) from error
