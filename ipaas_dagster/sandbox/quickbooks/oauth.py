"""The token server: /oauth2/v1/tokens/bearer, revocation, and the document that says where they are."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.quickbooks.answers import dump, load
from ipaas_dagster.sandbox.quickbooks.tokens import InvalidGrant

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.quickbooks.state import QuickBooks

TOKENS = ("oauth2", "v1", "tokens", "bearer")
REVOKE = ("v2", "oauth2", "tokens", "revoke")
DISCOVERY = (".well-known", "openid_sandbox_configuration")
PATHS = (TOKENS, REVOKE, DISCOVERY)


def respond(server: QuickBooks, call: Call) -> Answer:
    """The answer to a path of PATHS. Errors have the form of OAuth, not of faults."""
    if call.path == DISCOVERY:
        return Answer(200, dump(_discovery(f"{call.scheme}://{call.headers.get('host', '')}")))
    if call.method != "POST":
        return _refused(405, "invalid_request")
    if not _is_the_client(server, call.headers.get("authorization", "")):
        return _refused(401, "invalid_client")
    given = _parameters(call)
    if call.path == REVOKE:
        return Answer(200) if server.tokens.revoke(given.get("token", "")) else _refused(400, "invalid_request")
    return _grant(server, given)


def _grant(server: QuickBooks, given: dict[str, Any]) -> Answer:
    now, kind = server.clock.now(), given.get("grant_type")
    grants = {
        "refresh_token": ("refresh_token", server.tokens.refresh),
        "authorization_code": ("code", server.tokens.redeem),
    }
    if kind not in grants:
        return _refused(400, "unsupported_grant_type")
    name, redeem = grants[kind]
    if not given.get(name):
        return _refused(400, "invalid_request")
    try:
        return Answer(200, dump(redeem(given[name], server.settings, now)), {"cache-control": "no-cache, no-store"})
    except InvalidGrant:
        return _refused(400, "invalid_grant")


def _is_the_client(server: QuickBooks, header: str) -> bool:
    scheme, _, encoded = header.partition(" ")
    try:
        text = b64decode(encoded, validate=True).decode()
    except ValueError:
        return False
    return scheme.lower() == "basic" and text == f"{server.settings.client_id}:{server.settings.client_secret}"


def _parameters(call: Call) -> dict[str, Any]:
    """A form, or JSON where its content type says so."""
    if "json" in call.headers.get("content-type", ""):
        try:
            given = load(call.body)
        except ValueError:
            return {}
        return given if isinstance(given, dict) else {}
    return {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}


def _refused(status: int, error: str) -> Answer:
    return Answer(status, dump({"error": error}))


def _discovery(origin: str) -> dict[str, Any]:
    """What a client library reads first. There is no consent page: a test takes a code from `authorize`."""
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/connect/oauth2",
        "token_endpoint": f"{origin}/{'/'.join(TOKENS)}",
        "revocation_endpoint": f"{origin}/{'/'.join(REVOKE)}",
        "userinfo_endpoint": f"{origin}/v1/openid_connect/userinfo",
        "jwks_uri": f"{origin}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }
