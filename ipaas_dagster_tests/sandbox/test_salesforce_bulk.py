from __future__ import annotations

import csv
import io

import pytest

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.salesforce import Behaviour, Salesforce
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, Client, csv_of, read, refusal

ROWS = [{HUB_ID: str(number), "Name": f'N "{number}",\nü'} for number in range(5)]


@pytest.fixture
def server() -> Salesforce:
    return Salesforce()


@pytest.fixture
def api(server: Salesforce) -> Client:
    return Client(server)


def test_a_job_goes_its_way_from_open_to_complete(server: Salesforce, api: Client) -> None:
    made = read(api.ask("POST", "jobs/ingest", {"object": "Account", "operation": "insert"}))
    job = made["id"]
    assert made["contentUrl"] == f"services/data/v62.0/jobs/ingest/{job}/batches"
    assert (made["apiVersion"], made["state"], made["lineEnding"]) == (62.0, "Open", "LF")
    uploaded = api.upload(job, csv_of([{"Name": "A"}]))
    assert (uploaded.status, uploaded.body) == (201, b"")
    assert server.truth("Account") == [], "nothing is done before the upload is said to be complete"
    assert read(api.close(job))["state"] == "UploadComplete"
    assert api.poll(job, 1)["state"] == "InProgress"
    done = api.poll(job, 1)
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 1, 0)
    assert len(server.truth("Account")) == 1
    assert api.ask("DELETE", f"jobs/ingest/{job}").status == 204
    assert api.ask("GET", f"jobs/ingest/{job}").status == 404


