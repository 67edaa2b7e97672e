"""Secrets that a system hands out and expects back, such as refresh tokens that change: kept encrypted.

One file a secret. Its key is made from another secret that only the environment holds, so that the file alone tells
nothing. What is written is on the disk before `write` returns, wholly or not at all.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.locks import Locks

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


@dataclass(frozen=True)
class Sealed:
    """The secret `name` below `folder`; `key` is the other secret, in plain."""

    folder: Path
    name: str
    key: str = field(repr=False)

    @contextmanager
    def alone(self, limit_seconds: float = 120.0) -> Iterator[None]:
        """One process at a time reads, renews and writes it. Raises LockTimeout."""
        with Locks(self.folder / "locks", limit_seconds).hold(self.name):
            yield

    def read(self) -> str | None:
        """None where nothing was written yet. Raises SettingsError where the key is another one."""
        from cryptography.fernet import InvalidToken

        try:
            token = self._file.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return self._cipher().decrypt(token).decode()
        except InvalidToken:
            pass
        raise SettingsError(
            f"{self._file} cannot be opened: it was sealed with other credentials; "
            "set these again, or remove the file and connect anew"
        )

    def write(self, secret: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._file.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._cipher().encrypt(secret.encode()))
            file.flush()
            os.fsync(file.fileno())
        crash_point("sealed.written")
        os.replace(part, self._file)
        crash_point("sealed.replaced")
        _sync_folder(self.folder)

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.name}.sealed"

    def _cipher(self) -> Fernet:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        made = HKDF(SHA256(), 32, salt=None, info=f"ipaas:{self.name}".encode()).derive(self.key.encode())
        return Fernet(base64.urlsafe_b64encode(made))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
