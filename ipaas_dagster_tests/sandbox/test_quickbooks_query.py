"""The query language of QuickBooks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster.sandbox.quickbooks.query import parse
from ipaas_dagster_tests.sandbox.quickbooks_client import Client, connect, error, invoice, line, read, stopped_server

NAMES = ("Ada", "Bob", "O'Brien", "100% Ltd", "back\\slash")


@pytest.fixture
def world() -> tuple[QuickBooks, SandboxClock]:
    return stopped_server()


@pytest.fixture
def client(world: tuple[QuickBooks, SandboxClock]) -> Client:
    """Customers by NAMES, made a minute apart from noon; an invoice of 10, 20, ... each."""
    server, clock = world
    clock.stop(datetime(2026, 5, 4, 12, 0, tzinfo=UTC))
    client = connect(server)
    item = client.item()
    for number, name in enumerate(NAMES, start=1):
        client.post("invoice", invoice(client.customer(name), line(item, number, 10), DocNumber=f"N-{number}"))
        clock.advance(60)
    return client


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("select * from Customer", "1 2 3 4 5"),
        ("SELECT * FROM customer WHERE displayname = 'ADA'", "1"),
        ("select * from Customer where DisplayName = 'O\\'Brien'", "3"),
        ("select * from Customer where DisplayName = 'back\\\\slash'", "5"),
        ("select * from Customer where DisplayName in ('Ada', 'Bob', 'Nobody')", "1 2"),
        ("select * from Customer where DisplayName like '%b%'", "2 3 5"),
        ("select * from Customer where DisplayName like '100%'", "4"),
        ("select * from Customer where Active = true and Balance >= 30", "3 4 5"),
        ("select * from Customer where Id in ('5', '2')", "2 5"),
        ("select * from Customer where Id > '3'", "4 5"),
        ("select * from Customer orderby DisplayName desc maxresults 2", "3 2"),
        ("select * from Customer order by DisplayName asc startposition 2 maxresults 2", "1 5"),
        ("select * from Customer startposition 5", "5"),
        ("select * from Customer startposition 6", ""),
        ("select * from Customer where MetaData.LastUpdatedTime > '2026-05-04T12:02:00Z'", "4 5"),
        ("select * from Customer where Metadata.LastUpdatedTime <= '2026-05-04T04:01:00-08:00'", "1 2"),
        ("select * from Customer where MetaData.CreateTime < '2026-05-04T04:01:00'", "1"),
        ("select * from Invoice where CustomerRef = '3'", "3"),
        ("select * from Invoice where DocNumber = 'n-2' and TotalAmt = '20.00'", "2"),
        ("select * from Invoice where TotalAmt < '20.01' and TotalAmt > '10'", "2"),
        ("select * from Invoice where TxnDate >= '2026-05-05'", ""),
        ("select Id from Invoice order by TotalAmt desc, Id maxresults 1;", "5"),
    ],
)
def test_what_a_query_finds(client: Client, text: str, ids: str) -> None:
    found = client.query(text)
    records = next((value for value in found.values() if isinstance(value, list)), [])
    assert [record["Id"] for record in records] == ids.split()
    assert found.get("maxResults", 0) == len(ids.split())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "4000"),
        ("select", "4000"),
        ("delete from Customer", "4000"),
        ("select * from Customer where DisplayName = 'Ada' or DisplayName = 'Bob'", "4000"),
        ("select * from Customer where not Active = true", "4000"),
        ("select * from Customer where (DisplayName = 'Ada')", "4000"),
        ("select * from Customer where DisplayName = 'O'Brien'", "4000"),
        ("select * from Customer where DisplayName = 'O''Brien'", "4000"),
        ("select * from Customer where DisplayName != 'Ada'", "4000"),
        ("select * from Customer where DisplayName = Ada", "4000"),
        ('select * from Customer where DisplayName = "Ada"', "4000"),
        ("select * from Customer where DisplayName in ()", "4000"),
        ("select * from Customer where DisplayName", "4000"),
        ("select * from Customer limit 5", "4000"),
        ("select * from Customer maxresults five", "4000"),
        ("select * from Customer maxresults 5 startposition 1", "4000"),
        ("select * from Customer startposition 0", "4001"),
        ("select * from Customer maxresults 1001", "4001"),
        ("select * from Customer maxresults 0", "4001"),
        ("select * from Banana", "4001"),
        ("select Colour from Customer", "4001"),
        ("select * from Customer where Colour = 'red'", "4001"),
        ("select * from Payment where PrivateNote = 'x'", "4001"),
        ("select * from Invoice where Line = 'x'", "4001"),
        ("select * from Customer orderby Notes", "4001"),
        ("select * from Invoice where TotalAmt > 'many'", "4001"),
        ("select * from Customer where MetaData.CreateTime > 'yesterday'", "4001"),
    ],
)
def test_what_is_not_of_the_language_is_refused(client: Client, text: str, code: str) -> None:
    assert error(client.ask("GET", "query", query=text))["code"] == code
    assert error(client.ask("POST", "query", text.encode()))["code"] == code


def test_a_count_counts_all_and_a_page_is_at_most_what_was_asked(client: Client) -> None:
    assert client.query("select count(*) from Invoice where TotalAmt > '10'") == {"totalCount": 4}
    page = client.query("select * from Invoice startposition 2 maxresults 3")
    assert (page["startPosition"], page["maxResults"]) == (2, 3)


def test_chosen_properties_come_with_the_id(client: Client) -> None:
    found = client.query("select DisplayName, MetaData.CreateTime from Customer where Id = '1'")
    assert set(found["Customer"][0]) == {"Id", "DisplayName", "MetaData", "domain", "sparse"}


def test_a_query_may_be_posted_as_text(client: Client) -> None:
    answer = client.ask("POST", "query", b"select * from Customer where DisplayName = 'Ada'")
    assert [one["Id"] for one in read(answer)["QueryResponse"]["Customer"]] == ["1"]


@given(st.text(min_size=1, max_size=30))
def test_any_text_can_be_quoted(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    assert parse(f"select * from Customer where DisplayName = '{quoted}'").conditions[0].values == (text,)


def test_changes_since_a_time_show_what_was_deleted(world: tuple[QuickBooks, SandboxClock], client: Client) -> None:
    world[0].command("delete", {"entity": "Invoice", "id": 1})
    answer = client.ask("GET", "cdc", entities="Customer,Invoice,Payment", changedSince="2026-05-04T12:03:00+00:00")
    customers, invoices, payments = read(answer)["CDCResponse"][0]["QueryResponse"]
    assert [one["Id"] for one in customers["Customer"]] == ["4", "5"]
    assert [(one["Id"], one.get("status")) for one in invoices["Invoice"]] == [
        ("4", None),
        ("5", None),
        ("1", "Deleted"),
    ]
    assert payments == {}
