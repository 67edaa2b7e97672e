"""One record's story at a time: what queues nothing and why, what dies and is retried, what is not there at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from ipaas_dagster.errors import UsageError
from ipaas_dagster.ledger.calls import note_call
from ipaas_dagster.operations.tables import attempts, calls, links
from ipaas_dagster.outbox.dead import DeadFilter, dead_retry
from ipaas_dagster.records import Call, new_id, utc_now
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sync import deliver_all, reconcile_all, sync
from ipaas_dagster.trace import Trace, Wanted, find
from ipaas_dagster.trace.document import document
from ipaas_dagster.trace.lines import lines
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.trace.told import Past, config


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("story")
    filters = {"customers": {"autopay_only": True}}
    extra = (("IPAAS_LAG_SECONDS", "0"), ("IPAAS_CONFIG", str(config(folder / "config", filters))))
    with running_sandbox(accounts=3, seed=2, samples=None) as sandbox:
        made = Past(World(sandbox, folder / "state", extra))
        yield made
        made.project.operations.dispose()


def account(past: Past, **fields: object) -> str:
    made = past.world.sandbox.instagaze.insert("accounts", {"autopay_only": True, "contacts": [], **fields})
    return f"instagaze:accounts:{made['id']}"


def change(past: Past, hub_id: str, **fields: object) -> None:
    past.world.sandbox.instagaze.change("accounts", int(hub_id.rpartition(":")[2]), fields)


def pull(past: Past) -> None:
    """Into the hub only."""
    outcome = sync(past.project, [("accounts", None)], [])
    assert not outcome.unexpected, outcome.findings


def deliver(past: Past) -> None:
    deliver_all(past.project, ["sql"])


def told(found: Trace, what: str, *names: str) -> list[tuple[object, ...]]:
    """Without duplicates: whether neighbouring pages overlap is the scan's affair."""
    events = [event for event in found.events if event.what == what]
    return [tuple(e.details[name] for name in names) for e in events if e.details.get("verdict") != "duplicate"]


def passed_over(found: Trace) -> list[tuple[object, ...]]:
    return told(found, "not_queued", "version", "verdict")


def test_what_the_route_leaves_out_is_filtered_until_it_no_longer_is(past: Past) -> None:
    hub_id = account(past, autopay_only=False)
    pull(past)
    deliver(past)
    change(past, hub_id, account_name="Other")
    pull(past)
    deliver(past)
    change(past, hub_id, autopay_only=True)
    pull(past)
    deliver(past)
    found = past.trace(hub_id)
    assert passed_over(found) == [(1, "filtered"), (2, "filtered")]
    assert told(found, "queued", "version", "operation", "state") == [(3, "upsert", "delivered")]


def test_a_change_and_its_taking_back_between_two_deliveries(past: Past) -> None:
    hub_id = account(past, account_name="First")
    pull(past)
    deliver(past)
    for name in ("Second", "First"):
        change(past, hub_id, account_name=name)
        pull(past)
    deliver(past)
    found = past.trace(hub_id)
    assert passed_over(found) == [(2, "coalesced"), (3, "same_as_delivered")]
    assert told(found, "version", "version", "operation") == [(1, "insert"), (2, "update"), (3, "update")]
    assert told(found, "version", "diff")[1][0] == {"name": ("First", "Second")}


def test_a_record_that_is_gone_before_it_was_ever_delivered(past: Past) -> None:
    hub_id = account(past)
    pull(past)
    past.world.sandbox.instagaze.delete("accounts", int(hub_id.rpartition(":")[2]))
    reconcile_all(past.project, ["accounts"], ["sql"])
    found = past.trace(hub_id)
    assert passed_over(found) == [(1, "coalesced"), (2, "not_needed")]
    assert found.hub.state == "deleted"
    assert told(found, "seen", "verdict")[-1] == ("delete",)
    assert found.events[-2].details.get("call", {}) is not None
    assert found.systems[0].confirmed is None


