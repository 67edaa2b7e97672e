from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ipaas_dagster.sandbox.salesforce import Salesforce
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, Client, codes, collection, read, refusal


@pytest.fixture
def server() -> Salesforce:
    return Salesforce()


@pytest.fixture
def api(server: Salesforce) -> Client:
    return Client(server)


def account(number: int, **fields: object) -> dict[str, object]:
    return {HUB_ID: str(number), "Name": f"Account {number}", **fields}


def test_answers_have_the_order_of_the_records(server: Salesforce, api: Client) -> None:
    api.upsert_many("Account", [account(number) for number in (4, 2)])
    outcomes = api.upsert_many("Account", [account(number) for number in (3, 2, 1, 4)])
    assert [one["created"] for one in outcomes] == [True, False, True, False]
    ids = {one[HUB_ID]: one["Id"] for one in server.truth("Account")}
    assert [one["id"] for one in outcomes] == [ids[number] for number in ("3", "2", "1", "4")]


@settings(max_examples=40, deadline=None)
@given(some.lists(some.sampled_from(["good", "nameless", "known"]), max_size=30), some.booleans())
def test_each_record_fares_for_itself_or_all_fare_alike(kinds: list[str], all_or_none: bool) -> None:
    server = Salesforce()
    api = Client(server)
    api.upsert_many("Account", [account(number) for number, kind in enumerate(kinds) if kind == "known"])
    before = server.truth("Account")
    records = [account(number, Name="" if kind == "nameless" else "new") for number, kind in enumerate(kinds)]
    outcomes = api.upsert_many("Account", records, all_or_none=all_or_none)
    fails = "nameless" in kinds and all_or_none
    good = "ALL_OR_NONE_OPERATION_ROLLED_BACK" if fails else "ok"
    assert codes(outcomes) == ["REQUIRED_FIELD_MISSING" if kind == "nameless" else good for kind in kinds]
    if fails:
        assert server.truth("Account") == before
    else:
        written = {one[HUB_ID]: one["Name"] for one in server.truth("Account")}
        assert written == {str(number): "new" for number, kind in enumerate(kinds) if kind != "nameless"}


def test_a_rolled_back_call_leaves_no_trace_in_the_indexes(server: Salesforce, api: Client) -> None:
    api.upsert_many("Account", [account(1), account(2, Name="")], all_or_none=True)
    assert api.query(f"SELECT Id FROM Account WHERE {HUB_ID} = '1'") == []
    assert codes(api.upsert_many("Account", [account(1)])) == ["ok"]


def test_more_than_two_hundred_are_refused(server: Salesforce, api: Client) -> None:
    assert len(api.upsert_many("Account", [account(number) for number in range(200)])) == 200
    body = collection("Account", [account(number) for number in range(201)])
    answer = api.ask("PATCH", f"composite/sobjects/Account/{HUB_ID}", body)
    assert refusal(answer) == (400, "EXCEEDED_ID_LIMIT")
    assert "200" in read(answer)[0]["message"]
    assert len(server.truth("Account")) == 200
    ids = ",".join(one["Id"] for one in server.truth("Account"))
    assert refusal(api.ask("DELETE", "composite/sobjects", ids=f"{ids},x")) == (400, "EXCEEDED_ID_LIMIT")


def test_records_that_share_an_external_id_are_all_refused(server: Salesforce, api: Client) -> None:
    outcomes = api.upsert_many("Account", [account(1), account(2), account(1, Name="other")])
    assert codes(outcomes) == ["DUPLICATE_VALUE", "ok", "DUPLICATE_VALUE"]
    assert outcomes[0]["errors"][0]["message"] == "Duplicate external id specified: 1"
    assert [one[HUB_ID] for one in server.truth("Account")] == ["2"]


def test_external_ids_heed_case_where_the_field_says_so(server: Salesforce, api: Client) -> None:
    assert codes(api.upsert_many("Account", [{HUB_ID: "a", "Name": "A"}, {HUB_ID: "A", "Name": "B"}])) == ["ok", "ok"]
    contacts = [{"Email": "A@example.com", "LastName": "L"}, {"Email": "a@example.com", "LastName": "M"}]
    assert codes(api.upsert_many("Contact", contacts, by="Email")) == ["DUPLICATE_VALUE", "DUPLICATE_VALUE"]


def test_several_matches_fail_that_record_only(server: Salesforce, api: Client) -> None:
    for name in "AB":
        api.create("Account", Name=name, External_Id__c="same")
    records = [{"External_Id__c": "same", "Name": "C"}, {"External_Id__c": "other", "Name": "D"}]
    outcomes = api.upsert_many("Account", records, by="External_Id__c")
    assert codes(outcomes) == ["DUPLICATE_EXTERNAL_ID", "ok"]
    assert sorted(one["Name"] for one in server.truth("Account")) == ["A", "B", "D"]


def test_a_record_needs_the_external_id_it_is_upserted_by(api: Client) -> None:
    outcomes = api.upsert_many("Account", [{"Name": "A"}, account(1)])
    assert codes(outcomes) == ["MISSING_ARGUMENT", "ok"]