def test_results_say_what_became_of_each_row_in_an_order_of_their_own(server: Salesforce, api: Client) -> None:
    api.upsert("Account", "2", Name="old")
    job = api.bulk("Account", [*ROWS, {HUB_ID: "bad", "Name": ""}, {HUB_ID: "", "Name": "no key"}])
    done = api.results(job, "successfulResults")
    assert {row[HUB_ID]: row["sf__Created"] for row in done} == {
        "0": "true", "1": "true", "2": "false", "3": "true", "4": "true",
    }  # fmt: skip
    truth = {one[HUB_ID]: one for one in server.truth("Account")}
    assert all(truth[row[HUB_ID]]["Id"] == row["sf__Id"] for row in done)
    assert truth["3"]["Name"] == 'N "3",\nü'
    assert [row[HUB_ID] for row in done] != [row[HUB_ID] for row in ROWS]
    failed = {row[HUB_ID]: row["sf__Error"] for row in api.results(job, "failedResults")}
    assert failed["bad"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert failed[""].startswith("MISSING_ARGUMENT:")
    assert api.results(job, "unprocessedRecords") == api.results(job, "unprocessedrecords") == []
    assert api.poll(job)["numberRecordsFailed"] == 2


def test_update_and_delete_go_by_id(server: Salesforce, api: Client) -> None:
    first, second = (api.create("Account", Name=name, BillingCity="Berlin") for name in "AB")
    job = api.bulk("Account", [{"Id": first, "Name": "C"}, {"Id": "001Sb0000000099IAA", "Name": "D"}], "update")
    assert [row["Id"] for row in api.results(job, "successfulResults")] == [first]
    assert api.results(job, "failedResults")[0]["sf__Error"].startswith(("INVALID_CROSS_REF", "MALFORMED_ID"))
    assert (server.truth("Account")[0]["Name"], server.truth("Account")[0]["BillingCity"]) == ("C", "Berlin")
    job = api.bulk("Account", [{"Id": second}, {"Id": second}], "delete")
    assert api.results(job, "failedResults")[0]["sf__Error"].startswith("ENTITY_IS_DELETED")
    assert [one["Id"] for one in server.truth("Account")] == [first]


def test_parents_are_columns_of_their_relationship(server: Salesforce, api: Client) -> None:
    parent = read(api.upsert("Account", "a", Name="A"))["id"]
    rows = [{HUB_ID: "c1", "LastName": "L", "Account.Ipaas_Hub_Id__c": "a"}, {HUB_ID: "c2", "LastName": "L"}]
    api.bulk("Contact", rows)
    assert [one["AccountId"] for one in server.truth("Contact")] == [parent, None]
    api.bulk("Contact", [{HUB_ID: "c1", "Account.Ipaas_Hub_Id__c": "#N/A"}])
    assert server.truth("Contact")[0]["AccountId"] is None
    api.bulk("Invoice__c", [{HUB_ID: "i", "Account__r.Ipaas_Hub_Id__c": "a"}])
    assert server.truth("Invoice__c")[0]["Account__c"] == parent


@pytest.mark.parametrize("delimiter", ["COMMA", "TAB", "PIPE", "SEMICOLON", "CARET", "BACKQUOTE"])
@pytest.mark.parametrize("ending", ["LF", "CRLF"])
def test_the_separators_are_those_that_the_job_says(
    server: Salesforce, api: Client, delimiter: str, ending: str
) -> None:
    sign = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^", "BACKQUOTE": "`"}[delimiter]
    job = api.job("Account", columnDelimiter=delimiter, lineEnding=ending)
    api.upload(job, csv_of([{HUB_ID: "1", "Name": f"a{sign}b"}], sign, {"LF": "\n", "CRLF": "\r\n"}[ending]))
    api.close(job)
    assert api.poll(job)["state"] == "JobComplete"
    assert server.truth("Account")[0]["Name"] == f"a{sign}b"
    results = api.ask("GET", f"jobs/ingest/{job}/successfulResults").body.decode()
    (row,) = list(csv.DictReader(io.StringIO(results, newline=""), delimiter=sign))
    assert row["Name"] == f"a{sign}b"
    assert results.endswith({"LF": '"\n', "CRLF": '"\r\n'}[ending])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (csv_of(ROWS, ending="\r\n"), "LineEnding is invalid on user data. Current LineEnding setting is LF"),
        (csv_of([{HUB_ID: "1", "Foo__c": "x"}]), "InvalidBatch : Field name not found : Foo__c"),
        (csv_of([{HUB_ID: "1", "Nothing__r.Ipaas_Hub_Id__c": "x"}]), "Field name not found : Nothing__r"),
        (csv_of([{"Name": "x"}]), f"Field name not found : {HUB_ID}"),
        (b"Name,Ipaas_Hub_Id__c\nx,1,2\n", "row 1 has 3 columns"),
        (b"Name,Ipaas_Hub_Id__c\n\xff,1\n", "UTF-8"),
    ],
)
def test_a_bad_upload_fails_the_job_and_nothing_is_done(
    server: Salesforce, api: Client, body: bytes, message: str
) -> None:
    job = api.job("Account")
    api.upload(job, body)
    api.close(job)
    failed = api.poll(job)
    assert failed["state"] == "Failed"
    assert message in failed["errorMessage"]
    assert server.truth("Account") == []


def test_rows_that_share_an_external_id_are_refused_within_two_hundred(server: Salesforce, api: Client) -> None:
    rows = [{HUB_ID: str(number % 250), "Name": f"N{number}"} for number in range(251)]
    job = api.bulk("Account", [*rows, {HUB_ID: "0", "Name": "twice"}])
    assert len(api.results(job, "failedResults")) == 2
    assert {one[HUB_ID]: one["Name"] for one in server.truth("Account")}["0"] == "N0"
    job = api.bulk("Account", [{HUB_ID: str(number % 200), "Name": f"M{number}"} for number in range(201)])
    assert api.results(job, "failedResults") == []
    assert {one[HUB_ID]: one["Name"] for one in server.truth("Account")}["0"] == "M200"


def test_a_job_takes_its_time_by_polls_by_clock_and_by_rows(server: Salesforce) -> None:
    clock = SandboxClock()
    server = Salesforce(clock=clock, behaviour=Behaviour(bulk_polls=2, bulk_seconds=30, bulk_rows=200))
    api = Client(server)
    job = api.job("Account")
    api.upload(job, csv_of([{HUB_ID: str(number), "Name": "N"} for number in range(500)]))
    api.close(job)
    assert [api.poll(job, 1)["numberRecordsProcessed"] for _ in range(4)] == [0, 0, 0, 0]
    clock.advance(31)
    seen = [api.poll(job, 1) for _ in range(3)]
    assert [one["numberRecordsProcessed"] for one in seen] == [200, 400, 500]
    assert [one["state"] for one in seen] == ["InProgress", "InProgress", "JobComplete"]


def test_an_aborted_job_keeps_what_it_did_and_leaves_the_rest(server: Salesforce, api: Client) -> None:
    server.behaviour = Behaviour(bulk_rows=200)
    job = api.job("Account")
    api.upload(job, csv_of([{HUB_ID: str(number), "Name": "N"} for number in range(300)]))
    api.close(job)
    assert api.poll(job)["state"] == "InProgress"
    assert read(api.close(job, "Aborted"))["state"] == "Aborted"
    assert api.poll(job)["state"] == "Aborted"
    assert len(server.truth("Account")) == len(api.results(job, "successfulResults")) == 200
    assert len(api.results(job, "unprocessedrecords")) == 100


def test_a_job_may_fail_on_its_way(server: Salesforce, api: Client) -> None:
    server.command("behaviour", {"bulk_fails_after": 3})
    job = api.bulk("Account", ROWS)
    assert api.poll(job)["state"] == "Failed"
    counts = [len(api.results(job, which)) for which in ("successfulResults", "failedResults", "unprocessedrecords")]
    assert counts == [3, 0, 2]


def test_waiting_jobs_can_be_finished_at_once(server: Salesforce, api: Client) -> None:
    server.behaviour = Behaviour(bulk_seconds=1e9)
    job = api.job("Account")
    api.upload(job, csv_of(ROWS))
    api.close(job)
    assert server.command("finish_jobs", {}) == {"finished": 1}
    assert api.poll(job, 1)["state"] == "JobComplete"


def test_what_a_job_is_not_ready_for_is_refused(api: Client) -> None:
    job = api.job("Account")
    assert refusal(api.ask("GET", f"jobs/ingest/{job}/successfulResults")) == (400, "INVALIDJOBSTATE")
    api.upload(job, csv_of(ROWS))
    assert refusal(api.upload(job, csv_of(ROWS))) == (400, "INVALIDJOB")
    api.close(job)
    assert refusal(api.upload(job, csv_of(ROWS))) == (400, "INVALIDJOBSTATE")
    assert refusal(api.close(job)) == (400, "INVALIDJOBSTATE")
    assert refusal(api.ask("DELETE", f"jobs/ingest/{job}")) == (400, "INVALIDJOBSTATE")
    api.poll(job)
    assert refusal(api.close(job, "Aborted")) == (400, "INVALIDJOBSTATE")


@pytest.mark.parametrize(
    "wrong",
    [
        {"object": "Nothing__c"},
        {"operation": "merge"},
        {"externalIdFieldName": None},
        {"externalIdFieldName": "Name"},
        {"columnDelimiter": ","},
        {"lineEnding": "CR"},
        {"contentType": "JSON"},
    ],
)
def test_a_job_that_makes_no_sense_is_not_created(api: Client, wrong: dict[str, str]) -> None:
    whole = {"object": "Account", "operation": "upsert", "externalIdFieldName": HUB_ID, **wrong}
    assert api.ask("POST", "jobs/ingest", whole).status == 400
    assert read(api.ask("GET", "jobs/ingest"))["records"] == []


def test_a_job_without_an_upload_completes_with_nothing_done(api: Client) -> None:
    job = api.job("Account")
    api.close(job)
    assert (api.poll(job)["state"], api.poll(job)["numberRecordsProcessed"]) == ("JobComplete", 0)


def test_a_query_may_be_a_job_too(server: Salesforce, api: Client) -> None:
    api.bulk("Account", ROWS)
    soql = "SELECT Name, Is_Autopay__c, BillingCity FROM Account"
    job = read(api.ask("POST", "jobs/query", {"operation": "query", "query": soql}))["id"]
    assert refusal(api.ask("GET", f"jobs/query/{job}/results")) == (400, "INVALIDJOBSTATE")
    assert [read(api.ask("GET", f"jobs/query/{job}"))["state"] for _ in range(2)] == ["InProgress", "JobComplete"]
    first = api.ask("GET", f"jobs/query/{job}/results", maxRecords="3")
    assert (first.headers["sforce-numberofrecords"], first.headers["sforce-locator"]) == ("3", "3")
    last = api.ask("GET", f"jobs/query/{job}/results", locator="3")
    assert last.headers["sforce-locator"] == "null"
    rows = list(csv.reader(io.StringIO(first.body.decode(), newline="")))
    assert rows[:2] == [["Name", "Is_Autopay__c", "BillingCity"], ['N "0",\nü', "false", ""]]
