"""Webhooks of the stand-in: a signed event at each change, to the one address that a test registers.

The vendor documents none, so the form is a convention's (Standard Webhooks). What goes wrong on the way can be asked
for: events twice, late, in another order; what is not answered with 2xx is sent again, a bounded number of times.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from heapq import heappop, heappush
from typing import Any
from urllib.parse import urlsplit

DEFAULT_SECRET = "whsec_aW5zdGFnYXplLXNhbmRib3gtd2ViaG9vay1zZWNyZXQhIQ=="
_SHUFFLE_SECONDS = 0.2
MOST_WAITING = 100_000
"""Events; what changes beyond that is told to nobody, and counted."""


@dataclass(frozen=True)
class Telling:
    """`twice`, `late` and `shuffled` are shares of the events (0 to 1); late ones wait `late_seconds`."""

    url: str
    secret: str = field(default=DEFAULT_SECRET, repr=False)
    twice: float = 0.0
    late: float = 0.0
    late_seconds: float = 1.0
    shuffled: float = 0.0
    attempts: int = 8
    wait_seconds: float = 0.1
    seed: int = 0


def read_telling(given: dict[str, Any]) -> Telling:
    """Raises ValueError naming what is not known."""
    known = [one.name for one in fields(Telling)]
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"webhooks have no setting {', '.join(unknown)} (they have: {', '.join(known)})")
    return Telling(**given)


@dataclass(order=True)
class _Owed:
    due: float
    number: int
    event_id: str = field(compare=False)
    body: bytes = field(compare=False)
    attempt: int = field(default=0, compare=False)


class Teller:
    """Sends in threads of its own, from `tell` on until `close`."""

    def __init__(self, telling: Telling, now: Callable[[], float], connections: int = 4) -> None:
        self.telling, self._now = telling, now
        self.told, self.failed, self.lost, self.given_up = 0, 0, 0, 0
        self._dice = random.Random(telling.seed)
        self._owed: list[_Owed] = []
        self._numbers, self._under_way, self._closed = 0, 0, False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def tell(self, collection: str, number: int, happened: str) -> None:
        """Owe an event; returns at once."""
        event = {"type": f"{collection}.{happened}", "timestamp": self._now(), "data": {"id": number}}
        body = json.dumps(event).encode()
        with self._changed:
            if len(self._owed) >= MOST_WAITING:
                self.lost += 1
                return
            self._numbers += 1
            event_id = f"msg_{self._numbers:08d}"
            for _ in range(2 if self._dice.random() < self.telling.twice else 1):
                self._owe(event_id, body)
            self._changed.notify_all()

    def _owe(self, event_id: str, body: bytes) -> None:
        due = time.monotonic()
        if self._dice.random() < self.telling.shuffled:
            due += _SHUFFLE_SECONDS * self._dice.random()
        if self._dice.random() < self.telling.late:
            due += self.telling.late_seconds * self._dice.random()
        heappush(self._owed, _Owed(due, self._numbers, event_id, body))

    def drain(self, seconds: float) -> bool:
        """Wait until nothing is owed. False: it still is after that time."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._owed or self._under_way), seconds)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)

    def counts(self) -> dict[str, int]:
        with self._changed:
            owed = len(self._owed) + self._under_way
            return {"events": self._numbers, "told": self.told, "failed_attempts": self.failed,
                    "given_up": self.given_up, "lost": self.lost, "owed": owed}  # fmt: skip

    def _send_all(self) -> None:
        parts = urlsplit(self.telling.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=20)
        while (owed := self._next()) is not None:
            taken = self._send(connection, parts.path, owed)
            with self._changed:
                self._under_way -= 1
                self._settle(owed, taken)
                self._changed.notify_all()
        connection.close()

    def _next(self) -> _Owed | None:
        with self._changed:
            while not self._closed:
                wait = self._owed[0].due - time.monotonic() if self._owed else None
                if wait is not None and wait <= 0:
                    self._under_way += 1
                    return heappop(self._owed)
                self._changed.wait(wait)
        return None

    def _settle(self, owed: _Owed, taken: bool) -> None:
        if taken:
            self.told += 1
            return
        self.failed += 1
        if owed.attempt + 1 >= self.telling.attempts:
            self.given_up += 1
            return
        due = time.monotonic() + self.telling.wait_seconds * 2**owed.attempt
        heappush(self._owed, _Owed(due, owed.number, owed.event_id, owed.body, owed.attempt + 1))

    def _send(self, connection: http.client.HTTPConnection, path: str, owed: _Owed) -> bool:
        """Signed as of now: an attempt has its own time, and the event its id."""
        seconds = str(int(self._now()))
        key = base64.b64decode(self.telling.secret.removeprefix("whsec_"))
        signed = f"{owed.event_id}.{seconds}.".encode() + owed.body
        headers = {
            "content-type": "application/json",
            "webhook-id": owed.event_id,
            "webhook-timestamp": seconds,
            "webhook-signature": "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode(),
        }
        try:
            connection.request("POST", path, owed.body, headers)
            answer = connection.getresponse()
            answer.read()
            return 200 <= answer.status < 300
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