def test_a_unique_value_cannot_be_taken_twice(server: Salesforce, api: Client) -> None:
    first = api.create("Account", Name="A", **{HUB_ID: "1"})
    answer = api.ask("POST", "sobjects/Account", account(1))
    message = f"duplicate value found: {HUB_ID} duplicates value on record with id: {first}"
    assert read(answer) == [{"message": message, "errorCode": "DUPLICATE_VALUE", "fields": []}]


def test_parents_are_found_by_external_id_and_missing_ones_named(server: Salesforce, api: Client) -> None:
    (parent,) = api.upsert_many("Account", [account(1)])
    contacts = [
        {HUB_ID: number, "LastName": "L", "Account": {HUB_ID: parent_id}}
        for number, parent_id in (("c1", "1"), ("c2", "9"))
    ]
    outcomes = api.upsert_many("Contact", contacts)
    assert codes(outcomes) == ["ok", "INVALID_FIELD"]
    expected = f"Foreign key external ID: 9 not found for field {HUB_ID} in entity Account"
    assert outcomes[1] == {
        "success": False,
        "errors": [{"statusCode": "INVALID_FIELD", "message": expected, "fields": []}],
    }
    assert server.truth("Contact")[0]["AccountId"] == parent["id"]
    lines = [{HUB_ID: "l1", "Name": "L", "Invoice__r": {HUB_ID: "i1"}}]
    assert codes(api.upsert_many("Invoice_Line__c", lines)) == ["INVALID_FIELD"]
    api.upsert_many("Invoice__c", [{HUB_ID: "i1", "Account__r": {HUB_ID: "1"}}])
    assert codes(api.upsert_many("Invoice_Line__c", lines)) == ["ok"]


def test_insert_update_and_delete_of_several_types(server: Salesforce, api: Client) -> None:
    records = [
        *collection("Account", [{"Name": "A"}])["records"],
        *collection("Nothing__c", [{"Name": "?"}])["records"],
        *collection("Product2", [{"Name": "P"}, {}])["records"],
    ]
    made = read(api.ask("POST", "composite/sobjects", {"records": records}))
    assert codes(made) == ["ok", "INVALID_TYPE", "ok", "REQUIRED_FIELD_MISSING"]
    assert set(made[0]) == {"id", "success", "errors"}
    changes = collection("Product2", [{"Id": made[2]["id"], "Name": "Q"}, {"Name": "?"}, {"Id": "01tx", "Name": "?"}])
    outcomes = read(api.ask("PATCH", "composite/sobjects", changes))
    assert codes(outcomes) == ["ok", "MISSING_ARGUMENT", "MALFORMED_ID"]
    ids = [made[0]["id"], made[2]["id"], made[0]["id"], "001Sb0000000099IAA", "x"]
    gone = read(api.ask("DELETE", "composite/sobjects", ids=",".join(ids), allOrNone="false"))
    expected = ["ok", "ok", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    assert (codes(gone)[:3], codes(gone)[4]) == (expected[:3], expected[4])
    assert server.truth("Account") == server.truth("Product2") == []


def test_all_or_none_of_a_delete_brings_back_what_went_along(server: Salesforce, api: Client) -> None:
    parent = api.create("Account", Name="A")
    api.create("Contact", LastName="L", AccountId=parent)
    gone = read(api.ask("DELETE", "composite/sobjects", ids=f"{parent},001xx", allOrNone="true"))
    assert codes(gone) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "MALFORMED_ID"]
    assert server.truth("Contact")[0]["AccountId"] == parent


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"records": {}},
        {"records": [1]},
        {"records": [{"Name": "A"}]},
        {"records": [], "allOrNone": "no"},
        collection("Contact", [{HUB_ID: "1"}]),
    ],
)
def test_a_malformed_call_is_refused_as_a_whole(server: Salesforce, api: Client, body: dict[str, object]) -> None:
    assert refusal(api.ask("PATCH", f"composite/sobjects/Account/{HUB_ID}", body)) == (400, "INVALID_INPUT")


def test_collections_of_upserts_came_with_version_46(server: Salesforce) -> None:
    body = collection("Account", [account(1)])
    old = Client(server, "45.0").ask("PATCH", f"composite/sobjects/Account/{HUB_ID}", body)
    assert refusal(old) == (404, "NOT_FOUND")


def test_a_record_that_somebody_holds_is_refused_for_a_while(server: Salesforce, api: Client) -> None:
    server.command("refuse", {"object": "Account", "where": {HUB_ID: "2"}, "times": 2})
    records = [account(number) for number in (1, 2, 3)]
    seen = [codes(api.upsert_many("Account", records)) for _ in range(3)]
    assert seen == [["ok", "UNABLE_TO_LOCK_ROW", "ok"], ["ok", "UNABLE_TO_LOCK_ROW", "ok"], ["ok", "ok", "ok"]]
    rule = {"object": "Account", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no"}
    server.command("refuse", rule)
    assert codes(api.upsert_many("Account", records)) == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"] * 3
    job = api.bulk("Account", [{HUB_ID: "1", "Name": "A"}])
    assert api.results(job, "failedResults")[0]["sf__Error"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION:no: --"
    server.command("mend", {})
    assert codes(api.upsert_many("Account", records)) == ["ok"] * 3
    with pytest.raises(ValueError, match="no field"):
        server.command("refuse", {"object": "Account", "where": {"Nothing": 1}})
