"""Credentials that are fetched, expire, and are fetched again. They live in memory only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ipaas_dagster.records import Clock

EARLY = timedelta(seconds=60)
"""A token is fetched again so long before its end, since the call takes time too."""


class Session(Protocol):
    def headers(self) -> Mapping[str, str]:
        """What authorises a call now. Raises Unreachable where credentials are refused or nobody answers."""
        ...

    def forget(self) -> None:
        """What `headers` gave is not accepted any more."""
        ...


@dataclass(frozen=True)
class Token:
    value: str = field(repr=False)
    until: datetime | None = None
    """None: until it is refused."""


class TokenSession:
    """`Authorization: Bearer ...`, with a token that `fetch` gives."""

    def __init__(self, fetch: Callable[[], Token], clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._token: Token | None = None

    def headers(self) -> Mapping[str, str]:
        token = self._token
        if token is None or (token.until is not None and self._clock() >= token.until - EARLY):
            token = self._token = self._fetch()
        return {"authorization": f"Bearer {token.value}"}

    def forget(self) -> None:
        self._token = None


class NoSession:
    """For systems whose credentials stand in the body."""

    def headers(self) -> Mapping[str, str]:
        return {}

    def forget(self) -> None:
        pass
