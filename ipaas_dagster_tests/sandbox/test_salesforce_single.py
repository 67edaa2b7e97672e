from __future__ import annotations

import gzip
import json

import pytest

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Call
from ipaas_dagster.sandbox.salesforce import Behaviour, Salesforce
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, Client, read, refusal


@pytest.fixture
def server() -> Salesforce:
    return Salesforce()


@pytest.fixture
def api(server: Salesforce) -> Client:
    return Client(server)


def test_an_upsert_makes_once_and_then_updates(server: Salesforce, api: Client) -> None:
    made = api.upsert("Account", "instagaze:accounts:1#x/y", Name="Ünï ق")
    assert made.status == 201
    assert read(made) == {"id": read(made)["id"], "success": True, "errors": [], "created": True}
    again = api.upsert("Account", "instagaze:accounts:1#x/y", BillingCity="Åre")
    assert (again.status, read(again)["created"], read(again)["id"]) == (200, False, read(made)["id"])
    (account,) = server.truth("Account")
    assert (account["Name"], account["BillingCity"], account[HUB_ID]) == ("Ünï ق", "Åre", "instagaze:accounts:1#x/y")


@pytest.mark.parametrize(
    ("version", "chosen", "status"), [("45.0", "by_version", 204), ("46.0", "by_version", 200), ("62.0", "204", 204)]
)
def test_what_an_upsert_that_updated_answers(server: Salesforce, version: str, chosen: str, status: int) -> None:
    server.behaviour = Behaviour(upsert_update=chosen)
    api = Client(server, version)
    api.upsert("Account", "1", Name="A")
    answer = api.upsert("Account", "1", Name="B")
    assert (answer.status, answer.body == b"") == (status, status == 204)


def test_several_matches_are_listed_and_nothing_is_written(server: Salesforce, api: Client) -> None:
    ids = [api.create("Account", Name=name, External_Id__c="same") for name in "AB"]
    for method in ("PATCH", "GET", "DELETE"):
        answer = api.ask(method, "sobjects/Account/External_Id__c/same", {"Name": "C"})
        assert answer.status == 300
        assert read(answer) == [f"/services/data/v62.0/sobjects/Account/{one}" for one in ids]
    assert [account["Name"] for account in server.truth("Account")] == ["A", "B"]


def test_update_only_makes_nothing(server: Salesforce, api: Client) -> None:
    answer = api.ask("PATCH", f"sobjects/Account/{HUB_ID}/1", {"Name": "A"}, updateOnly="true")
    assert refusal(answer) == (404, "NOT_FOUND")
    assert server.truth("Account") == []


@pytest.mark.parametrize("name", ["Id", HUB_ID, HUB_ID.lower()])
def test_what_the_address_says_must_not_be_in_the_body(api: Client, name: str) -> None:
    assert refusal(api.upsert("Account", "1", Name="A", **{name: "1"})) == (400, "INVALID_FIELD")


def test_a_record_lives_until_it_is_deleted(server: Salesforce, api: Client) -> None:
    made = api.create("Product2", Name="P", Unit_Price__c="12.345", IsActive=True)
    shown = read(api.ask("GET", f"sobjects/Product2/{made[:15]}"))
    assert shown["attributes"] == {"type": "Product2", "url": f"/services/data/v62.0/sobjects/Product2/{made}"}
    assert (shown["Unit_Price__c"], shown["IsActive"], shown["IsArchived"], shown["Family"]) == (
        12.35,
        True,
        False,
        None,
    )
    assert set(read(api.ask("GET", f"sobjects/Product2/{made}", fields="Name"))) == {"attributes", "Id", "Name"}
    assert api.ask("PATCH", f"sobjects/Product2/{made}", {"Name": "Q"}).status == 204
    assert api.ask("DELETE", f"sobjects/Product2/{made}").status == 204
    assert refusal(api.ask("GET", f"sobjects/Product2/{made}")) == (404, "NOT_FOUND")
    for method in ("DELETE", "PATCH"):
        assert refusal(api.ask(method, f"sobjects/Product2/{made}", {})) == (404, "ENTITY_IS_DELETED")
    assert server.truth("Product2") == []