def test_a_dead_letter_its_retry_and_what_stands_for_it(past: Past) -> None:
    hub_id = account(past, account_name="Good")
    pull(past)
    deliver(past)
    forbid(past, "Bad")
    change(past, hub_id, account_name="Bad")
    pull(past)
    deliver(past)
    dead = past.trace(hub_id)
    assert [entry["state"] for entry in dead.systems[0].open] == ["dead"]
    assert "no Bad here" in str(dead.systems[0].open[0]["reason"])
    assert dead.systems[0].confirmed["name"] == "Good"
    forbid(past, "nothing")
    dead_retry(past.project, DeadFilter(system="sql"))
    deliver(past)
    found = past.trace(hub_id)
    assert told(found, "queued", "version", "state") == [(1, "delivered"), (2, "superseded"), (2, "delivered")]
    assert told(found, "attempt", "outcome") == [("delivered",), ("rejected",), ("delivered",)]
    assert any("stands for it" in event.text for event in found.events if event.what == "state")


def forbid(past: Past, name: str) -> None:
    """The database refuses customers of this name."""
    with sqlite3.connect(past.world.state / "sql.db") as connection:
        for when in ("INSERT", "UPDATE"):
            connection.execute(f"DROP TRIGGER IF EXISTS no_{when}")
            connection.execute(
                f"CREATE TRIGGER no_{when} BEFORE {when} ON customers WHEN new.name = '{name}' "
                "BEGIN SELECT RAISE(ABORT, 'no Bad here'); END"
            )


def test_another_template_looks_at_every_record_anew(past: Past, tmp_path: Path) -> None:
    hub_id = account(past)
    pull(past)
    deliver(past)
    filters = {"customers": {"autopay_only": True, "name": {"not_equals": "Nobody"}}}
    other = Past(World(past.world.sandbox, past.world.state, (("IPAAS_CONFIG", str(config(tmp_path / "c", filters))),)))
    deliver_all(other.project, ["sql"])
    found = other.trace(hub_id)
    assert passed_over(found) == [(1, "same_as_delivered")]
    assert "looked at anew" in str(told(found, "not_queued", "reason")[0][0])
    other.project.operations.dispose()


def test_what_the_system_holds_now_is_asked_and_noted(past: Past) -> None:
    hub_id = account(past, account_name="Asked for")
    pull(past)
    deliver(past)
    found = past.trace(hub_id, Wanted(read=True))
    assert found.systems[0].held_now is not None
    assert found.systems[0].held_now.record is not None
    assert found.systems[0].held_now.record["name"] == "Asked for"
    with past.project.operations.read() as connection:
        paths = connection.scalars(select(calls.c.path).where(calls.c.method == "READ", calls.c.system == "sql"))
        assert f"customers/{hub_id}" in list(paths)


def test_a_child_tells_of_its_parents_landings(past: Past) -> None:
    contact = {"id": 990001, "name": "Ada", "email": "ada@example.com", "is_active": True, "is_deleted": False}
    hub_id = account(past, contacts=[contact])
    pull(past)
    change(past, hub_id, contacts=[])
    pull(past)
    change(past, hub_id, account_name="Alone")
    pull(past)
    found = past.trace("contacts/990001")
    assert told(found, "seen", "verdict", "element") == [("insert", 1), ("delete", 0)]
    assert told(found, "parent_seen", "parent", "verdict") == [(hub_id, "update")]


def test_a_record_is_found_by_each_of_its_names(past: Past) -> None:
    hub_id = account(past)
    number = hub_id.rpartition(":")[2]
    names = [hub_id, f"accounts/{number}", f"customers/{number}"]
    assert {find(past.project, name).hub_id for name in names} == {hub_id}
    assert find(past.project, None, system="sql", its_id=hub_id).hub_id == hub_id
    assert find(past.project, None, system="instagaze", its_id=number, collection="accounts").hub_id == hub_id
    assert find(past.project, "invoices/7#2").collection.name == "invoice_lines"
    for words in ("42", "nothing/42", "instagaze:accounts:"):
        with pytest.raises(UsageError, match="names no record"):
            find(past.project, words)
    with pytest.raises(UsageError, match="no record is linked"):
        find(past.project, None, system="sql", its_id="0018Z")


