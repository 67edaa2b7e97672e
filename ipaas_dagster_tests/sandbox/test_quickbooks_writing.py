"""Records of QuickBooks: what is refused, by its number, and what an update does."""

from __future__ import annotations

from typing import Any

import pytest

from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.sandbox.quickbooks_client import (
    Client,
    connect,
    error,
    invoice,
    line,
    payment,
    read,
    stopped_server,
)

SERVICE = {"Name": "Other", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
SALE = {"DetailType": "SalesItemLineDetail", "Amount": 10, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
ONE = {"CustomerRef": {"value": "1"}}


@pytest.fixture
def server() -> QuickBooks:
    return stopped_server()[0]


@pytest.fixture
def client(server: QuickBooks) -> Client:
    """With customer 1, item 1 and invoice 1 (A-1, 10.00 owed), and the inactive customer 2 and item 2."""
    client = connect(server)
    customer, item = client.customer(), client.item()
    client.post("invoice", invoice(customer, line(item), DocNumber="A-1"))
    for path, record in (("customer", client.customer("Gone")), ("item", client.item("Gone"))):
        client.post(path, {"Id": record["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    return client


def sale(**detail: Any) -> dict[str, Any]:
    return {**SALE, "SalesItemLineDetail": {"ItemRef": {"value": "1"}, **detail}}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("customer", {"DisplayName": "aCME"}, "6240"),
        ("vendor", {"DisplayName": "Acme"}, "6240"),
        ("employee", {"DisplayName": "Acme"}, "6240"),
        ("customer", {"DisplayName": "Gone (deleted)", "Active": True, "Id": "1", "SyncToken": "9"}, "5010"),
        ("customer", {"DisplayName": "A:B"}, "2040"),
        ("customer", {"DisplayName": "A\tB"}, "2040"),
        ("customer", {"DisplayName": "A\nB"}, "2040"),
        ("customer", {"DisplayName": "x" * 501}, "2050"),
        ("customer", {"DisplayName": ""}, "6080"),
        ("customer", {"DisplayName": "New", "Colour": "red"}, "2010"),
        ("customer", {"DisplayName": {"a": 1}}, "2010"),
        ("customer", {"DisplayName": "New", "Active": "perhaps"}, "2230"),
        ("customer", {"DisplayName": "New", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
        ("customer", {"DisplayName": "New", "CurrencyRef": {"value": "EUR"}}, "6000"),
        ("customer", [], "2010"),
        ("customer", {"Id": "99", "SyncToken": "0", "DisplayName": "New"}, "610"),
        ("customer", {"Id": "1", "DisplayName": "New"}, "2020"),
        ("customer", {"Id": "one", "SyncToken": "0"}, "2030"),
        ("customer", {"SyncToken": "0", "sparse": True, "DisplayName": "New"}, "2020"),
        ("item", {**SERVICE, "Name": "PLAN"}, "6240"),
        ("item", {**SERVICE, "Name": "x" * 101}, "2050"),
        ("item", {**SERVICE, "Name": None}, "2020"),
        ("item", {**SERVICE, "Type": None}, "2020"),
        ("item", {**SERVICE, "Type": "Banana"}, "2170"),
        ("item", {**SERVICE, "Type": "Inventory"}, "2020"),
        ("item", {"Name": "Other", "Type": "Service"}, "2020"),
        ("item", {**SERVICE, "IncomeAccountRef": {"value": "999"}}, "2500"),
        ("item", {**SERVICE, "IncomeAccountRef": {"value": "35"}}, "6000"),
        ("item", {**SERVICE, "UnitPrice": "ten"}, "2080"),
        ("account", {"Name": "New"}, "6010"),
        ("account", {"Name": "services", "AccountType": "Income"}, "6240"),
        ("invoice", {"Line": [SALE]}, "2020"),
        ("invoice", ONE, "2020"),
        ("invoice", {**ONE, "Line": []}, "2020"),
        ("invoice", {"CustomerRef": {"value": "77"}, "Line": [SALE]}, "2500"),
        ("invoice", {"CustomerRef": {"value": "2"}, "Line": [SALE]}, "610"),
        ("invoice", {**ONE, "Line": [sale(ItemRef={"value": "77"})]}, "2500"),
        ("invoice", {**ONE, "Line": [sale(ItemRef={"value": "2"})]}, "610"),
        ("invoice", {**ONE, "Line": [sale(ItemRef=None)]}, "2020"),
        ("invoice", {**ONE, "Line": [{**SALE, "Amount": None}]}, "2020"),
        ("invoice", {**ONE, "Line": [{**SALE, "DetailType": "Banana"}]}, "2170"),
        ("invoice", {**ONE, "Line": [{**SALE, "Price": 1}]}, "2010"),
        ("invoice", {**ONE, "Line": [sale(Qty=3, UnitPrice=3)]}, "6070"),
        ("invoice", {**ONE, "Line": [sale(TaxCodeRef={"value": "7"})]}, "6100"),
        ("invoice", {**ONE, "Line": [{**SALE, "Amount": -10}]}, "6000"),
        ("invoice", {**ONE, "Line": [SALE], "DocNumber": "a-1"}, "6140"),
        ("invoice", {**ONE, "Line": [SALE], "DocNumber": "x" * 22}, "2050"),
        ("invoice", {**ONE, "Line": [SALE], "PrivateNote": "x" * 4001}, "2050"),
        ("invoice", {**ONE, "Line": [{**SALE, "Description": "x" * 4001}]}, "2050"),
        ("invoice", {**ONE, "Line": [SALE], "TxnDate": "31.12.2026"}, "2070"),
        ("invoice", {**ONE, "Line": [SALE], "CurrencyRef": {"value": "EUR"}}, "6000"),
        ("invoice", {**ONE, "Line": [SALE, {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}]}, "6090"),
        ("payment", {"TotalAmt": 1}, "2020"),
        ("payment", ONE, "2020"),
        ("payment", {**ONE, "TotalAmt": -1}, "6000"),
        ("payment", payment({"Id": "1"}, 20, {"1": 10.01}), "6000"),
        ("payment", payment({"Id": "1"}, 5, {"1": 6}), "6000"),
        ("payment", payment({"Id": "1"}, 5, {"77": 5}), "610"),
        ("payment", {**ONE, "TotalAmt": 1, "PaymentRefNum": "x" * 22}, "2050"),
        ("payment", {**ONE, "TotalAmt": 1, "Line": [{"Amount": 1}]}, "2020"),
        ("banana", {"Name": "x"}, "500"),
        ("taxcode", {"Name": "x"}, "500"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named_by_its_number_and_changes_nothing(
    server: QuickBooks, client: Client, path: str, body: Any, code: str
) -> None:
    before = {entity: server.truth(entity) for entity in server.books.tables}
    refused = client.ask("POST", path, body)
    assert (refused.status, error(refused)["code"]) == (400, code), refused.body
    assert set(error(refused)) == {"Message", "Detail", "code", "element"}
    assert read(refused)["Fault"]["type"] == "ValidationFault"
    assert {entity: server.truth(entity) for entity in server.books.tables} == before


@pytest.mark.parametrize("path", ["customer", "item", "account", "companyinfo"])
def test_what_can_only_be_made_inactive_is_not_deleted(client: Client, path: str) -> None:
    assert client.refused(path, {"Id": "1", "SyncToken": "0"}, operation="delete")["code"] == "500"


def test_a_body_that_is_not_json_is_refused(client: Client) -> None:
    assert error(client.ask("POST", "customer", b'{"DisplayName": '))["code"] == "2010"


def test_a_sparse_update_keeps_what_a_full_one_empties(client: Client) -> None:
    made = client.customer("Full", CompanyName="Full Ltd", Notes="kept")
    sparse = client.post("customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "new"})
    assert (sparse["CompanyName"], sparse["Notes"], sparse["SyncToken"]) == ("Full Ltd", "new", "1")
    whole = client.post("customer", {"Id": made["Id"], "SyncToken": "1", "DisplayName": "Full"})
    assert "CompanyName" not in whole
    assert "Notes" not in whole
    assert whole["MetaData"]["CreateTime"] == made["MetaData"]["CreateTime"]


def test_a_sparse_update_empties_what_is_sent_empty(client: Client) -> None:
    made = client.customer("Full", Notes="kept", CompanyName="Full Ltd")
    update = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "", "CompanyName": None}
    assert {"Notes", "CompanyName"}.isdisjoint(client.post("customer", update))


def test_an_update_of_an_old_reading_is_refused_and_the_new_one_goes_through(
    server: QuickBooks, client: Client
) -> None:
    update = {"Id": "1", "SyncToken": "0", "sparse": True, "Notes": "mine"}
    server.command("change", {"entity": "Customer", "id": "1", "fields": {"CompanyName": "theirs"}})
    refused = client.refused("customer", update)
    assert (refused["code"], refused["Message"]) == ("5010", "Stale Object Error")
    now = client.post("customer", {**update, "SyncToken": client.get("customer/1")["SyncToken"]})
    assert (now["CompanyName"], now["Notes"], now["SyncToken"]) == ("theirs", "mine", "2")


def test_inactive_records_are_renamed_hidden_from_queries_and_can_come_back(client: Client) -> None:
    gone = client.get("customer/2")
    assert (gone["DisplayName"], gone["Active"]) == ("Gone (deleted)", False)
    assert client.query("select * from Customer where DisplayName like 'Gone%'") == {}
    assert client.query("select * from Customer where Active in (true, false)")["maxResults"] == 2
    back = client.post("customer", {"Id": "2", "SyncToken": "1", "sparse": True, "Active": True})
    assert (back["DisplayName"], back["Active"]) == ("Gone", True)


def test_a_name_that_is_free_again_may_be_deleted_again(client: Client) -> None:
    again = client.customer("Gone")
    update = {"Id": again["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    assert client.post("customer", update)["DisplayName"] == "Gone (deleted-1)"


def test_an_active_name_may_look_like_a_deleted_one(client: Client) -> None:
    assert client.customer("Ink (deleted stock)")["DisplayName"] == "Ink (deleted stock)"
    assert client.customer("Old (deleted)")["DisplayName"] == "Old (deleted)"


def test_where_inactive_names_are_kept_they_stay_taken(client: Client, server: QuickBooks) -> None:
    server.configure(inactive_names="kept")
    client.post("customer", {"Id": "1", "SyncToken": "0", "sparse": True, "Active": False})
    assert client.refused("customer", {"DisplayName": "Acme"})["code"] == "6240"


@pytest.mark.parametrize(("custom", "number"), [(False, "1001"), (True, None)])
def test_an_invoice_without_number_gets_one_unless_the_company_writes_its_own(custom: bool, number: str | None) -> None:
    server, _clock = stopped_server(custom_doc_numbers=custom)
    client = connect(server)
    made = client.post("invoice", invoice(client.customer(), line(client.item())))
    assert made.get("DocNumber") == number
    assert client.get("preferences")["SalesFormsPrefs"]["CustomTxnNumbers"] is custom


def test_numbers_may_be_used_twice_where_that_is_allowed(client: Client, server: QuickBooks) -> None:
    twice = {**ONE, "Line": [SALE], "DocNumber": "A-1"}
    refused = client.refused("invoice", twice)
    assert "DocNumber=A-1 is assigned to TxnType=Invoice with TxnId=1" in refused["Detail"]
    assert client.post("invoice", twice, include="allowduplicatedocnum")["Id"] == "2"
    sparse = {"Id": "2", "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    assert client.post("invoice", sparse)["DocNumber"] == "A-1", "it is not asked about the number it has"
    server.configure(duplicate_doc_number_code="6210")
    assert client.refused("invoice", twice)["code"] == "6210"
    server.configure(duplicate_doc_numbers="allowed")
    assert client.post("invoice", twice)["Id"] == "3"


def test_faults_are_xml_unless_json_is_asked_for(client: Client) -> None:
    client.accept = "*/*"
    refused = client.ask("GET", "customer/99")
    assert refused.content_type.startswith("application/xml")
    assert b'<Error code="610" element="">' in refused.body
    assert client.ask("GET", "customer/1").content_type.startswith("application/json")
    client.accept = "application/xml"
    assert b'<Customer domain="QBO" sparse="false"><Id>1</Id>' in client.ask("GET", "customer/1").body


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "customer"), ("GET", "banana/1"), ("DELETE", "customer/1"), ("PUT", "query"), ("GET", "invoice/1/pdf")],
)
def test_an_address_that_is_not_there_is_unsupported(client: Client, method: str, path: str) -> None:
    assert error(client.ask(method, path))["code"] == "500"


@pytest.mark.parametrize("path", ["customer/99", "companyinfo/7"])
def test_a_record_that_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert error(client.ask("GET", path))["code"] == "610"


def test_an_old_minor_version_is_refused(client: Client) -> None:
    assert error(client.ask("GET", "customer/1", minorversion="74"))["code"] == "2010"
    assert client.ask("GET", "customer/1", minorversion="75").status == 200


def test_every_answer_has_its_own_id(client: Client, server: QuickBooks) -> None:
    given = [client.ask("GET", "customer/1"), client.ask("GET", "customer/99"), server.failure(429)]
    assert len({answer.headers["intuit_tid"] for answer in given}) == 3


def test_commands_seed_by_the_rules_and_say_what_was_done(server: QuickBooks, client: Client) -> None:
    assert server.command("seed", {"entity": "Customer", "records": [{"DisplayName": "Seeded"}]}) == {"ids": ["3"]}
    with pytest.raises(ValueError, match="6240"):
        server.command("seed", {"entity": "Customer", "records": [{"DisplayName": "seeded"}]})
    with pytest.raises(ValueError, match="no command banana"):
        server.command("banana", {})
    with pytest.raises(ValueError, match="no setting banana"):
        server.command("configure", {"banana": 1})
    assert server.command("counters", {})["done"]["Customer create"] == 2
    assert "sandbox-client-secret" not in repr([server.command("configure", {}), server.settings])
