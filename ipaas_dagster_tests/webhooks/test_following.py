"""What becomes of events: the record that each named is current in the hub, by few requests, and counted once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from ipaas_dagster.errors import CallFailed
from ipaas_dagster.ledger import balance
from ipaas_dagster.merge import merge
from ipaas_dagster.operations.tables import inbox, landings
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.records import utc_now
from ipaas_dagster.sandbox import Fault, Sandbox, running_sandbox
from ipaas_dagster.settings import load
from ipaas_dagster.sync import reconcile_all, sync, sync_inbox
from ipaas_dagster.webhooks.event import Event
from ipaas_dagster.webhooks.following import follow
from ipaas_dagster.webhooks.hints import read_hints, waiting_hints
from ipaas_dagster.webhooks.rows import add_events
from ipaas_dagster_tests.webhooks.sender import DATA

START = 12


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(accounts=START, samples=None) as running:
        yield running


class World:
    def __init__(self, sandbox: Sandbox, state: Path, **more: str) -> None:
        given = {"IPAAS_STATE": str(state), "IPAAS_CONFIG": str(DATA), "IPAAS_RETRY_SECONDS": "1", **more}
        given |= {"INSTAGAZE_BASE_URL": sandbox.base_url, "INSTAGAZE_TOKEN": sandbox.token}
        self.sandbox, self.source = sandbox, sandbox.instagaze
        self.project = Project(load(given, state / "no.env"))
        for name in ("accounts", "products", "invoices"):
            pull(self.project, name)
        merge(self.project)
        sandbox.journal.clear()
        self._number = 0

    def told(self, collection: str, record: int, method: str = "update", *, event_id: str = "") -> None:
        self._number += 1
        event = Event(event_id or f"msg_{self._number}", collection, str(record), method)
        with self.project.operations.write() as connection:
            add_events(connection, [("instagaze", event, utc_now(), "")])

    def follow(self) -> list[Any]:
        outcome = sync_inbox(self.project, [])
        assert not outcome.unexpected, outcome.findings
        self.findings = outcome.findings
        return outcome.followed

    def names(self) -> dict[str, str]:
        """Live customers by source id."""
        with self.project.hub.reading() as connection:
            assert connection is not None
            rows = connection.execute(
                "SELECT source_id, name FROM ipaas.hub.customers WHERE deleted_at IS NULL"
            ).fetchall()
        return dict(rows)

    def truth(self) -> dict[str, str]:
        return {str(one["id"]): one["account_name"] for one in self.source.truth("accounts")}

    def states(self) -> list[str]:
        with self.project.operations.read() as connection:
            return list(connection.scalars(select(inbox.c.state).order_by(inbox.c.received_at, inbox.c.event_id)))

    def requests(self) -> list[str]:
        return [f"{entry.method} {entry.path}" for entry in self.sandbox.journal.entries()]

    def check(self) -> None:
        assert self.names() == self.truth()
        books = balance(self.project)
        assert books.true, books.findings


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> World:
    return World(sandbox, tmp_path / "state")


def test_each_named_record_is_asked_for_once_and_is_current(world: World) -> None:
    ids = [one["id"] for one in world.source.truth("accounts")][:3]
    for number in ids:
        world.source.change("accounts", number, {"account_name": f"now {number}"})
    for number in (*ids, *ids[:2]):
        world.told("accounts", number)
    (followed,) = world.follow()
    assert (followed.events, followed.records, followed.asked, followed.found) == (5, 3, 3, 3)
    assert sorted(world.requests()) == sorted(f"GET /api/admin/accounts/{n}" for n in ids)
    assert world.states() == ["done"] * 5
    world.check()


def test_what_an_event_says_is_not_believed(world: World) -> None:
    """`delete` of a record that is there changes nothing; `update` of one that is gone deletes it."""
    first, second, *_ = [one["id"] for one in world.source.truth("accounts")]
    world.source.delete("accounts", second)
    world.told("accounts", first, "delete")
    world.told("accounts", second, "update")
    (followed,) = world.follow()
    assert (followed.found, followed.gone) == (1, 1)
    assert str(second) not in world.names()
    world.check()


def test_events_late_and_out_of_order_bring_nothing_back(world: World) -> None:
    number = world.source.truth("accounts")[0]["id"]
    world.told("accounts", number, "delete")
    world.told("accounts", number, "create")
    world.source.delete("accounts", number)
    world.told("accounts", 999_999, "create")  # of a record that never was
    world.follow()
    world.told("accounts", number, "update")
    world.follow()
    world.check()


def test_of_many_records_only_those_that_a_poll_does_not_show_are_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    world = World(sandbox, tmp_path / "state", IPAAS_WEBHOOK_IDS="5", IPAAS_LAG_SECONDS="0")
    sandbox.clock.advance(5)
    pull(world.project, "accounts")
    merge(world.project)
    sandbox.clock.advance(5)
    sandbox.journal.clear()
    ids = [one["id"] for one in world.source.truth("accounts")]
    for number in ids[:6]:
        world.source.change("accounts", number, {"account_name": f"now {number}"})
    world.source.delete("accounts", ids[6])
    for number in ids[:8]:  # the eighth did not change
        world.told("accounts", number)
    (followed,) = world.follow()
    assert (followed.records, followed.asked, followed.gone) == (8, 2, 1)
    assert followed.polled is not None
    asked = [one for one in world.requests() if "accounts/" in one]
    assert sorted(asked) == sorted(f"GET /api/admin/accounts/{n}" for n in ids[6:8])
    assert world.states() == ["done"] * 8
    world.check()


def test_a_collection_without_get_by_id_is_polled_and_a_delete_waits_for_reconcile(world: World) -> None:
    first, second, *_ = [one["id"] for one in world.source.truth("invoices")]
    world.source.change("invoices", first, {"paid": True})
    world.source.delete("invoices", second)
    world.told("invoices", first)
    world.told("invoices", second, "delete")
    (followed,) = world.follow()
    assert (followed.asked, followed.waiting) == (0, 1)
    assert not [one for one in world.requests() if "invoices/" in one]
    assert world.states() == ["done", "waiting"]
    assert waiting_hints(world.project) == {}
    reconcile_all(world.project, ["invoices"], [])
    assert world.states() == ["done", "done"]
    with world.project.hub.reading() as connection:
        assert connection is not None
        query = "SELECT deleted_at IS NOT NULL FROM ipaas.hub.invoices WHERE source_id = ?"
        assert connection.execute(query, [str(second)]).fetchone() == (True,)


def test_a_sync_follows_webhooks_with_its_polls(world: World) -> None:
    number = world.source.truth("accounts")[0]["id"]
    world.source.delete("accounts", number)
    world.told("accounts", number, "delete")
    outcome = sync(world.project, [("accounts", None), ("products", None)], [])
    assert [(f.collection, f.gone) for f in outcome.followed] == [("accounts", 1)]
    assert world.states() == ["done"]
    world.check()


def test_while_the_source_is_down_everything_stays_pending(world: World) -> None:
    number = world.source.truth("accounts")[0]["id"]
    world.source.change("accounts", number, {"account_name": "now"})
    world.told("accounts", number)
    world.sandbox.faults.set([Fault("status", 1.0, status=503)])
    with pytest.raises(CallFailed):
        follow(world.project, "accounts")
    assert world.states() == ["pending"]
    world.sandbox.faults.clear()
    world.follow()
    world.check()


def test_one_record_that_is_refused_stops_no_other_and_is_told_once(world: World) -> None:
    ids = [one["id"] for one in world.source.truth("accounts")][:5]
    for number in ids:
        world.source.change("accounts", number, {"account_name": f"now {number}"})
        world.told("accounts", number)
    world.sandbox.faults.set([Fault("status", 1.0, status=422, path=f"accounts/{ids[2]}")])
    (followed,) = world.follow()
    assert (followed.found, list(followed.refused)) == (4, [str(ids[2])])
    assert len(world.findings) == 1
    assert world.states() == ["done", "done", "pending", "done", "done"]
    world.follow()
    assert world.findings == []
    world.sandbox.faults.clear()
    world.follow()
    assert world.states() == ["done"] * 5
    world.check()


def test_a_crash_before_the_merge_or_the_note_repeats_and_changes_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.source.truth("accounts")[0]["id"]
    world.source.change("accounts", number, {"account_name": "now"})
    world.told("accounts", number)
    monkeypatch.setattr("ipaas_dagster.webhooks.following.move", _crash)
    with pytest.raises(KeyboardInterrupt):
        follow(world.project, "accounts")
    assert world.states() == ["pending"]  # its record is in a landing
    monkeypatch.undo()
    follow(world.project, "accounts")
    assert world.states() == ["landed"]
    world.follow()
    merge(world.project)
    assert waiting_hints(world.project) == {}
    assert world.states() == ["done"]
    world.check()


def _crash(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_landing_that_was_damaged_is_asked_for_again(world: World) -> None:
    number = world.source.truth("accounts")[0]["id"]
    world.source.change("accounts", number, {"account_name": "now"})
    world.told("accounts", number)
    followed = follow(world.project, "accounts")
    world.project.landings.path(followed.landings[0]).write_bytes(b"damaged")
    merge(world.project)
    assert waiting_hints(world.project)
    assert world.states() == ["pending"]
    world.follow()
    assert world.states() == ["done"]
    assert world.names() == world.truth()


def test_an_event_that_is_told_again_while_its_record_is_read_stays_pending(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.source.truth("accounts")[0]["id"]
    said = "says:the-same"
    world.told("accounts", number, event_id=said)
    hints = read_hints(world.project, "accounts")
    world.source.change("accounts", number, {"account_name": "later"})
    world.told("accounts", number, event_id=said)
    follow(world.project, "accounts", hints)
    assert world.states() == ["pending"]
    world.follow()
    world.check()


def test_mass_deletes_by_webhooks_are_held_as_any_other(sandbox: Sandbox, tmp_path: Path) -> None:
    world = World(sandbox, tmp_path / "state", IPAAS_HOLD_RECORDS="2")
    for one in world.source.truth("accounts")[:8]:
        world.source.delete("accounts", one["id"])
        world.told("accounts", one["id"], "delete")
    world.follow()
    assert len(world.names()) == START
    assert any("ipaas approve" in finding for finding in world.findings)


def test_a_hint_without_a_record_is_a_poll(world: World) -> None:
    number = world.source.truth("accounts")[0]["id"]
    world.source.change("accounts", number, {"account_name": "now"})
    world.told("accounts", 1)
    with world.project.operations.write() as connection:
        connection.execute(update(inbox).values(source_id=None))
    (followed,) = world.follow()
    assert (followed.asked, followed.polled is not None) == (0, True)
    assert world.states() == ["done"]
    world.check()


def test_snapshots_are_read_whole(world: World) -> None:
    world.source.put("gateways", {"id": 5, "name": "new"})
    world.told("gateways", 5, "create")
    (followed,) = world.follow()
    assert followed.polled is not None
    assert world.states() == ["done"]


def test_landings_of_webhooks_say_so(world: World) -> None:
    world.told("accounts", world.source.truth("accounts")[0]["id"])
    (followed,) = world.follow()
    with world.project.operations.read() as connection:
        assert (
            connection.scalar(select(landings.c.scope).where(landings.c.landing_id == followed.landings[0]))
            == "webhook"
        )


def test_a_reconcile_settles_only_what_was_told_before_it(world: World) -> None:
    world.told("invoices", world.source.truth("invoices")[0]["id"], "delete")
    with world.project.operations.write() as connection:
        later = datetime.now(UTC) + timedelta(hours=1)
        connection.execute(update(inbox).values(state="waiting", received_at=later))
    reconcile_all(world.project, ["invoices"], [])
    assert world.states() == ["waiting"]
