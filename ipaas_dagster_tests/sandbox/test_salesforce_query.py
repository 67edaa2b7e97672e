from __future__ import annotations

import pytest

from ipaas_dagster.sandbox.salesforce import Behaviour, Salesforce
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, Client, read, refusal

CITIES = ["Åre", "Berlin", None, "berlin", "O'Fallon"]


@pytest.fixture
def server() -> Salesforce:
    return Salesforce()


@pytest.fixture
def api(server: Salesforce) -> Client:
    """Five accounts, 0 to 4; each even one has a contact."""
    api = Client(server)
    for number, city in enumerate(CITIES):
        record = {"Name": f"A{number}", "BillingCity": city, "BillingLatitude": number / 2}
        api.upsert("Account", f"H{number}", **record, Is_Autopay__c=number > 2)
        if number % 2 == 0:
            api.upsert("Contact", f"c{number}", LastName=f"L{number}", Account={HUB_ID: f"H{number}"})
    return api


def names(api: Client, rest: str) -> list[str]:
    return [one["Name"] for one in api.query(f"SELECT Name FROM Account {rest}")]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", "01234"),
        ("WHERE BillingCity = 'BERLIN'", "13"),
        ("WHERE BillingCity != 'Berlin'", "024"),
        ("WHERE BillingCity <> null", "0134"),
        ("WHERE BillingCity = null", "2"),
        ("WHERE BillingCity = 'O\\'Fallon'", "4"),
        ("WHERE BillingCity LIKE '%erl%'", "13"),
        ("WHERE BillingCity LIKE '_re'", "0"),
        ("WHERE BillingCity IN ('åre', 'x', null)", "02"),
        ("WHERE BillingCity NOT IN ('berlin')", "024"),
        ("WHERE NOT BillingCity = 'berlin'", "024"),
        ("WHERE BillingLatitude >= 1 AND BillingLatitude < 2", "23"),
        ("WHERE BillingLatitude = 0.5", "1"),
        ("WHERE Is_Autopay__c = TRUE", "34"),
        ("WHERE Is_Autopay__c = false AND (Name = 'A0' OR Name = 'A4')", "0"),
        (f"WHERE {HUB_ID} IN ('H1', 'h2', 'H4')", "14"),
        (f"WHERE {HUB_ID} = 'H1' AND Name = 'A2'", ""),
        (f"WHERE {HUB_ID} = 'H1' OR Name = 'A2'", "12"),
        ("WHERE CreatedDate > 2020-01-01T00:00:00Z", "01234"),
        ("a WHERE a.Name = 'A3'", "3"),
        ("WHERE Account.Name = 'A3'", "3"),
        ("ORDER BY BillingCity", "20134"),
        ("ORDER BY BillingCity NULLS LAST, Name DESC", "31402"),
        ("ORDER BY Name DESC LIMIT 2", "43"),
        ("ORDER BY Name LIMIT 2 OFFSET 2", "23"),
    ],
)
def test_what_a_query_finds(api: Client, where: str, found: str) -> None:
    expected = [f"A{number}" for number in found]
    result = names(api, where)
    if "ORDER BY BillingCity" in where:  # Å sorts after o
        assert sorted(result) == sorted(expected)
        assert result.index("A2") == (4 if "NULLS LAST" in where else 0)
    else:
        assert result == expected


def test_parents_fields_come_nested_and_can_be_asked_for(api: Client) -> None:
    api.upsert("Contact", "c9", LastName="L9")
    found = api.query("SELECT LastName, Account.Name, Account.Owner.Email FROM Contact WHERE Account.Name != 'A2'")
    assert [one["LastName"] for one in found] == ["L0", "L4", "L9"]
    assert found[0]["Account"]["Name"] == "A0"
    assert found[0]["Account"]["attributes"]["type"] == "Account"
    assert "@" in found[0]["Account"]["Owner"]["Email"]
    assert found[2]["Account"] is None


