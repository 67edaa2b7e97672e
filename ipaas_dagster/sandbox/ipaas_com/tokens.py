"""Who may do what: users' tokens, bound to a company or to none yet; the API key; what a change of roles ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ipaas_dagster.sandbox.ipaas_com.problems import Problem, no_permission, roles_changed, unauthorized
from ipaas_dagster.sandbox.ipaas_com.settings import Settings

USER_ID = "0d7f1c1e-33aa-4c0f-8d43-7b0d7a4f2f10"


@dataclass
class Token:
    """`company` is None until one is chosen. `roles` is the number of the roles that it was made with."""

    value: str = field(repr=False)
    refresh: str = field(repr=False)
    company: str | None
    until: datetime
    roles: int
    expired: bool = False


class Tokens:
    """Every value is derived from a number. `issued` says how each token came to be."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}
        self._roles = 0
        self.key_is_good = True
        self.issued: list[str] = []

    def log_in(self, given: Any, settings: Settings, now: datetime) -> dict[str, Any]:
        """Raises Problem."""
        wanted = (settings.email.lower(), settings.password)
        email, password = str(given.get("email_address", "")).lower(), given.get("password")
        if (email, password) != wanted:
            raise unauthorized(1001, "The email address or password is not correct.")
        return self._issue("login", None, settings, now)

    def change_company(self, token: Token, company: str, settings: Settings, now: datetime) -> dict[str, Any]:
        if company.lower() not in [number for number, _ in settings.companies]:
            raise no_permission("The user does not belong to this company.")
        return self._issue("company", company.lower(), settings, now)

    def refreshed(self, given: Any, settings: Settings, now: datetime) -> dict[str, Any]:
        """A refresh token is good once, with the access token beside it. Raises Problem."""
        token = self._refresh.pop(str(given.get("refresh_token", "")), None)
        if token is None or token.value != given.get("access_token"):
            raise unauthorized(1004, "The refresh token is not valid.")
        if token.roles != self._roles:
            raise roles_changed()
        self._tokens.pop(token.value, None)
        return self._issue("refresh", token.company, settings, now)

    def user(self, header: str, settings: Settings, now: datetime) -> Token:
        """Whose call this is, whatever the company. Raises Problem."""
        value = _value(header, settings)
        token = self._tokens.get(value)
        if token is None:
            raise unauthorized(1002, "The token is missing or not valid.")
        if token.roles != self._roles:
            raise roles_changed()
        if token.expired or now >= token.until:
            raise unauthorized(1003, "The token has expired.")
        return token

    def company(self, header: str, settings: Settings, now: datetime) -> str:
        """Whose records this call may see. Raises Problem."""
        if _value(header, settings) == settings.api_key:
            if not self.key_is_good:
                raise roles_changed()
            return settings.companies[0][0]
        token = self.user(header, settings, now)
        if token.company is None:
            raise no_permission("No company was chosen with this token.")
        return token.company

    def values(self) -> list[str]:
        """Every token that was given out and is kept, for tests that look for them where they must not be."""
        return [*self._tokens, *self._refresh]

    def expire(self) -> int:
        """No token is good any more; a refresh or a login gets another. How many there were."""
        for token in self._tokens.values():
            token.expired = True
        return len(self._tokens)

    def change_roles(self, *, key_too: bool) -> None:
        """Tokens must be made anew, by a login; with `key_too` the API key as well, which a person has to do."""
        self._roles += 1
        self.key_is_good = self.key_is_good and not key_too

    def _issue(self, how: str, company: str | None, settings: Settings, now: datetime) -> dict[str, Any]:
        self.issued.append(how)
        number = len(self.issued)
        values = [sha256(f"{kind} {number} {settings.password}".encode()).hexdigest() for kind in ("access", "refresh")]
        until = now + timedelta(seconds=settings.token_seconds)
        token = Token(f"access-{values[0]}", f"refresh-{values[1]}", company, until, self._roles)
        self._tokens[token.value] = self._refresh[token.refresh] = token
        return {
            "id": USER_ID,
            "name": "Sandbox User",
            "access_token": token.value,
            "access_token_expiration": until.isoformat(timespec="seconds"),
            "refresh_token": token.refresh,
            "permissions": [] if company is None else ["customers", "products", "transactions", "subscriptions"],
        }


def _value(header: str, settings: Settings) -> str:
    """What the header holds, in the forms that are accepted."""
    scheme, _, rest = header.strip().partition(" ")
    bearer = scheme.lower() == "bearer" and bool(rest)
    problem: Problem | None = None
    if not header.strip():
        problem = unauthorized(1002, "The token is missing or not valid.")
    elif settings.authorization != "both" and bearer != (settings.authorization == "bearer"):
        problem = unauthorized(1005, f"The Authorization header must have the {settings.authorization} form.")
    if problem is not None:
        raise problem
    return rest.strip() if bearer else header.strip()
