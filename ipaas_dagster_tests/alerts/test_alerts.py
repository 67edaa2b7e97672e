"""Alerts as a receiver gets them: once a cause, again when it is over, and late rather than never."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from ipaas_dagster.alerts import after_run, check, open_alerts, tell_test
from ipaas_dagster.errors import UsageError
from ipaas_dagster.operations.tables import cursors
from ipaas_dagster.outbox.dead import DeadFilter, dead_discard
from ipaas_dagster.sandbox import Fault, running_sandbox
from ipaas_dagster.sandbox.webhook import DEFAULT_SECRET, Webhook
from ipaas_dagster_tests.outbox.world import FakeSystem, World


@pytest.fixture
def there() -> Iterator[tuple[Webhook, str]]:
    with running_sandbox() as sandbox:
        sandbox.webhook.configure(tolerance_seconds=10**9)  # the tests' clock is far from the sandbox's
        yield sandbox.webhook, sandbox.webhook.environment(sandbox.origin)["WEBHOOK_URL"]


@pytest.fixture
def world(tmp_path: Path, there: tuple[Webhook, str]) -> World:
    system = FakeSystem(refuses=lambda entry: "no such currency" if entry.hub_id.endswith("7") else None)
    return World(tmp_path, system=system, environment={"ALERTS_URL": there[1], "ALERTS_SECRET": DEFAULT_SECRET})


def _dead(world: World) -> None:
    world.hub.put("customers", "instagaze:accounts:7", name="Seven")
    world.deliver()


def _told(receiver: Webhook) -> list[tuple[str, str]]:
    return [(event.type.removeprefix("ipaas.alert."), event.data["cause"]) for event in receiver.fold.events]


def test_a_cause_is_told_once_and_its_end_once(world: World, there: tuple[Webhook, str]) -> None:
    receiver, _ = there
    _dead(world)
    for _ in range(3):
        check(world.project, thorough=False)
    assert _told(receiver) == [("opened", "dead:sql/customers")]
    (event,) = receiver.fold.events
    assert "1 dead letters of customers to sql" in event.data["message"]
    assert [alert.cause for alert in open_alerts(world.project)] == ["dead:sql/customers"]

    dead_discard(world.project.operations, DeadFilter("sql"), "known", world.clock())
    for _ in range(2):
        check(world.project, thorough=False)
    assert _told(receiver) == [("opened", "dead:sql/customers"), ("recovered", "dead:sql/customers")]
    assert open_alerts(world.project) == []
    assert [event.id for event in receiver.fold.events] == [event.id, f"{event.id}_over"]


def test_a_receiver_that_is_down_is_told_later_under_the_same_id(world: World, there: tuple[Webhook, str]) -> None:
    receiver, _ = there
    _dead(world)
    said: list[str] = []
    world.project.say = said.append
    receiver.configure(status=503)
    (alert,) = check(world.project, thorough=False)
    assert (alert.told_at, alert.tries) == (None, 1)
    assert "503" in (alert.trouble or "")
    assert len(said) == 1
    receiver.configure(status=None)
    check(world.project, thorough=False)
    assert _told(receiver) == []  # not before a minute is over
    world.clock.now += timedelta(minutes=1)
    check(world.project, thorough=False)
    assert [event.id for event in receiver.fold.events] == [alert.alert_id]


def test_an_answer_that_was_lost_is_told_again_under_the_same_id(world: World, there: tuple[Webhook, str]) -> None:

    receiver, _ = there
    _dead(world)
    receiver.faults.set([Fault("lost_answer", times=1)])
    check(world.project, thorough=False)
    world.clock.now += timedelta(minutes=1)
    check(world.project, thorough=False)
    assert sorted(receiver.fold.arrivals.values()) == [2]
    assert _told(receiver) == [("opened", "dead:sql/customers")]


def test_a_run_that_failed_recovers_with_its_next_good_end(world: World, there: tuple[Webhook, str]) -> None:
    receiver, _ = there
    after_run(world.project, "sync", ["invoices: landing x is damaged", "another"])
    after_run(world.project, "sync", ["invoices: landing y is damaged"])
    after_run(world.project, "deliver", [])
    after_run(world.project, "sync", [])
    assert _told(receiver) == [("opened", "run:sync"), ("recovered", "run:sync")]
    assert receiver.fold.events[0].data["message"].endswith("landing x is damaged; and 1 more")


def test_a_collection_without_a_pull_for_long_is_stale_until_it_is_read(
    world: World, there: tuple[Webhook, str]
) -> None:
    receiver, _ = there
    row = {"source_system": "instagaze", "updated_at": world.clock() - timedelta(hours=27)}
    with world.project.operations.write() as connection:
        connection.execute(insert(cursors).values(collection="invoices", **row))
        connection.execute(insert(cursors).values(collection="accounts", **{**row, "updated_at": world.clock()}))
    check(world.project, thorough=False)
    with world.project.operations.write() as connection:
        connection.execute(cursors.update().values(updated_at=world.clock()))
    check(world.project, thorough=False)
    assert _told(receiver) == [("opened", "stale:invoices"), ("recovered", "stale:invoices")]


def test_trouble_with_alerts_ends_no_run(world: World) -> None:
    said: list[str] = []
    world.project.say = said.append
    world.project.settings.environment["ALERTS_SECRET"] = "not-a-secret"  # type: ignore[index]
    _dead(world)
    after_run(world.project, "sync", ["something"])
    assert len(said) == 1
    assert "its preset's field secret must be whsec_" in said[0]


def test_nothing_is_told_without_a_receiver(tmp_path: Path) -> None:
    world = World(tmp_path, system=FakeSystem())
    after_run(world.project, "sync", ["something"])
    assert open_alerts(world.project) == []
    with pytest.raises(UsageError, match="ALERTS_URL"):
        tell_test(world.project)


def test_a_test_alert_arrives_signed(world: World, there: tuple[Webhook, str]) -> None:
    assert tell_test(world.project) == there[1]
    (event,) = there[0].fold.events
    assert (event.type, event.data["kind"]) == ("ipaas.alert.test", "test")