def test_a_count_has_no_records(api: Client) -> None:
    answer = read(api.ask("GET", "query", q="select count() from Account where Is_Autopay__c = true"))
    assert answer == {"totalSize": 2, "done": True, "records": []}


def test_pages_are_of_the_moment_of_the_query(server: Salesforce, api: Client) -> None:
    server.behaviour = Behaviour(query_page=2)
    page = read(api.ask("GET", "query", q="SELECT Name FROM Account ORDER BY Name"))
    assert (page["totalSize"], page["done"], len(page["records"])) == (5, False, 2)
    api.upsert("Account", "new", Name="A00")
    found = [one["Name"] for one in page["records"]]
    while not page["done"]:
        path = page["nextRecordsUrl"].removeprefix("/services/data/v62.0/")
        page = read(api.ask("GET", path))
        found += [one["Name"] for one in page["records"]]
    assert found == ["A0", "A1", "A2", "A3", "A4"]
    assert refusal(api.ask("GET", "query/01gxx-2")) == (400, "INVALID_QUERY_LOCATOR")


def test_the_last_page_says_so_though_it_is_full(server: Salesforce, api: Client) -> None:
    server.behaviour = Behaviour(query_page=5)
    page = read(api.ask("GET", "query", q="SELECT Id FROM Account"))
    assert (len(page["records"]), page["done"]) == (5, True)
    assert "nextRecordsUrl" not in page


def test_a_client_may_choose_the_size_of_a_page(server: Salesforce, api: Client) -> None:
    for number in range(300):
        api.create("Product2", Name=str(number))
    asked = {"sforce-query-options": "batchSize=250"}
    assert len(read(api.ask("GET", "query", q="SELECT Id FROM Product2", headers=asked))["records"]) == 250


def test_deleted_records_are_found_by_those_who_ask_for_them(api: Client) -> None:
    api.ask("DELETE", f"sobjects/Account/{HUB_ID}/H1")
    soql = "SELECT Name, IsDeleted FROM Account WHERE IsDeleted = true"
    assert api.query(soql) == []
    assert read(api.ask("GET", "queryAll", q=soql))["records"][0]["Name"] == "A1"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name IS NULL", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY"),
        ("SELECT Foo__c FROM Account", "INVALID_FIELD"),
        ("SELECT Owner__r.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Foo__c = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Is_Autopay__c = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
    ],
)
def test_what_is_no_query_is_refused(api: Client, soql: str, code: str) -> None:
    assert refusal(api.ask("GET", "query", q=soql)) == (400, code)


def test_a_query_that_makes_the_address_too_long_is_refused(api: Client) -> None:
    ids = ",".join(f"'{number:020}'" for number in range(1000))
    answer = api.ask("GET", "query", q=f"SELECT Id FROM Account WHERE {HUB_ID} IN ({ids})")
    assert answer.status == 414


def test_describe_says_what_the_writes_hold_to(api: Client) -> None:
    fields = {one["name"]: one for one in read(api.ask("GET", "sobjects/Account/describe"))["fields"]}
    assert (fields[HUB_ID]["externalId"], fields[HUB_ID]["unique"], fields[HUB_ID]["caseSensitive"]) == (True,) * 3
    assert (fields["External_Id__c"]["externalId"], fields["External_Id__c"]["unique"]) == (True, False)
    assert (fields["Name"]["length"], fields["Name"]["nillable"], fields["Name"]["createable"]) == (255, False, True)
    assert (fields["CreatedDate"]["createable"], fields["CreatedDate"]["updateable"]) == (False, False)
    assert fields["ParentId"]["referenceTo"] == ["Account"]
    listed = [one["name"] for one in read(api.ask("GET", "sobjects"))["sobjects"]]
    assert {"Account", "Contact", "Product2", "Invoice__c", "Invoice_Line__c", "Subscription__c", "Payment__c"} <= set(
        listed
    )
    assert read(api.ask("GET", "limits/recordCount", sObjects="Account"))["sObjects"] == [
        {"count": 5, "name": "Account"}
    ]
