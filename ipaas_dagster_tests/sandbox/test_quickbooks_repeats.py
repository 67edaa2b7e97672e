"""Batches, request ids and limits of QuickBooks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.sandbox.quickbooks_client import (
    Client,
    Record,
    connect,
    error,
    invoice,
    line,
    payment,
    read,
    refresh,
    stopped_server,
)

World = tuple[QuickBooks, SandboxClock, Client]


@pytest.fixture
def world() -> World:
    server, clock = stopped_server()
    return server, clock, connect(server)


def create(entity: str, record: Record) -> Record:
    return {"operation": "create", entity: record}


def customers(*names: str) -> list[Record]:
    return [create("Customer", {"DisplayName": name}) for name in names]


def codes(answers: list[Record]) -> list[str | None]:
    return [one["Fault"]["Error"][0]["code"] if "Fault" in one else None for one in answers]


def test_a_batch_does_what_it_can_and_answers_in_order(world: World) -> None:
    server, _clock, client = world
    items = [*customers("Ada", "ada"), {"Query": "select * from Account maxresults 1"}, *customers("Bob")]
    done = client.batch(*items)
    assert codes(done) == [None, "6240", None, None]
    assert [one["bId"] for one in done] == ["0", "1", "2", "3"]
    assert done[2]["QueryResponse"]["maxResults"] == 1
    assert [one["DisplayName"] for one in server.truth("Customer")] == ["Ada", "Bob"]


def test_an_item_cannot_see_what_an_earlier_one_made(world: World) -> None:
    _server, _clock, client = world
    item = client.item()
    done = client.batch(
        *customers("Ada"),
        create("Invoice", invoice({"Id": "1"}, line(item))),
        {"Query": "select * from Customer"},
        {"operation": "update", "Customer": {"Id": "1", "SyncToken": "0", "sparse": True, "Notes": "x"}},
    )
    assert codes(done) == [None, "2500", None, "610"]
    assert done[2]["QueryResponse"] == {}
    assert codes(client.batch(create("Invoice", invoice({"Id": "1"}, line(item))))) == [None]


def test_a_batch_does_every_operation(world: World) -> None:
    server, _clock, client = world
    customer, item = client.customer(), client.item()
    for _ in range(3):
        client.post("invoice", invoice(customer, line(item, 1, 10)))
    done = client.batch(
        {"operation": "update", "Invoice": {"Id": "1", "SyncToken": "0", "sparse": True, "PrivateNote": "x"}},
        {"operation": "delete", "Invoice": {"Id": "2", "SyncToken": "0"}},
        {"operation": "void", "Invoice": {"Id": "3", "SyncToken": "0"}},
        {"operation": "delete", "Invoice": {"Id": "1", "SyncToken": "0"}},
        create("Payment", payment(customer, 4, {"1": 4})),
    )
    assert codes(done) == [None, None, None, "5010", None]
    left = [(one["Id"], int(one["Balance"]), one["PrivateNote"]) for one in server.truth("Invoice")]
    assert left == [("1", 6, "x"), ("3", 0, "Voided")]


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([{"bId": str(number)} for number in range(31)], "1040"),
        ([{"bId": str(number), "Query": "select * from Item"} for number in range(6)], "1040"),
        ([], "2020"),
        ("banana", "2020"),
        ([{"operation": "create", "Customer": {"DisplayName": "x"}}], "2020"),
        ([{"bId": "1", "operation": "create", "Customer": {"DisplayName": "x"}}] * 2, "2010"),
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_does_nothing(world: World, items: object, code: str) -> None:
    assert world[2].refused("batch", {"BatchItemRequest": items})["code"] == code
    assert world[0].truth("Customer") == []


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"operation": "create", "Banana": {}}, "2000"),
        ({"Customer": {"DisplayName": "x"}}, "2020"),
        ({"operation": "melt", "Customer": {"DisplayName": "x"}}, "2170"),
        ({"operation": "delete", "Customer": {"Id": "1", "SyncToken": "0"}}, "500"),
        ({"operation": "create", "Customer": "x"}, "2010"),
        ({"Query": "select"}, "4000"),
    ],
)
def test_an_item_that_is_wrong_is_refused_alone(world: World, item: Record, code: str) -> None:
    assert codes(world[2].batch(item, *customers("Good"))) == [code, None]


def test_the_same_request_id_gets_the_same_answer_and_does_nothing_again(world: World) -> None:
    server, clock, client = world
    first = client.ask("POST", "customer", {"DisplayName": "Ada"}, requestid="r-1")
    clock.advance(3599)
    again = client.ask("POST", "customer", {"DisplayName": "Ada"}, requestid="r-1")
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["intuit_tid"] != first.headers["intuit_tid"]
    other = client.ask("POST", "customer", {"DisplayName": "Bob"}, requestid="r-1")
    assert other.body == first.body
    counters = server.command("counters", {})
    assert (counters["replayed"], counters["request_ids_with_other_bodies"]) == (2, 1)
    assert [one["DisplayName"] for one in server.truth("Customer")] == ["Ada"]


def test_the_request_id_of_a_batch_covers_all_of_it(world: World) -> None:
    server, _clock, client = world
    assert client.batch(*customers("Ada", "ada"), requestid="b") == client.batch(
        *customers("Ada", "ada"), requestid="b"
    )
    assert len(server.truth("Customer")) == 1
    assert codes(client.batch(*customers("Ada", "Eve"), requestid="c")) == ["6240", None]


def test_a_refusal_is_replayed_too(world: World) -> None:
    server, _clock, client = world
    client.customer("Ada")
    assert client.refused("customer", {"DisplayName": "Ada"}, requestid="r")["code"] == "6240"
    server.command("change", {"entity": "Customer", "id": 1, "fields": {"DisplayName": "Eve"}})
    assert client.refused("customer", {"DisplayName": "Ada"}, requestid="r")["code"] == "6240"


@pytest.mark.parametrize(
    "forget",
    [
        lambda server, clock: clock.advance(86_400),
        lambda server, clock: server.command("forget_request_ids", {}),
    ],
)
def test_a_request_id_that_was_forgotten_is_a_new_request(
    world: World, forget: Callable[[QuickBooks, SandboxClock], object]
) -> None:
    server, clock, client = world
    item, customer = client.item(), client.customer()
    body = invoice(customer, line(item))
    client.post("invoice", body, requestid="r")
    forget(server, clock)
    client.access = connect_again(server)
    client.post("invoice", body, requestid="r")
    assert len(server.truth("Invoice")) == 2


def connect_again(server: QuickBooks) -> str:
    """Another access token: the first one may have expired with the time that passed."""
    return str(read(refresh(server, server.tokens.current))["access_token"])


@pytest.mark.parametrize(("path", "length", "good"), [("customer", 50, True), ("customer", 51, False)])
def test_a_request_id_has_a_longest_length(world: World, path: str, length: int, good: bool) -> None:
    answer = world[2].ask("POST", path, {"DisplayName": "Ada"}, requestid="r" * length)
    assert (answer.status == 200) is good


def test_a_batch_with_a_request_id_has_shorter_ones(world: World) -> None:
    _server, _clock, client = world
    named = {"BatchItemRequest": [{"bId": "x" * 11, **customers("Ada")[0]}]}
    assert client.refused("batch", named, requestid="r")["code"] == "2130"
    assert client.refused("batch", {"BatchItemRequest": []}, requestid="r" * 37)["code"] == "2130"
    assert client.post("batch", named)


def limited(**limits: int) -> World:
    server, clock = stopped_server(**limits)
    return server, clock, connect(server)


def statuses(client: Client, count: int) -> list[int]:
    return [client.ask("GET", "companyinfo/1").status for _ in range(count)]


def test_more_than_ten_in_a_second_are_refused_in_xml_and_not_executed() -> None:
    server, clock, client = limited(requests_per_second=10)
    assert statuses(client, 10) == [200] * 10
    refused = client.ask("POST", "customer", {"DisplayName": "Ada"}, requestid="r")
    assert (refused.status, refused.content_type.partition(";")[0]) == (429, "application/xml")
    assert b'code="3001"' in refused.body
    assert b"statusCode=429" in refused.body
    assert server.truth("Customer") == []
    clock.advance(1)
    assert client.post("customer", {"DisplayName": "Ada"}, requestid="r")["Id"] == "1"
    assert server.command("counters", {})["throttled"] == 1


def test_a_minute_has_its_limit_and_batches_their_own() -> None:
    server, clock, client = limited(requests_per_minute=5, batches_per_minute=2)
    codes_of_batches = [client.ask("POST", "batch", {"BatchItemRequest": []}).status for _ in range(3)]
    assert codes_of_batches == [400, 400, 429]
    assert statuses(client, 4) == [200, 200, 200, 429]
    clock.advance(59)
    assert statuses(client, 1) == [429]
    clock.advance(1)
    assert statuses(client, 1) == [200]
    assert server.command("counters", {})["throttled"] == 3


def test_throttling_may_be_answered_in_json(world: World) -> None:
    server, _clock, client = world
    server.configure(requests_per_minute=0, throttled_in_xml=False)
    refused = client.ask("GET", "companyinfo/1")
    assert read(refused)["Fault"]["Error"][0]["code"] == "3001"


def test_a_limit_applies_to_refused_requests_too(world: World) -> None:
    server, _clock, client = world
    server.configure(requests_per_minute=1)
    assert error(client.ask("GET", "customer/99"))["code"] == "610"
    assert client.ask("GET", "companyinfo/1").status == 429
