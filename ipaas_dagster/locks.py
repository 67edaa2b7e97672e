"""Exclusive work by name: what every kind of lock promises, and the one of a single machine, an OS file lock.

The kernel lets go of a file lock when its process ends, however it ends; nothing needs to be cleaned up. Where
operations is shared by several machines, leases stand in its place (`operations/leases.py`), under the same names.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ipaas_dagster.errors import LockTimeout, NotSetUp

_POLL_SECONDS = 0.02


class Hold(Protocol):
    """Exclusive work under way. `token` grows with every acquisition of the name; 0 where no other process can take
    it over, so that nothing need be fenced."""

    @property
    def name(self) -> str: ...
    @property
    def token(self) -> int: ...
    def check(self) -> None:
        """Raises LeaseLost where another process holds the name now."""


class Exclusive(Protocol):
    """Names that one process holds at a time (`scan-accounts`, `merge`, `deliver-sql`)."""

    def hold(self, name: str, limit_seconds: float | None = None) -> AbstractContextManager[Hold]:
        """Hold `name` for the block. Raises LockTimeout, naming the holder, after the limit."""

    def known(self, name: str) -> bool:
        """Whether anybody ever held it."""


@dataclass(frozen=True)
class FileHold:
    """The kernel keeps it for as long as the process lives, stopped or not: it is never lost."""

    name: str
    token: int = 0

    def check(self) -> None:
        pass


class Locks:
    """Locks by name (`hub`, `scan-accounts`, `deliver-sql`) as files below `folder`."""

    def __init__(self, folder: Path, limit_seconds: float = 600.0) -> None:
        self._folder, self._limit = folder, limit_seconds

    @contextmanager
    def hold(self, name: str, limit_seconds: float | None = None) -> Iterator[FileHold]:
        limit = self._limit if limit_seconds is None else limit_seconds
        descriptor = self._open(name)
        try:
            self._acquire(descriptor, name, limit)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()}".encode(), 0)
            try:
                yield FileHold(name)
            finally:
                os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def known(self, name: str) -> bool:
        return (self._folder / f"{name}.lock").exists()

    def _open(self, name: str) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise NotSetUp(
                f"the state folder {self._folder.parent} cannot be written ({error.strerror}); "
                "set IPAAS_STATE to a folder that this user may write"
            ) from error

    def _acquire(self, descriptor: int, name: str, limit: float) -> None:
        deadline = time.monotonic() + limit
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = os.pread(descriptor, 100, 0).decode(errors="replace") or "another process"
                    raise LockTimeout(
                        f"{name!r} is held by {holder} for longer than {limit:g} s; "
                        "wait for it to end, or raise IPAAS_LOCK_SECONDS"
                    ) from None
                time.sleep(_POLL_SECONDS)
