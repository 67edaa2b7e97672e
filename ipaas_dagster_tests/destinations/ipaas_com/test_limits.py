"""Both kinds of 429: one is waited for, the other pauses the system until a person says that it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster import findings
from ipaas_dagster.deliver import Means, deliver, setting
from ipaas_dagster.destinations.ipaas_com import connect
from ipaas_dagster.outbox.pauses import resume
from ipaas_dagster.sandbox import Fault, Sandbox
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.destinations.conformance.systems import SYSTEMS
from ipaas_dagster_tests.destinations.conformance.test_whole import Book
from ipaas_dagster_tests.destinations.ipaas_com.world import Company, assert_each_once, bill, contact, customer


def everything(world: Company) -> None:
    bill(world, 1000, 2000)
    for number in range(2, 5):
        customer(world, number)
        contact(world, number, number)


def go_on(world: Company) -> None:
    with world.project.operations.write() as connection:
        assert resume(connection, "ipaas_com") == 1


@pytest.mark.parametrize(("after", "form"), [*((n, "coded") for n in range(0, 31, 3)), (7, "plain"), (7, "json")])
def test_a_month_that_is_used_up_anywhere_in_the_middle(world: Company, there: IpaasCom, after: int, form: str) -> None:
    """Wherever it strikes, between two parts of one record too: nothing is tried again, lost or doubled."""
    there.configure(errors=form)
    there.command("monthly_limit", {"after": after})
    everything(world)
    first = world.deliver()
    assert first.new_pauses == ("ipaas_com",)
    assert "month" in first.paused["ipaas_com"]
    assert any("ipaas resume ipaas_com" in said for said in findings.of_delivery(world.project, first))
    world.assert_balanced()
    there.command("new_month", {})
    asked = there.journal.total
    assert (world.deliver().calls, there.journal.total) == (0, asked), "paused until it is told to go on"
    there.command("monthly_limit", {"after": None})
    go_on(world)
    world.delivered()
    assert_each_once(world, there)
    assert {e.state for e in world.entries()} == {"delivered"}


@pytest.fixture
def books(tmp_path: Path) -> Iterator[tuple[Book, IpaasCom]]:
    """All systems of the worksheet that need no network, beside iPaaS.com."""
    with SYSTEMS["ipaas_com"](tmp_path, lambda name: "") as connected:
        folder = str(tmp_path / "files")
        more = {"IPAAS_SQL_URL": f"sqlite:///{tmp_path}/there.db", "IPAAS_FILES_FOLDER": folder}
        assert connected.remote is not None
        stand_in = connected.remote.stand_in
        assert isinstance(stand_in, IpaasCom)
        yield Book(tmp_path, connected, **more), stand_in


def test_the_other_systems_go_on(books: tuple[Book, IpaasCom]) -> None:
    book, there = books
    for number in range(1, 8):
        book.customer(number)
    there.command("monthly_limit", {"after": 9})
    assert book.deliver().new_pauses == ("ipaas_com",)
    arrived = len(there.truth("customer"))
    assert 0 < arrived < 7
    for system in ("sql", "files"):
        result = deliver(book.world.project, system)
        assert (result.stopped, dict(result.paused), result.routes["customers"].delivered) == (None, {}, 7)
    there.command("new_month", {})
    there.command("monthly_limit", {"after": None})
    with book.world.project.operations.write() as connection:
        resume(connection, "ipaas_com")
    posts = len(writes(there))
    result = book.deliver()
    assert len(book.there.names()) == 7
    assert len(writes(there)) - posts <= 2 * (7 - arrived) + 1, "it goes on where it stopped"
    book.world.assert_balanced()


def writes(there: IpaasCom) -> list[str]:
    return [e.url for e in there.journal.entries() if e.method in ("POST", "PUT") and "/v2/Customer" in e.url]


@pytest.mark.parametrize("form", ["coded", "plain", "json"])
def test_a_volume_limit_is_waited_for_and_uses_up_no_attempt(
    sandbox: Sandbox, world: Company, there: IpaasCom, form: str
) -> None:
    there.configure(errors=form, volume_calls=20, volume_seconds=30)
    sandbox.clock.stop(world.clock.now)
    everything(world)

    def wait(seconds: float) -> None:
        world.clock.wait(seconds)
        sandbox.clock.advance(seconds)

    means = Means(lambda project, name: connect(setting(project, name)), wait=wait, patience=100_000.0)
    result = deliver(world.project, "ipaas_com", means)
    assert (result.stopped, dict(result.paused)) == (None, {})
    assert_each_once(world, there)
    assert all(0 < seconds < 60 for seconds in world.clock.waited)
    assert there.limits.refused["volume"] == len(world.clock.waited) > 0


def test_a_429_of_long_waiting_without_a_word_is_taken_for_the_months(world: Company, there: IpaasCom) -> None:
    there.configure(monthly_retry_after=86_400)
    there.command("monthly_limit", {"after": 2})
    customer(world, 1)
    assert world.deliver().new_pauses == ("ipaas_com",)


def test_a_rate_of_the_preset_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment, requests_per_minute="30")
    assert "30 requests a minute" in world.destination().limits()[0]
    sandbox.ipaas_com.faults.set([Fault("status", status=429, retry_after="5", times=1, path="/v2/Customer")])
    customer(world, 1)
    world.delivered()
    assert 5 in world.clock.waited


def test_a_part_that_was_sent_before_the_month_ended_is_not_forgotten(world: Company, there: IpaasCom) -> None:
    """The Customer is there, its Company is not; the record is deleted meanwhile: nothing of it stays behind."""
    there.command("monthly_limit", {"after": 3})
    hub_id = customer(world, 1)
    world.deliver()
    assert (len(there.truth("customer")), there.truth("company")) == (1, [])
    assert world.entry(hub_id).state == "in_doubt"
    world.hub.drop("customers", hub_id)
    there.command("monthly_limit", {"after": None})
    go_on(world)
    world.delivered()
    assert (there.truth("customer"), there.truth("company")) == ([], [])
