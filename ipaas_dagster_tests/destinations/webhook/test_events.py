"""What a receiver is told, and that it can prove where it comes from: judged by the convention's own library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook as Judge
from standardwebhooks.webhooks import WebhookVerificationError

from ipaas_dagster.deliver import Means, connect
from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.webhook.events import body_of
from ipaas_dagster.destinations.webhook.signing import Keys, read_key
from ipaas_dagster.ledger.bodies import read_bodies
from ipaas_dagster.operations.tables import calls
from ipaas_dagster.plan import apply, make_plan
from ipaas_dagster.sandbox.webhook import DEFAULT_SECRET
from ipaas_dagster_tests.destinations.webhook.stage import OTHER_SECRET, SYSTEM, Fault, Stage

WHEN = datetime(2026, 3, 1, 10, 30, 0, 5, tzinfo=UTC)
ENTRY = Entry(
    1, "key-1", "invoices", "invoices", "instagaze:invoices:7", "upsert", 9, 3, {"number": "I-7"}, None, "e1", WHEN
)


def document(entry: Entry, content: Any = "full") -> Any:
    return json.loads(body_of(entry, content))


def test_the_life_of_a_record_is_created_updated_deleted_and_created_again(stage: Stage) -> None:
    stage.customer(1)
    stage.deliver()
    stage.customer(1, name="Renamed")
    stage.deliver()
    stage.drop(1)
    stage.deliver()
    stage.customer(1, name="Back")
    stage.deliver()
    assert [event.type.removeprefix("customers.") for event in stage.events] == [
        "created", "updated", "deleted", "created",
    ]  # fmt: skip
    first, second, third, _ = (event.data for event in stage.events)
    own = {"hub_id": "instagaze:accounts:1", "epoch": "epoch-1"}
    assert {**first, **own, "name": "Customer 1", "version": 1} == first
    assert (second["name"], second["version"]) == ("Renamed", 2)
    assert third == {**own, "version": 3}


def test_a_record_that_changed_before_it_was_first_sent_is_created(stage: Stage) -> None:
    stage.customer(1)
    stage.customer(1, name="Renamed")
    stage.deliver()
    assert [(e.type, e.data["name"], e.data["version"]) for e in stage.events] == [("customers.created", "Renamed", 2)]


def test_the_body_tells_when_the_hub_took_the_change_and_its_exact_values() -> None:
    payload = {"total": Decimal("12.50"), "paid_at": WHEN, "lines": [{"b": 1, "a": None}], "draft": False}
    assert document(replace(ENTRY, payload=payload)) == {
        "type": "invoices.created",
        "timestamp": "2026-03-01T10:30:00.000005Z",
        "data": {
            "total": "12.50", "paid_at": "2026-03-01T10:30:00.000005Z", "lines": [{"a": None, "b": 1}], "draft": False,
            "hub_id": "instagaze:invoices:7", "version": 3, "epoch": "e1",
        },
    }  # fmt: skip
    assert "timestamp" not in document(replace(ENTRY, changed_at=None))


def test_the_same_record_has_the_same_bytes_whatever_the_order_of_its_fields() -> None:
    one, other = replace(ENTRY, payload={"a": 1, "b": 2}), replace(ENTRY, payload={"b": 2, "a": 1})
    assert body_of(one, "full") == body_of(other, "full")


def test_thin_says_which_record_and_nothing_of_what_it_holds() -> None:
    thin = document(ENTRY, "thin")
    assert thin["data"] == {"hub_id": "instagaze:invoices:7", "version": 3, "epoch": "e1"}
    assert thin["type"] == "invoices.created"


def test_references_are_hub_ids_and_nothing_waits_for_a_parent(stage: Stage) -> None:
    stage.put("contacts", "instagaze:contacts:1", customer_id="instagaze:accounts:404", name="Child")
    stage.deliver()
    assert [event.data["customer_id"] for event in stage.events] == ["instagaze:accounts:404"]


def kept(stage: Stage) -> list[tuple[Mapping[str, str], bytes]]:
    """Headers and body of every request, as they came."""
    return [(entry.headers or {}, entry.body or b"") for entry in stage.there.journal.entries()]


def believed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Judge(secret).verify(body, dict(headers))
    except WebhookVerificationError:
        return False
    return True


def test_the_convention_s_own_library_believes_every_request_and_no_changed_one(stage: Stage) -> None:
    stage.there.journal.keep_bodies = True
    stage.customer(1, name="Zoë 👩‍👩‍👧")
    stage.customer(2)
    stage.deliver()
    requests = kept(stage)
    assert len(requests) == 2
    for headers, body in requests:
        assert believed(DEFAULT_SECRET, headers, body)
        assert not believed(OTHER_SECRET, headers, body)
        assert not believed(DEFAULT_SECRET, headers, body.replace(b"name", b"Name"))
        assert not believed(DEFAULT_SECRET, {**headers, "webhook-id": "another"}, body)
        assert headers["content-type"] == "application/json"


def test_our_signature_is_the_library_s_own() -> None:
    at = datetime(2026, 3, 1, 10, 30, 7, 999_999, tzinfo=UTC)
    ours = Keys((read_key(DEFAULT_SECRET),)).headers("msg-1", at, b'{"a":"\xc3\xa9"}')
    theirs = Judge(DEFAULT_SECRET).sign("msg-1", at, '{"a":"é"}')
    assert ours == {"webhook-id": "msg-1", "webhook-timestamp": "1772361007", "webhook-signature": theirs}


def test_while_secrets_are_replaced_both_are_believed(stage: Stage) -> None:
    stage.there.journal.keep_bodies = True
    stage.customer(1)
    batch = stage.connected(second_secret=OTHER_SECRET)
    headers = batch._endpoint.keys.headers("msg-1", datetime.now(UTC), b"{}")
    assert believed(DEFAULT_SECRET, headers, b"{}")
    assert believed(OTHER_SECRET, headers, b"{}")
    assert len(headers["webhook-signature"].split(" ")) == 2
    batch.close()


def test_a_repeat_has_the_same_id_and_body_and_a_time_and_signature_of_its_own(stage: Stage) -> None:
    stage.there.journal.keep_bodies = True
    stage.there.faults.set([Fault("lost_answer", times=1)])
    stage.customer(1)
    stage.deliver()
    (first, body), (again, repeated) = kept(stage)
    assert (first["webhook-id"], body) == (again["webhook-id"], repeated)
    assert int(again["webhook-timestamp"]) - int(first["webhook-timestamp"]) in (4, 5)
    assert believed(DEFAULT_SECRET, again, repeated)
    assert [event.type for event in stage.events] == ["customers.created"]
    assert stage.requests() == 2


def test_a_recorded_request_is_refused_when_it_comes_again_later(stage: Stage) -> None:
    stage.customer(1)
    stage.there.clock.advance(301)
    result = stage.deliver()
    assert result.stopped is not None
    assert "webhook-timestamp is too old" in result.stopped
    assert (stage.events, stage.entry("instagaze:accounts:1").state) == ([], "pending")


def test_a_plan_holds_the_bytes_and_neither_address_nor_proof(stage: Stage, tmp_path: Path) -> None:
    stage.there.journal.keep_bodies = True
    stage.customer(1)
    out = tmp_path / "plan"
    plan = make_plan(stage.world.project, SYSTEM, out)
    assert not any(word in out.read_text() for word in ("webhook-signature", "v1,", "whsec_", "127.0.0.1"))
    stage.wait(timedelta(hours=1).total_seconds())
    applied = apply(stage.world.project, plan, Means(connect, wait=stage.wait))
    assert (applied.skipped, applied.result.stopped) == ([], None)
    (request,) = [request for batch in plan.batches() for request in batch.requests]
    ((headers, body),) = kept(stage)
    assert request.body.encode() == body
    assert dict(request.headers) == {"content-type": "application/json"}
    assert headers["webhook-id"] == stage.entry("instagaze:accounts:1").request_key


def test_address_and_secrets_reach_no_disk(stage: Stage, tmp_path: Path) -> None:
    """Of many receivers the address is a secret too."""
    url = f"{stage.environment['WEBHOOK_URL']}?hook=h00k-s3cr3t"
    other = Stage(tmp_path / "other", stage.there, {**stage.environment, "WEBHOOK_URL": url})
    other.customer(1)
    stage.there.faults.set([Fault("late_error", times=1)])
    other.deliver()
    assert len(other.events) == 1
    with other.world.project.operations.read() as connection:
        rows = [str(row) for row in connection.execute(select(calls))]
        bodies = read_bodies(connection, list(connection.scalars(select(calls.c.call_id))))
    other.world.project.operations.dispose()
    files = [path.read_bytes() for path in (tmp_path / "other").rglob("*") if path.is_file()]
    kept = b"".join([*files, *map(str.encode, rows), *(part for pair in bodies.values() for part in pair if part)])
    assert b"customers.created" in kept
    for secret in (b"h00k-s3cr3t", b"/webhook/events", DEFAULT_SECRET[6:].encode(), b"v1,"):
        assert secret not in kept, secret


@pytest.mark.parametrize(
    "secret", ["", "plain", "whsec_", "whsec_dG9vIHNob3J0", "whsec_not*base64", "whsk_" + "A" * 40]
)
def test_a_secret_that_is_none_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match="must be whsec_") as error:
        read_key(secret)
    assert secret[6:] == "" or secret[6:] not in str(error.value)
