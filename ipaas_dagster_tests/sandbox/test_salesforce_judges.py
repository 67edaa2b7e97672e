"""simple-salesforce, unchanged and over https: it was written against the real thing, not against ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
import requests
from simple_salesforce.api import Salesforce as Judge
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.salesforce import Behaviour
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, codes, collection


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(https=True, samples=None) as running:
        yield running


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.verify = str(sandbox.ca_file)
        session.trust_env = False  # the environment's certificates would win over the sandbox's
        yield session


@pytest.fixture
def judge(sandbox: Sandbox, session: requests.Session) -> Judge:
    words = sandbox.environment
    given = {
        "grant_type": "client_credentials",
        "client_id": words["SALESFORCE_CLIENT_ID"],
        "client_secret": words["SALESFORCE_CLIENT_SECRET"],
    }
    answer = session.post(f"{sandbox.https_origin}/services/oauth2/token", data=given).json()
    assert answer["instance_url"] == sandbox.https_origin
    return Judge(instance_url=answer["instance_url"], session_id=answer["access_token"], session=session)


def test_it_reads_the_descriptions(judge: Judge) -> None:
    listed = judge.describe()
    assert listed is not None
    assert "Invoice_Line__c" in {one["name"] for one in listed["sobjects"]}
    fields = {one["name"]: one for one in judge.Account.describe()["fields"]}
    assert fields[HUB_ID]["externalId"] is True
    assert judge.limits()["DailyApiRequests"]["Max"] > 0
    assert judge.api_usage["api-usage"].used > 0


def test_it_makes_changes_finds_and_deletes_records(sandbox: Sandbox, judge: Judge) -> None:
    made = judge.Account.create({"Name": "Ünï ق", HUB_ID: "instagaze:accounts:1"})["id"]
    assert judge.Account.update(made, {"BillingCity": "Åre"}) == 204
    assert judge.Account.get(made)["BillingCity"] == "Åre"
    assert judge.Account.get_by_custom_id(HUB_ID, "instagaze:accounts:1")["Id"] == made
    assert judge.Account.upsert(f"{HUB_ID}/instagaze:accounts:1", {"Name": "B"}) == 200
    assert judge.Account.upsert(f"{HUB_ID}/instagaze:accounts:2", {"Name": "C"}) == 201
    assert judge.Account.delete(made) == 204
    assert [one["Name"] for one in sandbox.salesforce.truth("Account")] == ["C"]
    with pytest.raises(SalesforceResourceNotFound):
        judge.Account.get(made)


def test_it_pages_through_a_query(sandbox: Sandbox, judge: Judge) -> None:
    sandbox.salesforce.behaviour = Behaviour(query_page=7)
    sandbox.salesforce.command("seed", {"object": "Account", "records": [{"Name": f"A{n:02}"} for n in range(20)]})
    page = judge.query("SELECT Id, Name FROM Account ORDER BY Name")
    assert (page["totalSize"], page["done"], len(page["records"])) == (20, False, 7)
    further = judge.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert further["records"][0]["Name"] == "A07"
    assert len(judge.query_all("SELECT Name FROM Account")["records"]) == 20
    assert [one["Name"] for one in judge.query_all_iter("SELECT Name FROM Account WHERE Name < 'A02'")] == [
        "A00",
        "A01",
    ]


def test_it_raises_its_own_error_for_each_refusal(sandbox: Sandbox, judge: Judge) -> None:
    sandbox.salesforce.command(
        "seed",
        {"object": "Account", "records": [{"Name": "A", "External_Id__c": "x"}, {"Name": "B", "External_Id__c": "x"}]},
    )
    with pytest.raises(SalesforceMoreThanOneRecord):
        judge.Account.get_by_custom_id("External_Id__c", "x")
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        judge.Contact.create({"FirstName": "F"})
    with pytest.raises(SalesforceMalformedRequest, match="MALFORMED_QUERY"):
        judge.query("SELECT")
    sandbox.salesforce.command("usage", {"used": 9, "most": 9})
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        judge.query("SELECT Id FROM Account")
    sandbox.salesforce.command("expire_tokens", {})
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        judge.query("SELECT Id FROM Account")


def test_it_sends_a_collection_through_its_plain_door(sandbox: Sandbox, judge: Judge) -> None:
    records = [{HUB_ID: str(number), "Name": f"A{number}" if number != 1 else None} for number in range(3)]
    path = f"composite/sobjects/Account/{HUB_ID}"
    outcomes = judge.restful(path, method="PATCH", json=collection("Account", records))
    assert outcomes is not None
    assert codes(outcomes) == ["ok", "REQUIRED_FIELD_MISSING", "ok"]
    assert [one["Name"] for one in sandbox.salesforce.truth("Account")] == ["A0", "A2"]


def test_it_takes_a_bulk_job_to_its_results(sandbox: Sandbox, judge: Judge) -> None:
    rows = [{HUB_ID: str(number), "Name": f'"N", {number}\nق' if number else ""} for number in range(4)]
    handler = judge.bulk2.Account
    (done,) = handler.upsert(records=rows, external_id_field=HUB_ID, wait=0)  # type: ignore[arg-type]
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (4, 1)
    failed = csv.DictReader(io.StringIO(handler.get_failed_records(str(done["job_id"])), newline=""))
    assert [row[HUB_ID] for row in failed] == ["0"]
    names = {one["Name"] for one in sandbox.salesforce.truth("Account")}
    assert names == {f'"N", {number}\nق' for number in (1, 2, 3)}
    text = "".join(handler.query("SELECT Name FROM Account WHERE Name LIKE '%1%'", wait=0))  # type: ignore[call-arg]
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [['"N", 1\nق']]
