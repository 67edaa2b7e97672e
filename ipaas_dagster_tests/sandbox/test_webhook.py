"""The stand-in receiver, driven by the convention's own library."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook as Signer

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.webhook import DEFAULT_SECRET

OTHER = "whsec_YW5vdGhlci1zZWNyZXQtb2YtYWxzby0zMi1ieXRlcyE="
Post = Callable[..., httpx.Response]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(samples=None) as running:
        yield running


@pytest.fixture
def post(sandbox: Sandbox) -> Post:
    url = sandbox.environment["WEBHOOK_URL"]

    def send(
        event_id: str = "msg-1",
        body: str | None = None,
        *,
        ago: float = 0,
        secret: str = DEFAULT_SECRET,
        **headers: str,
    ) -> httpx.Response:
        text, at = body or event(), datetime.now(UTC) - timedelta(seconds=ago)
        signed = {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Signer(secret).sign(event_id, at, text),
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(url, content=text, headers={**signed, **given}, trust_env=False)

    return send


def event(happened: str = "created", version: int = 1, epoch: str = "e", **data: Any) -> str:
    own = {"hub_id": "h:1", "version": version, "epoch": epoch}
    return json.dumps({"type": f"customers.{happened}", "data": {**data, **own}})


def test_what_the_library_signs_is_taken(sandbox: Sandbox, post: Post) -> None:
    assert post(body=event(name="Zoë")).status_code == 200
    assert sandbox.webhook.truth("customers") == [{"name": "Zoë", "hub_id": "h:1", "version": 1, "epoch": "e"}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ago": 400},
        {"ago": -400},
        {"secret": OTHER},
        {"webhook_id": "another"},
        {"webhook_timestamp": "now"},
        {"webhook_signature": "v1,####"},
        {"webhook_signature": "v2,abc"},
        {"webhook_id": ""},
    ],
)
def test_what_cannot_be_proven_is_refused(sandbox: Sandbox, post: Post, wrong: dict[str, Any]) -> None:
    assert post(**wrong).status_code == 401
    assert sandbox.webhook.truth("customers") == []
    assert sandbox.webhook.command("counters", {}) == {"events": 0, "requests": 0, "refused": 1}


def test_one_of_several_signatures_is_enough_and_two_secrets_may_be_good(sandbox: Sandbox, post: Post) -> None:
    sandbox.webhook.configure(second_secret=OTHER)
    assert post("msg-1", secret=OTHER).status_code == 200
    at = datetime.now(UTC)
    good = Signer(OTHER).sign("msg-2", at, event())
    several = post("msg-2", webhook_signature=f"v1a,x v1,AAAA {good}", webhook_timestamp=str(int(at.timestamp())))
    assert several.status_code == 200


def test_an_id_counts_once(sandbox: Sandbox, post: Post) -> None:
    assert post("msg-1", event(name="first")).json() == {"message": "taken"}
    assert post("msg-1", event(name="first")).json() == {"message": "known already"}
    (told,) = sandbox.webhook.command("events", {})["events"]
    assert (told["type"], told["arrivals"]) == ("customers.created", 2)


def test_events_are_folded_and_an_older_version_changes_nothing(sandbox: Sandbox, post: Post) -> None:
    post("1", event(version=1, name="one"))
    post("3", event("updated", 3, name="three"))
    post("2", event("updated", 2, name="two"))
    assert [record["name"] for record in sandbox.webhook.truth("customers")] == ["three"]
    post("4", event("deleted", 4))
    post("5", event("updated", 3, name="late"))
    assert sandbox.webhook.truth("customers") == []
    post("6", event("created", 1, "another", name="restored"))
    assert [record["name"] for record in sandbox.webhook.truth("customers")] == ["restored"]


@pytest.mark.parametrize("body", ["nothing", "[]", '{"type": "x"}', '{"type": "a.created", "data": 5}'])
def test_what_is_no_event_is_refused(post: Post, body: str) -> None:
    assert post(body=body).status_code == 400


def test_it_can_be_told_what_to_answer(sandbox: Sandbox, post: Post) -> None:
    control = f"{sandbox.origin}/_sandbox/webhook"
    told = httpx.post(f"{control}/configure", json={"status": 410, "says": "no more"}, trust_env=False).json()
    assert told["status"] == 410
    assert "secret" not in told
    assert (post().status_code, post().json()) == (410, {"message": "no more"})
    sandbox.webhook.configure(status=429, retry_after="9")
    assert (post().status_code, post().headers["retry-after"]) == (429, "9")
    sandbox.webhook.configure(status=None)
    assert post().status_code == 200
    truth = httpx.get(f"{control}/truth/customers", trust_env=False).json()
    assert [record["hub_id"] for record in truth["results"]] == ["h:1"]
    with pytest.raises(ValueError, match="it has: "):
        sandbox.webhook.configure(nothing=1)
    with pytest.raises(ValueError, match="it has: "):
        sandbox.webhook.command("nothing", {})


def test_only_post_is_taken(sandbox: Sandbox) -> None:
    assert httpx.get(sandbox.environment["WEBHOOK_URL"], trust_env=False).status_code == 405
