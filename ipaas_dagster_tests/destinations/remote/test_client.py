"""One call over HTTP: what is proven, what is in doubt, and what the ledger keeps of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.remote import AnswerLost, Client, NotSent
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.remote.session import Token, TokenSession
from ipaas_dagster.destinations.requests import Request, hole
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.records import Call

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EXPIRED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Answers each request with the next of `answers` (b"" closes the connection instead), and keeps what came."""

    def __init__(self, listener: socket.socket, answers: list[bytes]) -> None:
        self.came: list[bytes] = []
        self._listener, self._answers = listener, answers
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def serve(self) -> None:
        while self._answers:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the test is over
                return
            with connection:
                while self._answers and (request := _request(connection)):
                    self.came.append(request)
                    answer = self._answers.pop(0)
                    if not answer:
                        break
                    connection.sendall(answer)


def _request(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        if not (more := connection.recv(65_536)):
            return b""
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    sizes = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    while len(body) < sum(sizes):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(*answers: bytes) -> Iterator[Server]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = Server(listener, list(answers))
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server


def client_of(url: str, rows: list[Call], fetch: Callable[[], Token] | None = None) -> Client:
    setting = Setting("crm", {}, {}, lambda: NOW, rows.append)
    session = TokenSession(fetch, lambda: NOW) if fetch else None
    return Client(setting, url, session=session)


def test_a_write_has_its_intent_before_and_its_outcome_after() -> None:
    rows: list[Call] = []
    with serving(OK) as server:
        client = client_of(server.url, rows)
        answer = client.write(Request("POST", "/things", b'{"a":1}'), Part("s1", 3))
        client.close()
    assert (answer.status, answer.body) == (200, b"ok")
    assert [(r.outcome, r.direction, r.method, r.path, r.sending_id, r.attempt) for r in rows] == [
        ("intent", "write", "POST", "/things", "s1", 3),
        ("ok", "write", "POST", "/things", "s1", 3),
    ]
    assert rows[0].call_id == rows[1].call_id
    assert (rows[1].request_body, rows[1].response_body, rows[1].status) == (b'{"a":1}', b"ok", 200)
    assert (rows[1].bytes_out, rows[1].bytes_in) == (7, 2)


def test_a_lost_answer_is_a_doubt_and_no_connection_is_none() -> None:
    rows: list[Call] = []
    with serving(b"") as server:
        client = client_of(server.url, rows)
        with pytest.raises(AnswerLost, match="no answer"):
            client.write(Request("POST", "/things"))
        url = server.url
    client.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    refused = client_of(f"http://127.0.0.1:{free}", rows)
    with pytest.raises(NotSent, match="no connection"):
        refused.write(Request("POST", "/things"))
    assert [row.outcome for row in rows] == ["intent", "in_doubt", "intent", "not_sent"], url


def test_a_truncated_answer_is_a_doubt() -> None:
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") as server:
        client = client_of(server.url, [])
        with pytest.raises(AnswerLost):
            client.write(Request("POST", "/things"))
        client.close()


def test_credentials_fill_holes_on_the_wire_and_nowhere_else() -> None:
    rows: list[Call] = []
    secret, token = hole("b1", "authentication", "session"), hole("b1", "lock_token", "Invoice 7", 2)
    request = Request("POST", "/x", f"<s>{secret.marker}</s><t>{token.marker}</t>".encode(), holes=[secret, token])
    with serving(OK) as server:
        client = client_of(server.url, rows)
        client.write(request, fill={secret.marker: "S3CRET", token.marker: "5"})
        client.close()
        assert server.came[0].endswith(b"<s>S3CRET</s><t>5</t>")
    assert "S3CRET" not in repr(rows)
    assert all(row.request_body == f"<s>{secret.marker}</s><t>5</t>".encode() for row in rows)


def test_an_expired_token_is_fetched_again_once() -> None:
    rows: list[Call] = []
    tokens = iter(["one", "two"])
    with serving(EXPIRED, OK) as server:
        client = client_of(server.url, rows, lambda: Token(next(tokens)))
        assert client.write(Request("POST", "/things", b"x")).status == 200
        client.close()
        assert [b"Bearer one" in server.came[0], b"Bearer two" in server.came[1]] == [True, True]
    assert [row.outcome for row in rows] == ["intent", "refused", "intent", "ok"]


def test_an_address_that_is_none_or_holds_credentials() -> None:
    setting = Setting("crm", {}, {}, lambda: NOW, lambda call: None)
    for url in ("ftp://x", "crm.example.com", "https://user:pw@crm.example.com"):
        with pytest.raises(SettingsError) as error:
            Client(setting, url)
        assert "crm" in str(error.value)
        if "pw" in url:
            assert "pw" not in str(error.value)
