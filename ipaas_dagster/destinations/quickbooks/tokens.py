"""Tokens of a company: `POST {token_url}` with the newest refresh token, which each answer may replace.

A replaced refresh token is soon worth nothing, so the new one is on the disk before the access token beside it is used.
One process at a time refreshes; the others find the access token that it was given, and use that.

    lock -> read -> somebody else's access token is good? use it -> refresh -> write -> unlock
    killed between the answer and the write: what is stored is the token before. It is tried; QuickBooks is said to take
    it for a while. Where it does not, the company has to be connected anew.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import msgspec

from ipaas_dagster.destinations.base import Setting, Throttled, Unreachable
from ipaas_dagster.destinations.quickbooks.preset import Company
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, NotSent
from ipaas_dagster.errors import IpaasError, SettingsError
from ipaas_dagster.sealed import Sealed

EARLY = timedelta(seconds=60)
"""An access token is replaced so long before its end, since a call takes time too."""
TRIES = 3
"""Times that the same refresh token is sent where no answer comes."""
_HEADERS = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


@dataclass(frozen=True)
class Chain:
    """`began` is the digest of the preset's refresh token that the chain began with; `refresh` the newest one."""

    began: str
    refresh: str = field(repr=False)
    access: str | None = field(default=None, repr=False)
    until: datetime | None = None

    def good(self, now: datetime) -> bool:
        return self.access is not None and self.until is not None and now < self.until - EARLY


class CompanySession:
    """`Authorization: Bearer ...`; see `destinations.remote.session.Session`."""

    def __init__(self, setting: Setting, company: Company, client: Client) -> None:
        """`client` is for token calls only."""
        if setting.secrets is None:
            raise SettingsError(f"{setting.system}: it needs a folder for its sealed tokens")
        app = sha256(company.client_id.encode()).hexdigest()[:8]
        self._sealed = Sealed(setting.secrets, f"quickbooks-{company.realm_id}-{app}", company.client_secret)
        self._setting, self._company, self._client = setting, company, client
        self._chain: Chain | None = None
        self._refused: str | None = None

    def headers(self) -> Mapping[str, str]:
        chain = self._chain
        if chain is None or chain.access is None or not chain.good(self._setting.clock()):
            chain = self._chain = self._shared()
        return {"authorization": f"Bearer {chain.access}"}

    def forget(self) -> None:
        """The access token is not taken any more. Another process's newer one may be."""
        if self._chain is not None:
            self._refused = self._chain.access
        self._chain = None

    def close(self) -> None:
        self._client.close()

    def _shared(self) -> Chain:
        try:
            with self._sealed.alone():
                chain = self._stored()
                if chain.good(self._setting.clock()) and chain.access != self._refused:
                    return chain
                return self._refreshed(chain)
        except IpaasError as error:
            raise Unreachable(f"{self._company.system}: {error}") from None

    def _stored(self) -> Chain:
        """What is sealed, unless the preset was given another first token meanwhile: that begins a new chain."""
        began = sha256(self._company.refresh_token.encode()).hexdigest()
        text = self._sealed.read()
        found = None if text is None else msgspec.json.decode(text, type=Chain)
        if found is not None and hmac.compare_digest(found.began, began):
            return found
        return Chain(began, self._company.refresh_token)

    def _refreshed(self, chain: Chain) -> Chain:
        answer = self._ask(chain)
        document = _document(answer)
        access, refresh = document.get("access_token"), document.get("refresh_token")
        if answer.status != 200 or not isinstance(access, str):
            raise self._refusal(answer, document)
        lives = document.get("expires_in")
        until = self._setting.clock() + timedelta(seconds=lives if isinstance(lives, int) else 3600)
        newest = refresh if isinstance(refresh, str) and refresh else chain.refresh
        chain = replace(chain, refresh=newest, access=access, until=until.astimezone(UTC))
        self._sealed.write(msgspec.json.encode(chain).decode())
        return chain

    def _ask(self, chain: Chain) -> Answer:
        """Nobody answering proves nothing: the same token is sent again, which QuickBooks takes."""
        company = self._company
        pair = base64.b64encode(f"{company.client_id}:{company.client_secret}".encode()).decode()
        body = urlencode({"grant_type": "refresh_token", "refresh_token": chain.refresh}).encode()
        headers = {**_HEADERS, "authorization": f"Basic {pair}"}
        for tried in range(1, TRIES + 1):
            try:
                answer = self._client.credentials(company.token_url, body, headers)
            except NotSent as error:
                raise Unreachable(f"{company.system}: no token: {error}") from None
            except AnswerLost as error:
                if tried == TRIES:
                    raise Unreachable(f"{company.system}: no token: {error}") from None
            else:
                if tried == TRIES or not _is_lost(answer):
                    return answer
            self._setting.wait(float(tried))
        raise AssertionError("the last try returns or raises")

    def _refusal(self, answer: Answer, document: Mapping[str, Any]) -> Exception:
        company, said = self._company, str(document.get("error") or "")
        if answer.status == 429:
            return Throttled(60.0, "it asks to wait before another token is given")
        if said == "invalid_grant":
            return Unreachable(
                f"{company.system}: its refresh token is not taken any more (invalid_grant). Connect the company anew, "
                "and put the new refresh token where the preset's field refresh_token takes it from "
                "(QUICKBOOKS_REFRESH_TOKEN unless it says otherwise)"
            )
        if answer.status in (400, 401, 403):
            said = said or "no reason was given"
            return Unreachable(f"{company.system}: client_id or client_secret was refused: {said}")
        return Unreachable(f"{company.system}: no token: {answer.status} from its token_url")


def _is_lost(answer: Answer) -> bool:
    """Whether what it said did not come through."""
    return answer.status >= 500 or (answer.status == 200 and "access_token" not in _document(answer))


def _document(answer: Answer) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