def test_an_external_id_is_free_again_after_a_delete(server: Salesforce, api: Client) -> None:
    first = read(api.upsert("Account", "1", Name="A"))["id"]
    assert api.ask("DELETE", f"sobjects/Account/{HUB_ID}/1").status == 204
    assert read(api.upsert("Account", "1", Name="A"))["id"] != first
    assert len(server.truth("Account")) == 1


def test_contacts_go_with_their_account_and_other_references_are_cleared(server: Salesforce, api: Client) -> None:
    account = api.create("Account", Name="A")
    contact = api.create("Contact", LastName="C", AccountId=account)
    invoice = api.create("Invoice__c", Account__c=account)
    api.create("Payment__c", Contact__c=contact, Invoice__c=invoice, Account__c=account)
    assert api.ask("DELETE", f"sobjects/Account/{account}").status == 204
    assert server.truth("Contact") == []
    assert server.truth("Invoice__c")[0]["Account__c"] is None
    (payment,) = server.truth("Payment__c")
    assert (payment["Account__c"], payment["Contact__c"], payment["Invoice__c"]) == (None, None, invoice)


def test_a_custom_object_without_a_name_is_named_by_its_id(server: Salesforce, api: Client) -> None:
    made = api.create("Invoice__c")
    assert server.truth("Invoice__c")[0]["Name"] == made


def test_times_are_the_sandbox_clocks(server: Salesforce) -> None:
    clock = SandboxClock()
    server = Salesforce(clock=clock)
    api = Client(server)
    made = api.create("Account", Name="A")
    clock.advance(3600)
    api.ask("PATCH", f"sobjects/Account/{made}", {"Name": "B"})
    (account,) = server.truth("Account")
    assert account["CreatedDate"] < account["LastModifiedDate"] == account["SystemModstamp"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "sobjects/Nothing", (404, "NOT_FOUND")),
        ("POST", "sobjects/Nothing", (404, "NOT_FOUND")),
        ("GET", "sobjects/Account/001Sb0000000009IAA", (404, "NOT_FOUND")),
        ("PATCH", "sobjects/Account/Nothing__c/1", (404, "NOT_FOUND")),
        ("PATCH", "sobjects/Account/Name/1", (404, "NOT_FOUND")),
        ("PUT", "sobjects/Account", (405, "METHOD_NOT_ALLOWED")),
        ("GET", "nothing", (404, "NOT_FOUND")),
    ],
)
def test_what_is_not_there_is_not_there(api: Client, method: str, path: str, expected: tuple[int, str]) -> None:
    assert refusal(api.ask(method, path, {})) == expected


def test_versions_are_those_that_are_listed(server: Salesforce) -> None:
    listed = read(server.answer(Call("GET", ("services", "data"))))
    assert listed[-1] == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}
    for one in (listed[0], listed[-1]):
        assert Client(server, one["version"]).ask("GET", "").status == 200
    assert Client(server, "30.0").ask("GET", "").status == 404


def test_bodies_are_json_and_say_so(server: Salesforce, api: Client) -> None:
    body = json.dumps({"Name": "ق"}).encode()
    assert refusal(api.ask("POST", "sobjects/Account", body, headers={"content-type": "text/plain"}))[0] == 415
    for bad in (b"", b"{", b"[]", b'{"Name": NaN}', b'{"Name": "\xff"}'):
        assert refusal(api.ask("POST", "sobjects/Account", bad)) == (400, "JSON_PARSER_ERROR")
    packed = api.ask("POST", "sobjects/Account", gzip.compress(body), headers={"content-encoding": "gzip"})
    assert packed.status == 201
    assert server.truth("Account")[0]["Name"] == "ق"


def test_every_answer_says_how_much_was_used_until_nothing_is_left(server: Salesforce, api: Client) -> None:
    server.command("usage", {"used": 17, "most": 19})
    assert api.ask("GET", "limits").headers["sforce-limit-info"] == "api-usage=18/19"
    assert read(api.ask("GET", "limits"))["DailyApiRequests"] == {"Max": 19, "Remaining": 0}
    assert refusal(api.upsert("Account", "1", Name="A")) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert server.truth("Account") == []
