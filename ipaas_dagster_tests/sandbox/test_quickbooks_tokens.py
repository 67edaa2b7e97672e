"""OAuth of QuickBooks: tokens that expire, rotate and are revoked."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Call
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.sandbox.quickbooks_client import Client, connect, read, refresh, stopped_server

FIRST = "sandbox-refresh-token"
World = tuple[QuickBooks, SandboxClock]


def granted(server: QuickBooks, token: str) -> dict[str, Any]:
    answer = refresh(server, token)
    assert answer.status == 200, answer.body
    return read(answer)


def refused(server: QuickBooks, token: str) -> bool:
    answer = refresh(server, token)
    assert answer.status == 200 or (answer.status, read(answer)) == (400, {"error": "invalid_grant"})
    return answer.status == 400


def test_the_token_is_replaced_at_each_refresh() -> None:
    server, _clock = stopped_server(refresh_grace_seconds=0)
    second = granted(server, FIRST)
    assert set(second) == {
        "token_type", "expires_in", "refresh_token", "x_refresh_token_expires_in", "access_token",
    }  # fmt: skip
    assert second["refresh_token"] != FIRST
    assert refused(server, FIRST)
    assert not refused(server, second["refresh_token"])
    tried = server.command("counters", {})["refreshes"]
    assert [(one["used"], one["got"]) for one in tried] == [(0, 1), (0, None), (1, 2)]


def test_a_replaced_token_stays_good_for_its_grace() -> None:
    server, clock = stopped_server(refresh_grace_seconds=60)
    granted(server, FIRST)
    clock.advance(59)
    assert not refused(server, FIRST)
    clock.advance(1)
    assert refused(server, FIRST)


def test_the_token_may_be_replaced_only_after_a_while() -> None:
    server, clock = stopped_server(rotate_seconds=86_400, refresh_grace_seconds=0)
    assert granted(server, FIRST)["refresh_token"] == FIRST
    clock.advance(86_400)
    assert granted(server, FIRST)["refresh_token"] != FIRST
    assert refused(server, FIRST)


def test_a_refresh_token_expires_if_it_is_never_used() -> None:
    server, clock = stopped_server()
    clock.advance(8_726_400)
    assert refused(server, FIRST)


def test_a_fresh_sandbox_takes_the_first_token_again() -> None:
    for _ in range(2):
        server, _clock = stopped_server()
        assert not refused(server, server.environment("http://x")["QUICKBOOKS_REFRESH_TOKEN"])


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_only_the_client_gets_tokens(secret: str) -> None:
    server, _clock = stopped_server()
    answer = refresh(server, FIRST, secret)
    assert (answer.status, read(answer)) == (401, {"error": "invalid_client"})


def test_a_grant_has_to_be_of_a_kind_that_there_is() -> None:
    server, _clock = stopped_server()
    known = f"{server.settings.client_id}:{server.settings.client_secret}"
    headers = {"authorization": f"Basic {b64encode(known.encode()).decode()}"}
    for body, said in (
        (b"grant_type=password", "unsupported_grant_type"),
        (b"grant_type=refresh_token", "invalid_request"),
    ):
        answer = server.answer(Call("POST", ("oauth2", "v1", "tokens", "bearer"), (), headers, body))
        assert (answer.status, read(answer)["error"]) == (400, said)


def assert_unauthorized(client: Client) -> None:
    answer = client.ask("POST", "customer", {"DisplayName": "Ada"}, requestid="r")
    fault = read(answer)["Fault"]
    assert (answer.status, fault["type"], fault["Error"][0]["code"]) == (401, "AuthenticationFault", "3200")


def test_an_access_token_expires_by_time() -> None:
    server, clock = stopped_server(access_seconds=100)
    client = connect(server)
    clock.advance(99)
    assert client.get("companyinfo/1")["Id"] == "1"
    clock.advance(1)
    assert_unauthorized(client)
    assert server.truth("Customer") == []


def test_an_access_token_expires_by_requests_and_nothing_was_done() -> None:
    server, _clock = stopped_server(access_requests=1)
    client = connect(server)
    assert client.get("companyinfo/1")["Id"] == "1"
    assert_unauthorized(client)
    client.access = granted(server, server.tokens.current)["access_token"]
    assert client.post("customer", {"DisplayName": "Ada"}, requestid="r")["Id"] == "1"


def test_no_token_is_good_any_more_after_the_command() -> None:
    server, _clock = stopped_server()
    client = connect(server)
    assert server.command("expire_tokens", {}) == {"expired": 1}
    assert_unauthorized(client)
    assert not refused(server, server.tokens.current)


def test_a_revoked_connection_needs_a_new_consent() -> None:
    server, _clock = stopped_server()
    client = connect(server)
    server.command("revoke", {})
    assert_unauthorized(client)
    assert refused(server, server.tokens.current)
    code = server.command("authorize", {})["code"]
    server.tokens.redeem(code, server.settings, server.clock.now())
    assert not refused(server, server.tokens.current)


def test_another_company_is_not_for_this_token() -> None:
    server, _clock = stopped_server()
    client = connect(server)
    headers = {"authorization": f"Bearer {client.access}", "accept": "application/json"}
    answer = server.answer(Call("GET", ("v3", "company", "7", "companyinfo", "1"), (), headers))
    assert answer.status == 403


def test_the_gateway_may_answer_in_its_own_form() -> None:
    server, _clock = stopped_server(gateway_authentication_fault=True)
    answer = Client(server).ask("GET", "companyinfo/1")
    assert (answer.status, read(answer)["fault"]["error"][0]["code"]) == (401, "3200")
    assert read(answer)["fault"]["type"] == "AUTHENTICATION"
