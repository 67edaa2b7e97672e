"""OAuth 2: refresh tokens that rotate, access tokens that expire, and what was asked of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ipaas_dagster.sandbox.quickbooks.settings import Settings


class InvalidGrant(Exception):
    """The refresh token or the code is not, or no longer, good."""


@dataclass
class Refresh:
    """One refresh token. `good_until` is set once another has taken its place."""

    number: int
    value: str = field(repr=False)
    issued: datetime
    good_until: datetime


@dataclass
class Access:
    good_until: datetime
    requests: int = 0


class Tokens:
    """Every value is derived from a number, so a failing test can say which one was used: 0 is the first."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self._secret = settings.refresh_token
        first = Refresh(0, settings.refresh_token, now, now + timedelta(seconds=settings.refresh_seconds))
        self._refresh: dict[str, Refresh] = {first.value: first}
        self._current = first
        self._access: dict[str, Access] = {}
        self._codes: set[str] = set()
        self._issued = 0
        self.refreshes: list[dict[str, Any]] = []
        """Every attempt: the number of the token that was used (None: never issued), and of the one it got."""

    @property
    def current(self) -> str:
        """The refresh token that is good now. For tests that stand in for the product's own store."""
        return self._current.value

    def refresh(self, value: str, settings: Settings, now: datetime) -> dict[str, Any]:
        """The answer to grant_type=refresh_token. Raises InvalidGrant."""
        used = self._refresh.get(value)
        if used is None or now >= used.good_until:
            self._note(now, used, None)
            raise InvalidGrant
        if now - self._current.issued >= timedelta(seconds=settings.rotate_seconds):
            self._rotate(settings, now)
        self._note(now, used, self._current)
        return self._grant(settings, now)

    def redeem(self, code: str, settings: Settings, now: datetime) -> dict[str, Any]:
        """The answer to grant_type=authorization_code: a code is good once. Raises InvalidGrant."""
        if code not in self._codes:
            raise InvalidGrant
        self._codes.remove(code)
        self._rotate(settings, now)
        return self._grant(settings, now)

    def authorize(self) -> str:
        """A fresh authorization code, as after a user's consent."""
        code = self._value("code", len(self._codes) + self._issued)
        self._codes.add(code)
        return code

    def admits(self, value: str, settings: Settings, now: datetime) -> bool:
        """Whether this access token is good for one more request, which is counted."""
        access = self._access.get(value)
        if access is None or now >= access.good_until:
            return False
        access.requests += 1
        return settings.access_requests is None or access.requests <= settings.access_requests

    def expire_access(self) -> int:
        """No access token is good any more. Returns how many there were."""
        count = len(self._access)
        self._access.clear()
        return count

    def revoke(self, value: str | None = None) -> bool:
        """Nothing is good any more until a user consents again; False if the value was never issued."""
        if value is not None and value not in self._refresh and value not in self._access:
            return False
        self._access.clear()
        for token in self._refresh.values():
            token.good_until = min(token.good_until, token.issued)
        return True

    def _rotate(self, settings: Settings, now: datetime) -> None:
        until = now + timedelta(seconds=settings.refresh_grace_seconds)
        self._current.good_until = min(self._current.good_until, until)
        number = self._current.number + 1
        until = now + timedelta(seconds=settings.refresh_seconds)
        self._current = Refresh(number, self._value("refresh", number), now, until)
        self._refresh[self._current.value] = self._current

    def _grant(self, settings: Settings, now: datetime) -> dict[str, Any]:
        self._issued += 1
        value = self._value("access", self._issued)
        self._access[value] = Access(now + timedelta(seconds=settings.access_seconds))
        left = (self._current.good_until - now).total_seconds()
        return {
            "token_type": "bearer",
            "expires_in": int(settings.access_seconds),
            "refresh_token": self._current.value,
            "x_refresh_token_expires_in": int(left),
            "access_token": value,
        }

    def _note(self, now: datetime, used: Refresh | None, got: Refresh | None) -> None:
        numbers = {"used": used.number if used else None, "got": got.number if got else None}
        self.refreshes.append({"at": now.isoformat(), **numbers})

    def _value(self, kind: str, number: int) -> str:
        return f"sandbox-{kind}-{number}-{sha256(f'{self._secret} {kind} {number}'.encode()).hexdigest()[:40]}"
