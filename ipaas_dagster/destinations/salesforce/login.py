"""Tokens of an org: `POST {login}/services/oauth2/token`, by client credentials or by a signed JWT."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, NotSent
from ipaas_dagster.destinations.salesforce.preset import Org
from ipaas_dagster.errors import SettingsError

TOKEN_PATH = "/services/oauth2/token"
ASSERTION_LIVES = timedelta(minutes=3)
_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class SignedIn(NamedTuple):
    """`instance_url` is where this org's API is."""

    token: str
    instance_url: str


def sign_in(client: Client, org: Org, now: datetime) -> SignedIn:
    """Raises Unreachable, whose words name the preset's fields and hold no values of them."""
    words = _jwt_words(org, now) if org.private_key else _client_words(org)
    try:
        answer = client.credentials(org.login_url + TOKEN_PATH, urlencode(words).encode(), _FORM)
    except (NotSent, AnswerLost) as error:
        raise Unreachable(f"{org.system}: no token: {error}") from None
    document = _document(answer)
    token, instance_url = document.get("access_token"), document.get("instance_url")
    if answer.status == 200 and isinstance(token, str) and isinstance(instance_url, str):
        return SignedIn(token, _checked(org, instance_url))
    raise Unreachable(_refusal(org, answer, document))


def _client_words(org: Org) -> dict[str, str]:
    secret = org.client_secret or ""
    return {"grant_type": "client_credentials", "client_id": org.client_id, "client_secret": secret}


def _jwt_words(org: Org, now: datetime) -> dict[str, str]:
    import jwt

    expires = int((now + ASSERTION_LIVES).timestamp())
    claims = {"iss": org.client_id, "sub": org.username, "aud": org.audience, "exp": expires}
    try:
        assertion = jwt.encode(claims, org.private_key or "", algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        assertion = ""
    if not assertion:  # outside the handler: the error may quote the key
        raise SettingsError(f"{org.system}: its preset's field private_key is no RSA key that can sign")
    return {"grant_type": _JWT_BEARER, "assertion": assertion}


def _document(answer: Answer) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _checked(org: Org, instance_url: str) -> str:
    """A token that came over https does not go out over http."""
    given, expected = urlsplit(instance_url), urlsplit(org.login_url)
    if (
        given.scheme not in ("http", "https")
        or not given.hostname
        or (expected.scheme, given.scheme) == ("https", "http")
    ):
        raise Unreachable(f"{org.system}: the token came with an instance_url that cannot be used")
    return instance_url.rstrip("/")


def _refusal(org: Org, answer: Answer, document: Mapping[str, Any]) -> str:
    says = ": ".join(str(document[name]) for name in ("error", "error_description") if document.get(name))
    for value in (org.client_id, org.client_secret, org.username):
        says = says.replace(value, "***") if value else says
    if answer.status in (400, 401, 403):
        return (
            f"{org.system}: Salesforce refused the credentials ({says or answer.status}); check the preset's fields "
            f"{org.credential_fields} and the connected app"
        )
    if 300 <= answer.status < 400:
        return f"{org.system}: the token address redirects; use the org's My Domain URL as url (or login_url)"
    return f"{org.system}: no token was given ({answer.status}{': ' + says if says else ''})"
