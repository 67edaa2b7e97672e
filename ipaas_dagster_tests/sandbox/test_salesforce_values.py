"""What a field takes, and what it makes of it: the same over every way in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ipaas_dagster.sandbox.salesforce import Salesforce
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, Client, codes, read, refusal


@pytest.fixture
def server() -> Salesforce:
    return Salesforce()


@pytest.fixture
def api(server: Salesforce) -> Client:
    return Client(server)


TAKEN = [
    ("Account", "Name", "  Ünï\u2003", "Ünï"),
    ("Account", "Name", 12, "12"),
    ("Account", "BillingCity", "", None),
    ("Account", "BillingCity", "x" * 40, "x" * 40),
    ("Account", "Owner_Email__c", "Some.One+x@Example.COM", "some.one+x@example.com"),
    ("Account", "BillingLatitude", 59.123456789012345, 59.123456789012345),
    ("Account", "Is_Autopay__c", True, True),
    ("Account", "BillingGeocodeAccuracy", "Street", "Street"),
    ("Account", "Industry", "not in the list", "not in the list"),
    ("Product2", "Unit_Price__c", "19.995", 20.0),
    ("Product2", "Unit_Price__c", 7, 7.0),
    ("Product2", "Unit_Price__c", None, None),
    ("Invoice__c", "Due_At__c", "2026-01-31T23:30:00+01:00", "2026-01-31T22:30:00.000+0000"),
    ("Invoice__c", "Due_At__c", "2026-01-31T22:30:00.999Z", "2026-01-31T22:30:00.000+0000"),
    ("Contact", "Birthdate", "2000-02-29", "2000-02-29"),
    ("Invoice_Line__c", "Description__c", "a\nb " + "x" * 32000, "a\nb " + "x" * 32000),
]


@pytest.mark.parametrize(("name", "field", "given", "stored"), TAKEN)
def test_what_is_taken(server: Salesforce, api: Client, name: str, field: str, given: Any, stored: Any) -> None:
    needed = {"LastName": "L"} if name == "Contact" else {"Name": "N"}
    api.create(name, **{**needed, field: given})
    assert server.truth(name)[0][field] == stored


def test_money_keeps_every_digit(server: Salesforce, api: Client) -> None:
    made = api.create("Invoice__c", Total__c="9007199254740993.11")
    assert server.truth("Invoice__c")[0]["Total__c"] == Decimal("9007199254740993.11")
    assert b'"Total__c":9007199254740993.11,' in api.ask("GET", f"sobjects/Invoice__c/{made}").body


REFUSED = [
    ("Account", {"Name": None}, "REQUIRED_FIELD_MISSING"),
    ("Account", {"Name": "  "}, "REQUIRED_FIELD_MISSING"),
    ("Account", {"Name": "x" * 256}, "STRING_TOO_LONG"),
    ("Account", {"Foo__c": "x"}, "INVALID_FIELD"),
    ("Account", {"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ("Account", {"Owner_Email__c": "nobody"}, "INVALID_EMAIL_ADDRESS"),
    ("Account", {"Owner_Email__c": "ö@example.com"}, "INVALID_EMAIL_ADDRESS"),
    ("Account", {"BillingLatitude": 1234}, "NUMBER_OUTSIDE_VALID_RANGE"),
    ("Account", {"BillingGeocodeAccuracy": "x"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ("Account", {"ParentId": "x"}, "MALFORMED_ID"),
    ("Account", {"ParentId": "003Sb0000000009IAA"}, "MALFORMED_ID"),
    ("Account", {"ParentId": "001Sb0000000009IAA"}, "INVALID_CROSS_REFERENCE_KEY"),
    ("Account", {"Parent": {HUB_ID: "none"}}, "INVALID_FIELD"),
    ("Account", {"Parent": {"Name": "A"}}, "INVALID_FIELD"),
    ("Account", {"Parent__r": {HUB_ID: "none"}}, "INVALID_FIELD"),
    ("Account", {HUB_ID: "x" * 256}, "STRING_TOO_LONG"),
]


@pytest.mark.parametrize(("name", "fields", "code"), REFUSED)
def test_what_is_refused_alone_and_among_others(
    server: Salesforce, api: Client, name: str, fields: dict[str, Any], code: str
) -> None:
    whole = {"Name": "A", **fields}
    assert refusal(api.ask("POST", f"sobjects/{name}", whole)) == (400, code)
    outcomes = api.upsert_many(
        name, [{"Name": "before", HUB_ID: "1"}, {HUB_ID: "2", **whole}, {"Name": "after", HUB_ID: "3"}]
    )
    assert codes(outcomes) == ["ok", code, "ok"]
    assert [one["Name"] for one in server.truth(name)] == ["before", "after"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"Is_Autopay__c": "true"},
        {"Is_Autopay__c": 1},
        {"Is_Autopay__c": None},
        {"BillingLatitude": "north"},
        {"BillingLatitude": True},
        {"Name": {"x": 1}},
        {"Name": ["x"]},
        {"Parent": "x"},
    ],
)
def test_a_wrong_type_fails_the_whole_request(server: Salesforce, api: Client, wrong: dict[str, Any]) -> None:
    assert refusal(api.ask("POST", "sobjects/Account", {"Name": "A", **wrong})) == (400, "JSON_PARSER_ERROR")
    records = [{"Name": "A"}, {"Name": "B", **wrong}]
    body = {"records": [{"attributes": {"type": "Account"}, **one} for one in records]}
    assert refusal(api.ask("POST", "composite/sobjects", body)) == (400, "JSON_PARSER_ERROR")
    assert server.truth("Account") == []


@pytest.mark.parametrize("field", ["Contract_Start__c", "Due_At__c"])
@pytest.mark.parametrize("text", ["2026-01-31", "2026-02-30T00:00:00Z", "2026-01-31T10:00:00", "31.1.2026", ""])
def test_a_time_has_a_day_an_hour_and_an_offset(api: Client, field: str, text: str) -> None:
    assert refusal(api.ask("POST", "sobjects/Invoice__c", {field: text})) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize(
    ("column", "text", "stored"),
    [
        ("Is_Autopay__c", "TRUE", True),
        ("Is_Autopay__c", "", False),
        ("BillingLatitude", "1.5", 1.5),
        ("BillingCity", "#N/A", None),
        ("BillingCity", "", None),
        ("Owner_Email__c", "A@Example.com", "a@example.com"),
    ],
)
def test_what_a_bulk_job_makes_of_text(server: Salesforce, api: Client, column: str, text: str, stored: Any) -> None:
    api.bulk("Account", [{HUB_ID: "1", "Name": "A", column: text}])
    assert server.truth("Account")[0][column] == stored


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("Is_Autopay__c", "maybe", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Is_Autopay__c", "#N/A", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("BillingLatitude", "north", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("BillingCity", "x" * 41, "STRING_TOO_LONG"),
        ("Parent.Ipaas_Hub_Id__c", "none", "INVALID_FIELD"),
        ("CreatedDate", "2026-01-01T00:00:00Z", "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_what_a_bulk_job_refuses_of_a_row(server: Salesforce, api: Client, column: str, text: str, code: str) -> None:
    job = api.bulk("Account", [{HUB_ID: "1", "Name": "A", column: text}, {HUB_ID: "2", "Name": "B"}])
    (failed,) = api.results(job, "failedResults")
    assert failed["sf__Error"].startswith(f"{code}:")
    assert [one["Name"] for one in server.truth("Account")] == ["B"]


def test_a_null_relationship_is_passed_over_but_a_null_reference_clears(server: Salesforce, api: Client) -> None:
    account = read(api.upsert("Account", "1", Name="A"))["id"]
    api.upsert("Contact", "c", LastName="L", Account={HUB_ID: "1"})
    api.upsert("Contact", "c", Account=None)
    assert server.truth("Contact")[0]["AccountId"] == account
    api.upsert("Contact", "c", AccountId=None)
    assert server.truth("Contact")[0]["AccountId"] is None


def test_a_broken_relationship_finds_no_parent_until_it_is_mended(server: Salesforce, api: Client) -> None:
    api.upsert("Account", "1", Name="A")
    server.command("break", {"object": "Contact", "field": "AccountId"})
    answer = api.upsert("Contact", "c", LastName="L", Account={HUB_ID: "1"})
    expected = f"Foreign key external ID: 1 not found for field {HUB_ID} in entity Account"
    assert read(answer) == [{"message": expected, "errorCode": "INVALID_FIELD"}]
    server.command("mend", {})
    assert api.upsert("Contact", "c", LastName="L", Account={HUB_ID: "1"}).status == 201
