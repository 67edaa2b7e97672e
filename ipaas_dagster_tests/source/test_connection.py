from __future__ import annotations

import asyncio
import json
import random
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest

from ipaas_dagster.errors import ProtocolBroken, Refused, SettingsError, Unavailable
from ipaas_dagster.records import Call
from ipaas_dagster.source.address import Address
from ipaas_dagster.source.client import Client, Page
from ipaas_dagster.source.collections import source_collection
from ipaas_dagster.source.connection import Connection, Pace
from ipaas_dagster_tests.source.world import World, serving


class Time:
    """A clock that only sleeping moves on; the waits are kept."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def pace(self) -> Pace:
        return Pace(lambda: self.now, self.sleep, random.Random(1))


def page(world: World, time: Time | None = None, *, calls: list[Call] | None = None, **options: Any) -> Page:
    world.records.setdefault("accounts", [(1.0, {"id": 1})])

    async def ask(url: str) -> Page:
        record = calls.append if calls is not None else lambda call: None
        token = options.pop("token", world.token)
        pace = (time or Time()).pace()
        async with Connection(url, token, record=record, pace=pace, **options) as connection:
            return await Client(connection, source_collection("accounts")).page(0, 100)

    with serving(world) as url:
        return asyncio.run(ask(url))


BROKEN: list[Any] = [
    "reset", "cut", (500, {}, b"oops"), (502, {}, b"<html>"), (503, {}, b""), (429, {}, b"{}"),
    (200, {}, b""), (200, {}, b"<html>sorry</html>"), (200, {}, b'{"count":1,"results":[{"id":'),
    (200, {}, b'{"error":"try again"}'), (200, {}, b'{"count":1,"results":5}'), (204, {}, b""), (301, {}, b""),
    (200, {"Content-Encoding": "gzip"}, b"not gzip"),
]  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN, ids=lambda f: str(f)[:40])
def test_every_passing_fault_is_retried_and_noted(fault: Any) -> None:
    calls: list[Call] = []
    found = page(World(faults=[fault, fault]), calls=calls)
    assert found.records == [b'{"id": 1}']
    assert [call.outcome == "ok" for call in calls] == [False, False, True]
    assert [call.attempt for call in calls] == [1, 2, 3]
    assert all(call.reason for call in calls[:2])
    assert found.sent_at == calls[2].started_at


def test_retry_after_is_waited_for() -> None:
    time = Time()
    page(
        World(faults=[(429, {"Retry-After": "17"}, b""), (503, {"Retry-After": "Sun, 01 Mar 2026 12:00:05 GMT"}, b"")]),
        time,
    )
    assert 17 <= time.waits[0] <= 18
    assert 5 <= time.waits[1] <= 6


def test_an_outage_ends_after_the_limit_and_says_what_happened() -> None:
    time = Time()
    with pytest.raises(Unavailable, match=r"status 500 overloaded.*IPAAS_RETRY_SECONDS"):
        page(World(faults=[(500, {}, b'{"message":"overloaded"}')] * 200), time, retry_seconds=60.0)
    assert 25 < sum(time.waits) <= 60


def test_a_web_page_in_place_of_json_soon_says_to_check_the_address() -> None:
    world = World(faults=[(200, {"Content-Type": "text/html"}, b"<html>log in</html>")] * 50)
    with pytest.raises(Unavailable, match=r"web page.*INSTAGAZE_BASE_URL"):
        page(world)
    assert len(world.requests) == 5


def test_a_web_page_among_other_broken_answers_is_one_of_them() -> None:
    broken = (b"[1, 2", b"null", b"", b'{"count": 1', b"<html>busy</html>", b"<html>busy again</html>")
    world = World(faults=[(200, {}, body) for body in broken])
    page(world)
    assert len(world.requests) == len(broken) + 1


def test_a_wait_longer_than_the_limit_is_not_begun() -> None:
    time = Time()
    with pytest.raises(Unavailable):
        page(World(faults=[(429, {"Retry-After": "3600"}, b"")]), time, retry_seconds=60.0)
    assert time.waits == []


def test_a_server_that_was_never_there_is_given_up_soon() -> None:
    time = Time()
    with serving(World()) as url:
        pass

    async def ask() -> None:
        async with Connection(url, "t", pace=time.pace()) as connection:
            await Client(connection, source_collection("accounts")).page(0, 100)

    with pytest.raises(Unavailable, match="INSTAGAZE_BASE_URL"):
        asyncio.run(ask())
    assert sum(time.waits) < 20


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 410, 422])
def test_final_answers_stop_at_once(status: int) -> None:
    body = json.dumps({"error": {"type": "invalid_request_error", "message": "because", "param": "order"}}).encode()
    world = World(faults=[(status, {}, body)])
    with pytest.raises(Refused, match="because") as caught:
        page(world)
    assert len(world.requests) == 1
    assert (caught.value.status, caught.value.attributes["param"]) == (status, "order")


def test_a_wrong_token_says_which_setting_and_never_the_token() -> None:
    world = World(faults=[(401, {}, b'{"message":"bad token wrong-token-1234","source":{"password":"p"}}')])
    calls: list[Call] = []
    with pytest.raises(Refused, match="INSTAGAZE_TOKEN") as caught:
        page(world, calls=calls, token="wrong-token-1234")
    said = f"{caught.value} {caught.value.attributes} {calls}"
    assert "wrong-token-1234" not in said
    assert "password" not in said


def test_a_token_that_comes_back_in_another_spelling_is_not_shown() -> None:
    token = "to+ken/secret=4711"
    says = f"you sent {quote(token, safe='')} or {b64encode(token.encode()).decode()}, {json.dumps({'password': 'p1'})}"
    calls: list[Call] = []
    with pytest.raises(Refused) as caught:
        page(World(faults=[(422, {}, json.dumps({"message": says}).encode())]), calls=calls, token=token)
    said = f"{caught.value} {caught.value.attributes} {calls}"
    assert "you sent *** or ***" in said
    assert "p1" not in said


def test_a_redirect_shows_no_path_of_the_servers_choosing() -> None:
    with pytest.raises(ProtocolBroken, match="circle") as caught:
        page(World(faults=[(302, {"Location": "/api/admin/login/planted"}, b"")] * 50))
    assert "planted" not in str(caught.value)


def test_the_token_is_not_taken_to_another_host() -> None:
    other = World()
    with serving(other) as elsewhere, pytest.raises(ProtocolBroken, match="INSTAGAZE_BASE_URL"):
        page(World(faults=[(302, {"Location": elsewhere + "accounts"}, b"")]))
    assert other.requests == []


def test_a_redirect_on_the_same_host_is_followed() -> None:
    world = World(faults=[(308, {"Location": "/api/admin/accounts?limit=100&offset=0"}, b"")])
    assert page(world).records == [b'{"id": 1}']


def test_a_redirect_in_a_circle_ends() -> None:
    world = World(faults=[(302, {"Location": "/api/admin/accounts"}, b"")] * 50)
    with pytest.raises(ProtocolBroken, match="circle"):
        page(world)


def test_a_body_that_is_always_nearly_json_is_read_leniently_and_noted() -> None:
    body = b'{"count":2,"results":[{"id":1,"price":NaN,"rate":1.10},{"id":2,"name":"\\ud800x"}]}'
    found = page(World(faults=[(200, {}, body)] * 3))
    assert [json.loads(r) for r in found.records] == [
        {"id": 1, "price": "NaN", "rate": 1.1},
        {"id": 2, "name": "\N{REPLACEMENT CHARACTER}x"},
    ]
    assert b"1.10" in found.records[0]


def test_proxies_are_for_others_than_this_machine() -> None:
    env = {"HTTPS_PROXY": "http://proxy:1", "http_proxy": "http://proxy:2", "NO_PROXY": "inside.example, .local"}
    assert Address("https://api.example/a/", None, env)._proxy == "http://proxy:1"
    assert Address("http://127.0.0.1:1/a/", None, env)._proxy is None
    assert Address("https://x.inside.example/a/", None, env)._proxy is None


@pytest.mark.parametrize("url", ["", "api.example/api", "ftp://x/", "https:///x", "https://x:99999/", "https://[x/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="INSTAGAZE_BASE_URL"):
        Address(url, None, {})


def test_a_host_of_other_letters_is_written_as_names_are_looked_up() -> None:
    assert Address("https://b\u00fccher.example:8443/a/", None, {}).url("x") == "https://xn--bcher-kva.example:8443/a/x"
    with pytest.raises(SettingsError, match="names no host"):
        Address("https://\u2603-\u200d.example/a/", None, {})


def test_a_token_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(SettingsError, match="INSTAGAZE_TOKEN"):
        Address("https://x/", "a\nb", {})


def test_doubled_slashes_of_our_own_never_happen() -> None:
    address = Address("https://user:pass@host:8443/api/admin//", None, {})
    assert address.url("accounts/1") == "https://host:8443/api/admin/accounts/1"
    assert "pass" not in address.shown + address.shown_path("accounts")


class Counting:
    """A wire that notes how many requests were under way at once."""

    faults: tuple[type[BaseException], ...] = (OSError,)

    def __init__(self) -> None:
        self.now = self.most = 0

    async def get(self, url: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        return 200, {"content-type": "application/json"}, b"[]"

    def is_unreached(self, error: BaseException) -> bool:
        return False

    async def aclose(self) -> None: ...


def test_no_more_requests_are_under_way_than_connections_are_allowed() -> None:
    wire = Counting()

    async def ask() -> None:
        async with Connection("http://127.0.0.1:1/a/", None, connections=3, wire=wire) as connection:
            await asyncio.gather(*(connection.get("x", {}, lambda body, *_: body) for _ in range(12)))

    asyncio.run(ask())
    assert wire.most == 3
