"""Every request that was made of a stand-in, so that a test can say what the product really asked."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_LIMIT = 50_000
CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that are never kept, whatever is switched on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `status` is what the client saw, 0 if none; `fault` is what was done to it on purpose.

    `length` and `sha256` (hexadecimal) are of its body. `body` and `headers` (lower-case names, none that
    authorise) are None unless the journal kept bodies when it came.
    """

    number: int
    at: str
    method: str
    url: str
    status: int
    milliseconds: float
    fault: str | None = None
    length: int = 0
    sha256: str = ""
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    def as_json(self) -> dict[str, Any]:
        """As above, with the body in base64: it need not be text."""
        names = ("number", "at", "method", "url", "status", "milliseconds", "fault", "length", "sha256")
        shown = {name: getattr(self, name) for name in names}
        if self.body is not None:
            shown |= {"body_base64": base64.b64encode(self.body).decode(), "headers": dict(self.headers or {})}
        return shown


class Journal:
    """The last requests, oldest first.

    What they carried is kept only while `keep_bodies` is true: a body may hold credentials (one that asks
    for a token does), and many may be large.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self.keep_bodies = False
        self.total = 0

    def add(
        self,
        at: str,
        method: str,
        url: str,
        status: int,
        milliseconds: float,
        fault: str | None = None,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        hashed = hashlib.sha256(body).hexdigest()
        kept = (body, _harmless(headers or {})) if self.keep_bodies else (None, None)
        with self._lock:
            self.total += 1
            entry = Entry(self.total, at, method, url, status, milliseconds, fault, len(body), hashed, *kept)
            self._entries.append(entry)

    def entries(self, after: int = 0) -> list[Entry]:
        """The requests numbered above `after` that are still kept."""
        with self._lock:
            return [entry for entry in self._entries if entry.number > after]

    def clear(self) -> None:
        """Forget the requests; numbers go on."""
        with self._lock:
            self._entries.clear()

    def as_json(self, after: int = 0) -> dict[str, Any]:
        entries = [entry.as_json() for entry in self.entries(after)]
        return {"total": self.total, "keep_bodies": self.keep_bodies, "entries": entries}


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in CREDENTIALS}
