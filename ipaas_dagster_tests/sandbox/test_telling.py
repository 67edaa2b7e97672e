"""The stand-in's webhooks, judged by the convention's own library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from standardwebhooks.webhooks import Webhook as Judge

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.instagaze.telling import DEFAULT_SECRET


class Taken(ThreadingHTTPServer):
    """Whoever is told: verified bodies by id; `refusing`: so many requests are answered 500 first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[tuple[str, dict[str, object]]] = []
        self.refusing, self.lock = 0, threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Taken

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            self.server.refusing -= 1
            status = 500 if self.server.refusing >= 0 else 200
            if status == 200:
                event = Judge(DEFAULT_SECRET).verify(body, dict(self.headers.items()))
                self.server.bodies.append((self.headers["webhook-id"], event))
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def taken() -> Iterator[Taken]:
    server = Taken()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(accounts=10, samples=None) as running:
        yield running
        running.instagaze.webhooks(None)


def told(sandbox: Sandbox, **settings: object) -> None:
    answer = httpx.post(f"{sandbox.origin}/_sandbox/webhooks", json=settings)
    assert answer.status_code == 200, answer.text


def drained(sandbox: Sandbox) -> dict[str, int]:
    assert sandbox.instagaze.teller is not None
    assert sandbox.instagaze.teller.drain(60)
    counts: dict[str, int] = httpx.post(f"{sandbox.origin}/_sandbox/told", json={}).json()
    return counts


def test_each_change_is_told_once_signed(sandbox: Sandbox, taken: Taken) -> None:
    told(sandbox, url=taken.url)
    done = sandbox.instagaze.mutate("accounts", insert=2, change=3, delete=1)
    assert drained(sandbox)["told"] == 6
    said = sorted((event["type"], event["data"]["id"]) for _, event in taken.bodies)  # type: ignore[index]
    expected = [("accounts.created", n) for n in done.inserted] + [("accounts.updated", n) for n in done.changed]
    assert said == sorted(expected + [("accounts.deleted", n) for n in done.deleted])


def test_twice_late_and_again_where_it_was_refused(sandbox: Sandbox, taken: Taken) -> None:
    taken.refusing = 3
    told(sandbox, url=taken.url, twice=1.0, late=0.5, late_seconds=0.1, shuffled=1.0, wait_seconds=0.01)
    sandbox.instagaze.mutate("accounts", change=5)
    counts = drained(sandbox)
    assert (counts["events"], counts["told"], counts["failed_attempts"]) == (5, 10, 3)
    assert len({event_id for event_id, _ in taken.bodies}) == 5


def test_it_gives_up_and_says_so(sandbox: Sandbox, taken: Taken) -> None:
    taken.refusing = 100
    told(sandbox, url=taken.url, attempts=2, wait_seconds=0.01)
    sandbox.instagaze.mutate("accounts", change=1)
    assert drained(sandbox)["given_up"] == 1


def test_unknown_settings_are_refused_and_nothing_is_told_once_it_is_off(sandbox: Sandbox, taken: Taken) -> None:
    assert httpx.post(f"{sandbox.origin}/_sandbox/webhooks", json={"address": "x"}).status_code == 400
    told(sandbox, url=taken.url)
    told(sandbox)
    sandbox.instagaze.mutate("accounts", change=1)
    assert sandbox.instagaze.teller is None
    assert taken.bodies == []
