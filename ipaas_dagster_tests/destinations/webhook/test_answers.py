"""What becomes of a record by what its receiver answers; by the product's own words, and by what the receiver holds."""

from __future__ import annotations

import pytest

from ipaas_dagster.destinations.base import Batch
from ipaas_dagster.destinations.remote import Answer
from ipaas_dagster.destinations.webhook.answers import in_words, other_address
from ipaas_dagster.destinations.webhook.destination import IN_A_ROW, WAITS
from ipaas_dagster.outbox.pauses import read_pauses, resume
from ipaas_dagster.sandbox.webhook import DEFAULT_SECRET
from ipaas_dagster.status.systems import read_systems, switched_off
from ipaas_dagster_tests.destinations.webhook.stage import SYSTEM, Fault, Stage
from ipaas_dagster_tests.destinations.webhook.test_events import ENTRY

A = "instagaze:accounts:1"


def names(stage: Stage) -> list[str]:
    return sorted(record["name"] for record in stage.there.truth("customers"))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(stage: Stage, status: int) -> None:
    stage.there.configure(status=status)
    stage.customer(1)
    stage.deliver()
    assert stage.entry(A).state == "delivered"


def test_410_switches_the_route_off_says_so_and_loses_nothing(stage: Stage) -> None:
    for n in range(1, 4):
        stage.customer(n)
    stage.put("items", "instagaze:products:1", name="Item", currency="USD", unit_price_minor=1)
    stage.there.faults.set([Fault("status", status=410, times=1, skip=1)])
    result = stage.deliver()
    assert result.new_pauses == ("webhook/customers",)
    assert "410" in result.paused["webhook/customers"]
    assert [record["name"] for record in stage.there.truth("items")] == ["Item"], "other routes go on"
    assert (names(stage), stage.world.states(system=SYSTEM)) == (["Customer 1"], ["delivered", "pending", "pending"])
    stage.customer(4)
    assert stage.deliver().new_pauses == ()
    assert names(stage) == ["Customer 1"], "nothing is sent to it any more"
    project = stage.world.project
    with project.operations.read() as connection:
        pauses = read_pauses(connection)
    shown = read_systems(project, switched_off(project), pauses, {}, [])
    (status,) = [one for one in shown if one.system == SYSTEM]
    assert "410" in status.paused["webhook/customers"]
    with stage.world.project.operations.write() as connection:
        assert resume(connection, SYSTEM, "customers") == 1
    stage.deliver()
    assert names(stage) == [f"Customer {n}" for n in range(1, 5)]


def test_a_410_to_a_repeat_leaves_it_in_doubt_until_the_route_goes_on(stage: Stage) -> None:
    stage.customer(1)
    stage.there.faults.set([Fault("lost_answer", times=1), Fault("status", status=410, times=1)])
    assert stage.deliver().new_pauses == ("webhook/customers",)
    assert stage.entry(A).state == "in_doubt"
    assert len(stage.world.clock.waited) == 1, "what is switched off is not waited for"
    with stage.world.project.operations.write() as connection:
        resume(connection, SYSTEM, "customers")
    stage.wait(WAITS[0])
    stage.deliver()
    assert (stage.entry(A).state, len(stage.events)) == ("delivered", 1)


@pytest.mark.parametrize("status", [429, 503])
def test_asked_to_wait_it_waits_and_uses_up_no_attempt(stage: Stage, status: int) -> None:
    stage.there.faults.set([Fault("status", status=status, retry_after="7", times=1)])
    stage.customer(1)
    stage.deliver()
    assert stage.world.clock.waited == [7.0]
    assert (stage.entry(A).state, stage.entry(A).attempts) == ("delivered", 1)


def test_asked_to_wait_for_long_it_is_left_for_a_later_run(stage: Stage) -> None:
    stage.there.faults.set([Fault("status", status=429, retry_after="3600", times=1)])
    stage.customer(1)
    result = stage.deliver()
    assert "3600 s" in (result.stopped or "")
    assert (stage.entry(A).state, stage.entry(A).attempts) == ("pending", 0)
    stage.deliver()
    assert names(stage) == ["Customer 1"]


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_passing_trouble_is_tried_again_after_five_seconds(stage: Stage, status: int) -> None:
    stage.there.faults.set([Fault("status", status=status, times=1)])
    stage.customer(1)
    stage.deliver()
    assert [round(seconds) for seconds in stage.world.clock.waited] == [5]
    assert (stage.entry(A).state, stage.entry(A).attempts) == ("delivered", 2)


def test_the_published_times_and_then_a_person(stage: Stage) -> None:
    """Ten attempts over three days; a run between two of them sends nothing."""
    stage.customer(1)
    stage.there.configure(status=500)
    stage.deliver()
    for wait in WAITS[1:]:
        attempts = stage.entry(A).attempts
        assert stage.entry(A).state == "in_doubt"
        stage.wait(wait * 0.6)
        stage.deliver()
        assert stage.entry(A).attempts == attempts
        stage.wait(wait * 0.4)
        stage.deliver()
        assert stage.entry(A).attempts == attempts + 1
    assert stage.entry(A).state == "dead"
    assert stage.entry(A).reason.startswith("gave up after 10 attempts: it answered 500")
    stage.there.configure(status=None)
    stage.customer(1, name="Renamed")
    stage.deliver()
    assert names(stage) == ["Renamed"]


