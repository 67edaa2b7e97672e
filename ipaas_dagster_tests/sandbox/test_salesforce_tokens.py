from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.salesforce import Credentials, Salesforce
from ipaas_dagster_tests.sandbox.salesforce_client import Client, read, refusal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RIGHT = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-client-id",
    "client_secret": "sandbox-client-secret-not-a-secret",
}
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(server: Salesforce, given: dict[str, str], scheme: str = "http", **headers: str) -> Answer:
    body = urlencode(given).encode()
    path = ("services", "oauth2", "token")
    return server.answer(Call("POST", path, headers={"host": "127.0.0.1:9", **headers}, body=body, scheme=scheme))


def works(server: Salesforce, token: str) -> bool:
    return Client(server, token=token).ask("GET", "limits").status == 200


@pytest.fixture
def clock() -> SandboxClock:
    return SandboxClock(lambda: NOW)


def test_client_credentials_give_a_token_and_where_to_use_it(clock: SandboxClock) -> None:
    server = Salesforce(clock=clock)
    given = read(ask(server, RIGHT, scheme="https"))
    assert given["instance_url"] == "https://127.0.0.1:9"
    assert {"id", "issued_at", "signature", "token_type", "scope"} < set(given)
    assert works(server, given["access_token"])


def test_the_clients_credentials_may_come_as_a_header(clock: SandboxClock) -> None:
    server = Salesforce(clock=clock)
    pair = base64.b64encode(f"{RIGHT['client_id']}:{RIGHT['client_secret']}".encode()).decode()
    answer = ask(server, {"grant_type": "client_credentials"}, authorization=f"Basic {pair}")
    assert works(server, read(answer)["access_token"])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "x"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "x", "password": "y"}, "invalid_grant"),
        ({"grant_type": JWT, "assertion": "x"}, "invalid_grant"),
    ],
)
def test_wrong_credentials_are_told_apart(clock: SandboxClock, wrong: dict[str, str], error: str) -> None:
    answer = ask(Salesforce(clock=clock), {**RIGHT, **wrong})
    assert (answer.status, read(answer)["error"]) == (400, error)
    assert read(answer)["error_description"]


def test_a_password_is_taken_only_where_one_is_set(clock: SandboxClock) -> None:
    credentials = Credentials(password="p")
    given = {**RIGHT, "grant_type": "password", "username": credentials.username, "password": "p"}
    assert ask(Salesforce(clock=clock, credentials=credentials), given).status == 200
    assert ask(Salesforce(clock=clock), given).status == 400


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """A private key and its public one, PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    shown = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode()
    return shown, private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({}, None),
        ({"aud": "http://127.0.0.1:9"}, None),
        ({"aud": "https://example.com"}, "invalid_grant"),
        ({"iss": "another-client"}, "invalid_client_id"),
        ({"sub": "nobody@example.com"}, "invalid_grant"),
        ({"exp": -1}, "invalid_grant"),
        ({"exp": 3600}, "invalid_grant"),
    ],
)
def test_an_assertion_is_taken_if_all_of_it_is_right(
    clock: SandboxClock, keys: tuple[str, str], claims: dict[str, Any], error: str | None
) -> None:
    credentials = Credentials(public_key=keys[1])
    server = Salesforce(clock=clock, credentials=credentials)
    whole = {"iss": credentials.client_id, "sub": credentials.username, "aud": "https://login.salesforce.com", **claims}
    whole["exp"] = int(NOW.timestamp()) + claims.get("exp", 180)
    answer = ask(server, {"grant_type": JWT, "assertion": jwt.encode(whole, keys[0], "RS256")})
    assert read(answer).get("error") == error
    assert error or works(server, read(answer)["access_token"])


def test_an_assertion_that_another_key_signed_is_refused(clock: SandboxClock, keys: tuple[str, str]) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    credentials = Credentials(public_key=pem)
    claims = {"iss": credentials.client_id, "sub": credentials.username, "aud": "https://login.salesforce.com"}
    assertion = jwt.encode({**claims, "exp": int(NOW.timestamp()) + 60}, keys[0], "RS256")
    answer = ask(Salesforce(clock=clock, credentials=credentials), {"grant_type": JWT, "assertion": assertion})
    assert read(answer)["error"] == "invalid_grant"


def test_tokens_end_by_time_by_use_and_by_command(clock: SandboxClock) -> None:
    credentials = replace(Credentials(), token_seconds=60, token_requests=3)
    server = Salesforce(clock=clock, credentials=credentials)
    used = Client(server)
    assert [used.ask("GET", "limits").status for _ in range(4)] == [200, 200, 200, 401]
    old = Client(server)
    clock.advance(61)
    answer = old.ask("GET", "limits")
    assert refusal(answer) == (401, "INVALID_SESSION_ID")
    assert read(answer)[0]["message"] == "Session expired or invalid"
    thrown_out = Client(server)
    assert server.command("expire_tokens", {}) == {"expired": 3}
    assert refusal(thrown_out.ask("GET", "limits")) == (401, "INVALID_SESSION_ID")
    assert Client(server).ask("GET", "limits").status == 200


def test_without_a_token_nothing_but_the_versions_is_answered(clock: SandboxClock) -> None:
    server = Salesforce(clock=clock)
    assert server.answer(Call("GET", ("services", "data"))).status == 200
    for path in ("limits", "sobjects/Account/x", "nothing"):
        bare = server.answer(Call("GET", ("services", "data", "v62.0", *path.split("/"))))
        assert bare.status == 401
