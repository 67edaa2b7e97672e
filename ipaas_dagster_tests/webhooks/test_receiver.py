"""What a sender meets: the receiver as the command starts it, over HTTP, with another's signatures."""

from __future__ import annotations

import hmac
import json
import signal
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipaas_dagster_tests.flow.world import copy_declarations
from ipaas_dagster_tests.webhooks.sender import SECOND, SECRET, TOKEN, Process, environment, event, receiving, signed

NOTIFICATION = {
    "eventNotifications": [
        {
            "realmId": "4620816365",
            "dataChangeEvent": {
                "entities": [
                    {"name": "Account", "id": "1", "operation": "Create", "lastUpdated": "2026-05-01T10:00:00-08:00"},
                    {"name": "Item", "id": "2", "operation": "Update", "lastUpdated": "2026-05-01T10:05:00-08:00"},
                ]
            },
        }
    ]
}
"""The older form, as Intuit documents it."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("receiver") / "state"


@pytest.fixture(scope="module")
def receiver(state: Path) -> Iterator[Process]:
    more = {
        "INSTAGAZE_WEBHOOK_SECOND_SECRET": SECOND,
        "IPAAS_WEBHOOK_BYTES": "2048",
        "IPAAS_CONFIG": str(config(state)),
    }
    with receiving(environment(state, **more)) as running:
        yield running


def config(state: Path) -> Path:
    """The declared files, with the line of the second secret switched on, and a system whose webhooks are its own."""

    folder = state.parent / "config"
    if not folder.exists():
        copy_declarations(folder)
        presets = folder / "presets.yaml"
        text = presets.read_text().replace(
            "# second_secret: env:INSTAGAZE_WEBHOOK", "second_secret: env:INSTAGAZE_WEBHOOK"
        )
        text += (
            "own: {secret: env:QUICKBOOKS_WEBHOOK_TOKEN, convention: hmac, signature_header: X-Signature, "
            "encoding: hex, events_path: changes, collection_path: kind, "
            "record_path: key, method_path: did, names: konto=accounts}\n"
        )
        presets.write_text(text)
        worksheet = folder / "worksheet.yaml"
        worksheet.write_text(
            worksheet.read_text().replace("{kind: sql, preset: sql}", "{kind: sql, preset: sql, webhooks: own}")
        )
    return folder


def post(receiver: Process, system: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(receiver.addresses[system], content=body, headers=headers)


def rows(state: Path, **where: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(state / "operations.db") as connection:
        terms = " AND ".join(f"{name} = ?" for name in where) or "1 = 1"
        columns = "event_id, system, collection, source_id, method, state"
        return connection.execute(
            f"SELECT {columns} FROM inbox WHERE {terms} ORDER BY event_id", [*where.values()]
        ).fetchall()


def test_a_genuine_event_is_stored_before_it_is_answered(receiver: Process, state: Path) -> None:
    body = event("accounts", 42)
    answer = post(receiver, "instagaze", body, signed("msg_1", body))
    assert (answer.status_code, answer.json()) == (200, {"events": 1})
    assert rows(state, event_id="msg_1") == [("msg_1", "instagaze", "accounts", "42", "update", "pending")]


def test_one_that_comes_again_is_answered_alike_and_stored_once(receiver: Process, state: Path) -> None:
    body = event("invoices", 7, "created")
    for _ in range(3):
        assert post(receiver, "instagaze", body, signed("msg_2", body)).status_code == 200
    assert len(rows(state, event_id="msg_2")) == 1


def test_while_secrets_are_replaced_both_are_good_and_no_third(receiver: Process, state: Path) -> None:
    body = event("products", 3)
    third = "whsec_" + b64encode(b"some other secret, also 32 bytes").decode()
    codes = [
        post(receiver, "instagaze", body, signed(f"msg_3{n}", body, secret=secret)).status_code
        for n, secret in enumerate((SECRET, SECOND, third))
    ]
    assert codes == [200, 200, 401]
    assert [row[0] for row in rows(state, collection="products")] == ["msg_30", "msg_31"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda headers: headers | {"webhook-signature": "v1," + b64encode(b"x" * 32).decode()},
        lambda headers: headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v0,")},
        lambda headers: headers | {"webhook-signature": "v1,%%%"},
        lambda headers: headers | {"webhook-signature": ""},
        lambda headers: headers | {"webhook-id": "msg_another"},
        lambda headers: headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
        lambda headers: headers | {"webhook-timestamp": "now"},
        lambda headers: {name: value for name, value in headers.items() if name != "webhook-id"},
        lambda headers: {"content-type": "application/json"},
    ],
    ids=["wrong", "another version", "no base64", "empty", "another id", "another time", "no time", "no id", "nothing"],
)
def test_what_is_not_genuine_is_refused_and_leaves_no_trace(receiver: Process, state: Path, forge: Any) -> None:
    before, body = rows(state), event("accounts", 1)
    answer = post(receiver, "instagaze", body, forge(signed("msg_f", body)))
    assert answer.status_code == 401, answer.text
    assert rows(state) == before


def test_a_changed_body_is_not_genuine(receiver: Process) -> None:
    headers = signed("msg_g", event("accounts", 1))
    assert post(receiver, "instagaze", event("accounts", 2), headers).status_code == 401


@pytest.mark.parametrize(("seconds", "code"), [(-290, 200), (290, 200), (-310, 401), (310, 401)])
def test_what_was_recorded_and_is_sent_again_later_is_refused(receiver: Process, seconds: int, code: int) -> None:
    body = event("accounts", 5)
    headers = signed(f"msg_t{seconds}", body, at=datetime.now(UTC) + timedelta(seconds=seconds))
    assert post(receiver, "instagaze", body, headers).status_code == code


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"type": "accounts.updated"}', b'{"data": {"id": 1}}',
     b'{"type": "accounts.updated", "data": {"id": {"a": 1}}}', b'{"type": "a/../b.updated", "data": {"id": 1}}',
     b'{"type": "accounts.updated", "data": {"id": "../pipelines"}}', b"[" * 900 + b"]" * 900],
)  # fmt: skip
def test_what_says_nothing_is_unreadable(receiver: Process, state: Path, body: bytes) -> None:
    before = rows(state)
    when = datetime.now(UTC)
    from standardwebhooks.webhooks import Webhook

    text = body.decode("latin-1")
    if text.encode() != body:  # the judge signs text only
        key = b64encode(
            hmac.digest(b"a secret of thirty-two bytes ok!", b"u.%d." % int(when.timestamp()) + body, "sha256")
        )
        signature = f"v1,{key.decode()}"
    else:
        signature = Webhook(SECRET).sign("u", when, text)
    headers = {"webhook-id": "u", "webhook-timestamp": str(int(when.timestamp())), "webhook-signature": signature}
    answer = post(receiver, "instagaze", body, headers)
    assert answer.status_code == (200 if body == b"[]" else 400), answer.text
    assert rows(state) == before


def test_events_of_nothing_that_is_read_are_kept_as_ignored(receiver: Process, state: Path) -> None:
    for number, body in enumerate((event("spaceships", 1), event("accounts", "abc"))):
        assert post(receiver, "instagaze", body, signed(f"odd_{number}", body)).status_code == 200
    assert [row[-1] for row in rows(state) if row[0].startswith("odd_")] == ["ignored", "ignored"]


def test_too_large_bodies_are_refused_whatever_length_they_say(receiver: Process, state: Path) -> None:
    before, body = rows(state), b'{"type": "accounts.updated", "data": {"id": 1}, "x": "%s"}' % (b"x" * 3000)
    assert post(receiver, "instagaze", body, signed("big", body)).status_code == 413
    chunked = httpx.post(
        receiver.addresses["instagaze"], content=iter([body[:1000], body[1000:]]), headers=signed("big", body)
    )
    assert chunked.status_code == 413
    assert rows(state) == before


def test_other_addresses_and_methods(receiver: Process) -> None:
    origin = receiver.addresses["instagaze"].rsplit("/webhooks", 1)[0]
    assert httpx.post(f"{origin}/webhooks/nobody", content=b"{}").status_code == 404
    assert httpx.post(f"{origin}/webhooks/files", content=b"{}").status_code == 404
    assert httpx.get(receiver.addresses["instagaze"]).status_code == 405
    health = httpx.get(f"{origin}/health")
    assert (health.status_code, health.json()) == (200, {"ok": True})


def quickbooks(body: bytes, token: str = TOKEN) -> dict[str, str]:
    return {"intuit-signature": b64encode(hmac.digest(token.encode(), body, "sha256")).decode()}


def test_quickbooks_notifications_of_both_forms(receiver: Process, state: Path) -> None:
    old = json.dumps(NOTIFICATION).encode()
    new = json.dumps(
        [{"specversion": "1.0", "id": "88cd52aa", "source": "intuit.x", "type": "qbo.invoice.created.v1",
          "time": "2026-05-31T21:31:25.179Z", "intuitentityid": "95", "intuitaccountid": "310687", "data": {}}]
    ).encode()  # fmt: skip
    for body in (old, new, old):
        assert post(receiver, "quickbooks", body, quickbooks(body)).status_code == 200
    assert post(receiver, "quickbooks", old, quickbooks(old, "another token of some length")).status_code == 401
    found = sorted(row[2:5] for row in rows(state, system="quickbooks"))
    assert found == [("account", "1", "create"), ("invoice", "95", "create"), ("item", "2", "update")]


def test_a_convention_of_ones_own_is_declared_in_the_preset(receiver: Process, state: Path) -> None:
    body = json.dumps(
        {"changes": [{"kind": "Konto", "key": 9, "did": "REMOVED"}, {"kind": "x", "key": "a-1"}]}
    ).encode()
    headers = {"X-Signature": hmac.new(TOKEN.encode(), body, "sha256").hexdigest()}
    assert post(receiver, "sql", body, headers).json() == {"events": 2}
    found = sorted(row[2:5] for row in rows(state, system="sql"))
    assert found == [("accounts", "9", "delete"), ("x", "a-1", "unknown")]


def test_what_has_no_id_is_pending_again_when_it_is_said_again(receiver: Process, state: Path) -> None:
    """The same words may be about a later change; a duplicate costs one look at the record."""
    body = json.dumps({"changes": {"kind": "konto", "key": 77, "did": "update"}}).encode()
    headers = {"X-Signature": hmac.new(TOKEN.encode(), body, "sha256").hexdigest()}
    post(receiver, "sql", body, headers)
    with sqlite3.connect(state / "operations.db") as connection:
        connection.execute("UPDATE inbox SET state = 'done' WHERE source_id = '77'")
    post(receiver, "sql", body, headers)
    assert [row[-1] for row in rows(state, source_id="77")] == ["pending"]


def test_nothing_of_a_body_and_no_secret_is_on_disk_or_said(receiver: Process, state: Path) -> None:
    body = b'{"type": "accounts.updated", "data": {"id": 8, "password": "hunter2-planted", "name": "planted-name"}}'
    assert post(receiver, "instagaze", body, signed("planted", body)).status_code == 200
    raw = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert b"planted" in raw  # its id
    for secret in (
        b"hunter2",
        b"planted-name",
        SECRET.encode(),
        SECRET[6:].encode(),
        b"thirty-two bytes",
        TOKEN.encode(),
    ):
        assert secret not in raw


def test_a_store_that_cannot_be_written_asks_the_sender_to_repeat(tmp_path: Path) -> None:
    with receiving(environment(tmp_path / "state")) as running:
        body = event("accounts", 1)
        with sqlite3.connect(tmp_path / "state" / "operations.db") as connection:
            connection.execute("ALTER TABLE inbox RENAME TO elsewhere")
        answer = post(running, "instagaze", body, signed("msg_1", body))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        origin = running.addresses["instagaze"].rsplit("/webhooks", 1)[0]
        assert httpx.get(f"{origin}/health").status_code == 503
        with sqlite3.connect(tmp_path / "state" / "operations.db") as connection:
            connection.execute("ALTER TABLE elsewhere RENAME TO inbox")
        assert post(running, "instagaze", body, signed("msg_1", body)).status_code == 200
        running.process.send_signal(signal.SIGINT)
        out, err = running.process.communicate(timeout=30)
    assert running.process.returncode == 0
    assert "1 events stored" in out
    assert "asked to repeat" in err
    assert "accounts" not in err


def test_without_any_secret_it_says_what_is_missing(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from ipaas_dagster.cli.app import app

    given = environment(tmp_path / "state", INSTAGAZE_WEBHOOK_SECRET="", QUICKBOOKS_WEBHOOK_TOKEN="")
    said = CliRunner().invoke(app, ["webhooks"], env=given)
    assert said.exit_code == 2
    assert "INSTAGAZE_WEBHOOK_SECRET" in said.stderr