def test_a_newer_change_waits_for_the_answer_to_the_older(stage: Stage) -> None:
    stage.customer(1)
    stage.there.faults.set([Fault("late_error", times=2)])
    stage.deliver()
    stage.customer(1, name="Renamed")
    stage.deliver()
    assert names(stage) == ["Customer 1"]
    stage.wait(WAITS[1])
    stage.deliver()
    assert [(event.type, event.data["version"]) for event in stage.events] == [
        ("customers.created", 1),
        ("customers.updated", 2),
    ]


def test_a_delete_follows_a_record_whose_answer_was_lost(stage: Stage) -> None:
    stage.customer(1)
    stage.there.faults.set([Fault("late_error", times=2)])
    stage.deliver()
    stage.drop(1)
    stage.wait(WAITS[1])
    stage.deliver()
    assert [event.type for event in stage.events] == ["customers.created", "customers.deleted"]
    assert stage.there.truth("customers") == []


def test_one_record_that_always_fails_does_not_hold_up_the_others(stage: Stage) -> None:
    for n in range(1, 41):
        stage.customer(n)
    stage.there.faults.set([Fault("status", status=500, body='"instagaze:accounts:3"')])
    stage.deliver()
    assert len(names(stage)) == 39
    assert stage.entry("instagaze:accounts:3").state == "in_doubt"


def test_a_receiver_that_is_down_is_asked_a_few_times_a_run(stage: Stage) -> None:
    for n in range(1, 41):
        stage.customer(n)
    stage.there.faults.set([Fault("status", status=500)])
    result = stage.deliver()
    assert "5 events in a row failed; the last: it answered 500" in (result.stopped or "")
    assert stage.there.journal.total == IN_A_ROW
    assert stage.world.states(system=SYSTEM).count("pending") == 40 - IN_A_ROW
    stage.there.faults.clear()
    stage.wait(WAITS[1])
    stage.deliver()
    assert len(names(stage)) == 40


def test_a_slow_receiver_is_given_up_after_its_time(stage: Stage) -> None:
    destination = stage.connected(timeout_seconds="1")
    stage.there.faults.set([Fault("slow", seconds=1.5, times=1)])
    (outcome,) = destination.deliver(Batch("b", "invoices", [ENTRY]))
    destination.close()
    assert (outcome.kind, "no answer (ReadTimeout" in outcome.reason) == ("in_doubt", True)


@pytest.mark.parametrize("status", [400, 402, 406, 409, 413, 415, 422, 451])
def test_another_refusal_is_dead_with_the_receiver_s_words(stage: Stage, status: int) -> None:
    stage.there.configure(status=status, says=f"no {DEFAULT_SECRET}\n{'x' * 500}")
    stage.customer(1)
    stage.deliver()
    entry = stage.entry(A)
    assert (entry.state, entry.attempts) == ("dead", 1)
    assert entry.reason.startswith(f'it answered {status} ({{"message": "no ***')
    assert len(entry.reason) < 400
    assert DEFAULT_SECRET[6:] not in entry.reason
    assert "\n" not in entry.reason


@pytest.mark.parametrize("status", [401, 403])
def test_a_receiver_that_does_not_trust_us_stops_the_system(stage: Stage, status: int) -> None:
    stage.there.configure(status=status)
    stage.customer(1)
    result = stage.deliver()
    assert "look at the preset's secret" in (result.stopped or "")
    assert (stage.entry(A).state, stage.entry(A).attempts) == ("pending", 0)


def test_a_redirect_is_not_followed_and_says_what_to_set(stage: Stage) -> None:
    stage.there.configure(status=308, location="https://elsewhere.example/hook?token=abc")
    stage.customer(1)
    result = stage.deliver()
    assert "give that as the preset's url" in (result.stopped or "")
    assert "https://elsewhere.example/hook" in (result.stopped or "")
    assert "abc" not in (result.stopped or "")
    assert (stage.entry(A).state, stage.there.journal.total) == ("pending", 1)


def test_a_wrong_address_makes_a_few_dead_letters_and_no_more(stage: Stage) -> None:
    for n in range(1, 41):
        stage.customer(n)
    stage.there.configure(status=404)
    result = stage.deliver()
    assert "events in a row failed" in (result.stopped or "")
    assert "look at the preset's url" in (result.stopped or "")
    states = stage.world.states(system=SYSTEM)
    assert (states.count("dead"), states.count("pending")) == (IN_A_ROW, 40 - IN_A_ROW)


def test_what_a_receiver_says_is_cleaned() -> None:
    noisy = Answer(400, {}, b"a\x00\x1b[31m\xff  b \x9b" + b"y" * 1_000)
    words = in_words(noisy, [])
    assert words.isprintable()
    assert len(words) < 330
    assert in_words(Answer(400, {}, b""), []) == "400"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://user:pw@a.example/x?y=z#f", "https://a.example/x"),
        ("/moved?secret=1", "/moved"),
        ("", "elsewhere"),
        ("http://[", "elsewhere"),
    ],
)
def test_where_a_redirect_points_is_shown_without_secrets(location: str, shown: str) -> None:
    assert other_address(Answer(301, {"location": location}, b"")) == shown
