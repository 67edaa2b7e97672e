"""Signing in: with the company's API key, or as a user.

log in -> (companies, where the preset names none) -> change company -> refresh, until it is refused -> log in

Tokens live in memory only. One that is refused, and its refresh token with it, is never tried again: after a change of
roles only a new login gives a good one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import Paused, Setting, Throttled, Unreachable
from ipaas_dagster.destinations.ipaas_com.faults import fault_of, is_monthly, seconds_to_wait
from ipaas_dagster.destinations.ipaas_com.preset import Account
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, NotSent
from ipaas_dagster.destinations.remote.session import EARLY
from ipaas_dagster.http import http_date

LIVES = timedelta(hours=1)
"""Of a token that does not say until when."""
TRIES = 3
_JSON = {"content-type": "application/json", "accept": "application/json"}


@dataclass(frozen=True)
class Grant:
    user: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: datetime


class KeySession:
    """`Authorization` holds the API key."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._account.api_key,)

    def headers(self) -> Mapping[str, str]:
        return authorization(self._account, self._account.api_key)

    def forget(self) -> None:
        """There is only one."""

    def close(self) -> None:
        pass


class UserSession:
    """`client` is for signing in only."""

    def __init__(self, setting: Setting, account: Account, client: Client) -> None:
        self._setting, self._account, self._client = setting, account, client
        self._grant: Grant | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        grant = self._grant
        return (self._account.password, *((grant.access, grant.refresh) if grant else ()))

    def headers(self) -> Mapping[str, str]:
        """Raises Unreachable, Throttled, Paused."""
        grant = self._grant
        if grant is None or self._setting.clock() >= grant.until - EARLY:
            grant = self._grant = (self._refreshed(grant) if grant else None) or self._signed_in()
        return authorization(self._account, grant.access)

    def forget(self) -> None:
        self._grant = None

    def close(self) -> None:
        self._client.close()

    def _signed_in(self) -> Grant:
        account = self._account
        words = {"email_address": account.email, "password": account.password}
        user = self._granted(self._asked("POST", "Auth/Login", words), "email or password was refused")
        company = account.company_id or self._only_company(user)
        answer = self._asked("GET", f"User/ChangeCompany/{company}", token=user.access)
        return self._granted(answer, f"the company {company} was refused")

    def _refreshed(self, grant: Grant) -> Grant | None:
        """None where it is refused: a login gives another."""
        words = {"access_token": grant.access, "refresh_token": grant.refresh}
        answer = self._asked("POST", "Auth/Refresh", words)
        return self._granted(answer, "") if answer.status == 200 else None

    def _only_company(self, user: Grant) -> str:
        answer = self._asked("GET", f"User/{user.user}/Companies", token=user.access)
        found = _document(answer)
        listed = [one for one in found if isinstance(one, dict) and one.get("id")] if isinstance(found, list) else []
        if len(listed) == 1:
            return str(listed[0]["id"])
        names = ", ".join(f"{one.get('name')} ({one['id']})" for one in listed[:10]) or "none"
        raise self._trouble(f"the user belongs to {len(listed)} companies: {names}. Say which in the field company_id")

    def _asked(self, method: str, path: str, words: Any = None, token: str | None = None) -> Answer:
        """One call for credentials; asked again where no answer comes. Raises Unreachable, Throttled, Paused."""
        account = self._account
        url = f"{account.url}/{account.paths['sso']}/{account.version}/{path}"
        headers = {**_JSON, **(authorization(account, token) if token else {})}
        body = b"" if words is None else msgspec.json.encode(words)
        said = ""
        for tried in range(1, TRIES + 1):
            try:
                answer = self._client.credentials(url, body, headers, method=method)
            except NotSent as error:
                raise self._trouble(f"no token: {error}") from None
            except AnswerLost as error:
                said = str(error)
            else:
                if answer.status < 500 and (answer.status != 200 or _document(answer) is not None):
                    return self._admitted(answer)
                said = f"{answer.status} from sso"
            if tried < TRIES:
                self._setting.wait(float(tried))
        raise self._trouble(f"no token: {said}")

    def _admitted(self, answer: Answer) -> Answer:
        if answer.status != 429:
            return answer
        fault = fault_of(answer, self.secrets)
        if is_monthly(fault, answer.headers):
            raise Paused(f"{self._account.system}: the plan's calls of this month are used up: {fault}")
        raise Throttled(seconds_to_wait(answer.headers), f"it asks to wait: {fault}")

    def _granted(self, answer: Answer, refused: str) -> Grant:
        document = _document(answer)
        found = document if isinstance(document, dict) else {}
        access = found.get("access_token")
        if answer.status != 200 or not isinstance(access, str):
            fault = fault_of(answer, (self._account.password, self._account.email))
            raise self._trouble(f"{refused}: {fault}; look at its preset's fields email, password and company_id")
        until = self._setting.clock() + _lives(found.get("access_token_expiration"), answer)
        return Grant(str(found.get("id", "")), access, str(found.get("refresh_token") or ""), until)

    def _trouble(self, says: str) -> Unreachable:
        return Unreachable(f"{self._account.system}: {says}")


def authorization(account: Account, token: str) -> dict[str, str]:
    """As `Bearer ...`, or the token alone, as the vendor's overview prints it."""
    header = {"authorization": f"Bearer {token}" if account.bearer else token}
    return header | ({"x-client-id": account.client_id} if account.client_id else {})


def _document(answer: Answer) -> Any:
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _lives(expiration: Any, answer: Answer) -> timedelta:
    """How long a token is good, by the server's own clock: ours may be another. A time without a zone is UTC."""
    now = http_date(answer.headers.get("date"))
    try:
        until = datetime.fromisoformat(expiration) if isinstance(expiration, str) else None
    except ValueError:
        until = None
    if until is None or now is None:
        return LIVES
    return (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