def test_a_record_that_nobody_has_seen(past: Past) -> None:
    found = past.trace("accounts/424242")
    assert not found.found
    assert not found.events
    assert "no trace of instagaze:accounts:424242" in found.notes[-1]


def test_a_trace_is_readable_as_lines_and_as_json(past: Past) -> None:
    hub_id = account(past, account_name="Read me")
    pull(past)
    deliver(past)
    found = past.trace(hub_id, Wanted(records=True, as_of=past.project.clock()))
    text = "\n".join(line.text for line in lines(found))
    assert "GET /api/admin/accounts" in text
    assert "name: Read me" in text
    assert "UPSERT customers ok" in text
    assert "sql had version 1" in text
    assert json.loads(json.dumps(document(found)))["events"][0]["details"]["record"]["account_name"] == "Read me"


def test_the_id_that_a_system_gave_finds_the_record_and_its_calls_with_their_bodies(past: Past) -> None:
    hub_id = account(past)
    pull(past)
    deliver(past)
    give_id(past, hub_id, "0018Z00001")
    assert find(past.project, None, system="sql", its_id="0018Z00001").hub_id == hub_id
    (attempt,) = (event for event in past.trace(hub_id).events if event.what == "attempt")
    sending = attempt.details["calls"][0]["call_id"]
    call = Call(
        new_id(), "sql", "write", "PATCH", "/composite", utc_now(), status=200, outcome="ok", sending_id=sending
    )
    body = json.dumps({"records": [{"id": "0018Z00001", "success": True}, {"id": "other", "success": True}]})
    with past.project.operations.write() as connection:
        note_call(connection, replace(call, request_body=b'{"password": "hunter22"}', response_body=body))
    (attempt,) = (event for event in past.trace(hub_id, Wanted(bodies=True)).events if event.what == "attempt")
    noted = attempt.details["calls"][1]
    assert noted["response_part"] == {"id": "0018Z00001", "success": True}
    assert noted["request"] == b'{"password": "***"}'
    assert "PATCH /composite 200" in attempt.text


def give_id(past: Past, hub_id: str, its_id: str) -> None:
    with past.project.operations.write() as connection:
        connection.execute(update(links).where(links.c.hub_id == hub_id).values(external_id=its_id))


def test_a_hub_of_before_sightings_says_what_was_not_searched(past: Past) -> None:
    hub_id = account(past, account_name="Old")
    pull(past)
    before = told(past.trace(hub_id), "seen", "line", "verdict")
    with past.project.hub.writing() as connection:
        for table in ("sightings", "unsighted_landings"):
            connection.execute(f"DROP TABLE hub.{table}")
    old = past.trace(hub_id)
    assert told(old, "version", "version") == [(1,)]
    assert "--deep" in old.notes[0]
    deep = past.trace(hub_id, Wanted(deep=True))
    assert told(deep, "seen", "line", "verdict") == before
    change(past, hub_id, account_name="New")
    pull(past)
    assert told(past.trace(hub_id), "seen", "verdict") == [("update",)]
    assert told(past.trace(hub_id, Wanted(deep=True)), "seen", "verdict") == [("insert",), ("update",)]


def test_what_was_asked_during_an_attempt_is_told_with_it(past: Past) -> None:
    """A question of the same run before it, one of another run meanwhile, and its own."""
    hub_id = account(past)
    pull(past)
    deliver(past)
    with past.project.operations.write() as connection:
        row = connection.execute(select(attempts).order_by(attempts.c.attempt_id.desc()).limit(1)).one()
        middle = row.started_at + (row.ended_at - row.started_at) / 2
        early = row.started_at - timedelta(seconds=1)
        for path, at, run in (("/own", middle, row.run_id), ("/early", early, row.run_id), ("/other", middle, "else")):
            name = f"{int(at.timestamp() * 1000):012x}-{path}"
            note_call(connection, Call(name, "sql", "read", "GET", path, at, outcome="ok", run_id=run))
    ((asked,),) = told(past.trace(hub_id), "attempt", "look_ups")
    assert [call["path"] for call in asked] == ["/own"]  # type: ignore[attr-defined]
