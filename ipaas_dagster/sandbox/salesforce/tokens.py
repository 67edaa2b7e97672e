"""Who may come in: the token endpoint, and the tokens that it gave out."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.salesforce.org import ORG_ID, USERNAME
from ipaas_dagster.sandbox.salesforce.problems import Problem, answered

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
LONGEST_ASSERTION_SECONDS = 300
EXPIRED = Problem(401, "INVALID_SESSION_ID", "Session expired or invalid")


@dataclass(frozen=True)
class Credentials:
    """What the org accepts. Without a public key (PEM) there is no JWT flow, without a password no password flow.

    A token lasts `token_seconds` of the sandbox's clock, and `token_requests` requests if that is given.
    """

    client_id: str = "sandbox-client-id"
    client_secret: str = field(default="sandbox-client-secret-not-a-secret", repr=False)
    username: str = USERNAME
    password: str | None = field(default=None, repr=False)
    public_key: str | None = None
    token_seconds: float = 7200
    token_requests: int | None = None


@dataclass
class _Token:
    good_until: float
    requests_left: int | None


class Tokens:
    def __init__(self, credentials: Credentials, clock: SandboxClock, user_id: str) -> None:
        self.credentials, self._clock, self._user_id = credentials, clock, user_id
        self._tokens: dict[str, _Token] = {}

    def issue(self) -> str:
        """A new access token."""
        token = f"{ORG_ID[:15]}!AQ{secrets.token_hex(40)}"
        good_until = self._clock.milliseconds() / 1000 + self.credentials.token_seconds
        self._tokens[token] = _Token(good_until, self.credentials.token_requests)
        return token

    def expire(self) -> int:
        """Make every token that was given out invalid; returns how many those were."""
        count = len(self._tokens)
        self._tokens.clear()
        return count

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises Problem unless the request has a token that is good now; the request is counted."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth"):
            raise Problem(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        token = self._tokens.get(given.strip())
        if token is None or token.good_until <= self._clock.milliseconds() / 1000:
            raise Problem(401, EXPIRED.code, EXPIRED.message)
        if token.requests_left is not None:
            if token.requests_left <= 0:
                raise Problem(401, EXPIRED.code, EXPIRED.message)
            token.requests_left -= 1

    def answer(self, call: Call) -> Answer:
        """/services/oauth2/token."""
        if call.method != "POST":
            return _denied("invalid_request", "must use HTTP POST")
        given = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)) | _basic(call.headers)
        problem = self._problem(given, call.origin)
        if problem:
            return _denied(*problem)
        issued, identity = str(self._clock.milliseconds()), f"{call.origin}/id/{ORG_ID}/{self._user_id}"
        words = {"access_token": self.issue(), "signature": secrets.token_urlsafe(32), "scope": "api"}
        where = {"instance_url": call.origin, "id": identity, "token_type": "Bearer", "issued_at": issued}
        return answered(words | where)

    def _problem(self, given: Mapping[str, str], origin: str) -> tuple[str, str] | None:
        """What is wrong with a request for a token; None if nothing is."""
        grant = given.get("grant_type", "")
        if grant == JWT_GRANT:
            return self._assertion_problem(given.get("assertion", ""), origin)
        if grant not in ("client_credentials", "password"):
            return ("unsupported_grant_type", "grant type not supported")
        if given.get("client_id") != self.credentials.client_id:
            return ("invalid_client_id", "client identifier invalid")
        if given.get("client_secret") != self.credentials.client_secret:
            return ("invalid_client", "invalid client credentials")
        if grant == "password":
            return self._password_problem(given)
        return None

    def _password_problem(self, given: Mapping[str, str]) -> tuple[str, str] | None:
        right = (self.credentials.username, self.credentials.password)
        if self.credentials.password is not None and (given.get("username"), given.get("password")) == right:
            return None
        return ("invalid_grant", "authentication failure")

    def _assertion_problem(self, assertion: str, origin: str) -> tuple[str, str] | None:
        import jwt

        if self.credentials.public_key is None:
            return ("invalid_grant", "user hasn't approved this consumer")
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                self.credentials.public_key,
                ["RS256"],
                options={"verify_exp": False, "require": ["iss", "sub", "aud", "exp"]},
                audience=[*AUDIENCES, origin],
            )
        except jwt.InvalidAudienceError:
            return ("invalid_grant", "audience is invalid")
        except jwt.PyJWTError:
            return ("invalid_grant", "invalid assertion")
        if claims["iss"] != self.credentials.client_id:
            return ("invalid_client_id", "client identifier invalid")
        if claims["sub"] != self.credentials.username:
            return ("invalid_grant", "user hasn't approved this consumer")
        left = float(claims["exp"]) - self._clock.milliseconds() / 1000
        return None if 0 < left <= LONGEST_ASSERTION_SECONDS else ("invalid_grant", "assertion is expired")


def _basic(headers: Mapping[str, str]) -> dict[str, str]:
    """A client's credentials, if it sends them as a header."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(given).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": name, "client_secret": secret}


def _denied(error: str, description: str) -> Answer:
    return answered({"error": error, "error_description": description}, 400)
