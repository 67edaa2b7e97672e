"""Everything that can go wrong, drawn as a tree; every message says what to do.

IpaasError
├── UsageError                 the user's words are wrong; exit code 2, nothing was sent
│   ├── SettingsError          the environment or .env
│   ├── DeclarationError       worksheet, presets or a template: file, line, allowed names
│   └── NotSetUp               a store is missing, read-only or of another version
├── Stopped                    this run cannot go on; what was committed stays; exit code 1
│   ├── LockTimeout            another process holds a lock for longer than the limit
│   ├── LeaseLost              this process was away for too long; another one has taken its work over
│   ├── StoreUnreachable       the connection to the operations store or the hub was lost in the middle
│   ├── LandingDamaged         a landing's bytes are not those of its manifest
│   ├── StoreDamaged           the hub or operations file cannot be read
│   └── CallFailed             a system could not be asked
│       ├── ApiError           it answered with an error (its documented attributes are kept)
│       │   └── Refused        a final answer: 400 401 402 403 404 405 406 410 422
│       ├── Unavailable        429, 5xx, broken, cut or no answers, after every retry
│       └── ProtocolBroken     answers that contradict the documented protocol
└── NotAccounted               the work is done, but something new needs a person; exit code 1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class IpaasError(Exception):
    """Base of all errors that the product raises on purpose."""

    exit_code = 1


class UsageError(IpaasError):
    exit_code = 2


class SettingsError(UsageError):
    pass


class DeclarationError(UsageError):
    """A declared file is wrong. `line` counts from 1; `allowed` are the names that would have been right."""

    def __init__(self, message: str, *, file: str, line: int | None = None, allowed: Sequence[str] = ()) -> None:
        place = f"{file}:{line}" if line is not None else file
        hint = f" (allowed: {', '.join(allowed)})" if allowed else ""
        super().__init__(f"{place}: {message}{hint}")
        self.file, self.line, self.allowed = file, line, tuple(allowed)


class NotSetUp(UsageError):
    pass


class Stopped(IpaasError):
    pass


class LockTimeout(Stopped):
    pass


class LeaseLost(Stopped):
    pass


class StoreUnreachable(Stopped):
    pass


class LandingDamaged(Stopped):
    pass


class StoreDamaged(Stopped):
    pass


class CallFailed(Stopped):
    """A call to `system` failed; `path` never holds credentials."""

    def __init__(self, message: str, *, system: str, method: str = "", path: str = "") -> None:
        super().__init__(message)
        self.system, self.method, self.path = system, method, path


class ApiError(CallFailed):
    """An error answer; `attributes` are those of the vendor's error body (type, code, message, param, ...)."""

    def __init__(
        self,
        message: str,
        *,
        system: str,
        status: int,
        method: str = "",
        path: str = "",
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, system=system, method=method, path=path)
        self.status, self.attributes = status, dict(attributes or {})


class Refused(ApiError):
    pass


class Unavailable(CallFailed):
    pass


class ProtocolBroken(CallFailed):
    pass


class NotAccounted(IpaasError):
    """Everything good was delivered; `findings` are what is new and needs a person."""

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__("; ".join(findings))
        self.findings = tuple(findings)


_DISK = (
    *("disk I/O error", "disk is full", "No space left", "File too large", "quota", "Read-only file system"),
    *("Could not write file", "Could not truncate file", "CHECKPOINT during DETACH failed"),
)


_DAMAGED = ("Corrupt database file", "Could not read enough bytes from file")
"""A hub whose blocks are not those that were written, or that was cut off."""


def unexpected(error: BaseException) -> str:
    """An error that nobody raised on purpose, in one line; a full disk and a damaged hub, which may show anywhere,
    by their names."""
    first_line = (str(error).splitlines() or ["no words"])[0]
    if any(words in str(error) for words in _DISK):
        return (
            f"the disk is full or cannot be written ({first_line}): free space where IPAAS_STATE is, then run again; "
            "what was committed stays, the rest is done again"
        )
    if any(words in str(error) for words in _DAMAGED):
        return (
            f"the hub is damaged ({first_line}): move its file away (or restore a backup) and run `ipaas sync`: "
            "the landings are merged again from the beginning"
        )
    return f"unexpected {type(error).__name__}: {first_line}"
