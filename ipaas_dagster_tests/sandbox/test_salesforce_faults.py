"""What goes wrong between a client and Salesforce, and what was written nevertheless."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ipaas_dagster.sandbox import Fault, Sandbox, running_sandbox
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, csv_of

BASE = "/services/data/v62.0"
ROWS = csv_of([{HUB_ID: str(number), "Name": "N"} for number in range(3)])


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(samples=None) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.salesforce.session_id()}"}
    with httpx.Client(base_url=sandbox.environment["SALESFORCE_URL"], headers=headers, trust_env=False) as client:
        yield client


def new_job(api: httpx.Client) -> str:
    words = {"object": "Account", "operation": "upsert", "externalIdFieldName": HUB_ID}
    path: str = f"{BASE}/jobs/ingest/{api.post(f'{BASE}/jobs/ingest', json=words).json()['id']}"
    return path


def test_an_upsert_whose_answer_is_lost_was_done_and_can_be_repeated(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.salesforce.faults.set([Fault("lost_answer", times=1)])
    path = f"{BASE}/sobjects/Account/{HUB_ID}/1"
    with pytest.raises(httpx.TransportError):
        api.patch(path, json={"Name": "A"})
    assert len(sandbox.salesforce.truth("Account")) == 1
    assert api.patch(path, json={"Name": "A"}).json()["created"] is False
    assert [entry.fault for entry in sandbox.salesforce.journal.entries()] == ["lost_answer", None]
    assert sandbox.instagaze.journal.entries() == []


def test_a_late_error_has_salesforces_form(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.salesforce.faults.set([Fault("late_error", times=1)])
    answer = api.post(f"{BASE}/sobjects/Account", json={"Name": "A"})
    assert (answer.status_code, set(answer.json()[0])) == (500, {"message", "errorCode"})
    assert len(sandbox.salesforce.truth("Account")) == 1


@pytest.mark.parametrize(("status", "code"), [(401, "INVALID_SESSION_ID"), (503, "SERVER_UNAVAILABLE")])
def test_refusals_on_purpose_have_salesforces_form(sandbox: Sandbox, api: httpx.Client, status: int, code: str) -> None:
    sandbox.salesforce.faults.set([Fault("status", status=status, retry_after="3", times=1)])
    answer = api.get(f"{BASE}/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
    assert answer.headers["retry-after"] == "3"


def test_a_job_whose_creation_was_not_heard_of_is_listed(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.salesforce.faults.set([Fault("lost_answer", path="/jobs/ingest", times=1)])
    with pytest.raises(httpx.TransportError):
        new_job(api)
    (job,) = api.get(f"{BASE}/jobs/ingest").json()["records"]
    assert (job["state"], job["object"]) == ("Open", "Account")


def test_an_upload_that_was_not_heard_of_is_there_and_takes_no_other(sandbox: Sandbox, api: httpx.Client) -> None:
    job = new_job(api)
    sandbox.salesforce.faults.set([Fault("lost_answer", path="/batches", times=1)])
    with pytest.raises(httpx.TransportError):
        api.put(f"{job}/batches", content=ROWS, headers={"Content-Type": "text/csv"})
    again = api.put(f"{job}/batches", content=ROWS, headers={"Content-Type": "text/csv"})
    assert again.status_code == 400
    assert api.patch(job, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert sandbox.salesforce.truth("Account") == []


def test_a_closing_that_was_not_heard_of_shows_in_the_job(sandbox: Sandbox, api: httpx.Client) -> None:
    job = new_job(api)
    api.put(f"{job}/batches", content=ROWS, headers={"Content-Type": "text/csv"})
    sandbox.salesforce.faults.set([Fault("lost_answer", body="UploadComplete", times=1)])
    with pytest.raises(httpx.TransportError):
        api.patch(job, json={"state": "UploadComplete"})
    assert [api.get(job).json()["state"] for _ in range(2)] == ["InProgress", "JobComplete"]
    assert len(sandbox.salesforce.truth("Account")) == 3


def test_commands_and_truth_are_there_over_http(sandbox: Sandbox, api: httpx.Client) -> None:
    control = f"{sandbox.origin}/_sandbox/salesforce"
    seeded = api.post(f"{control}/seed", json={"object": "Account", "records": [{"Name": "ق"}]}).json()["ids"]
    assert api.get(f"{control}/truth/Account").json()["results"][0]["Name"] == "ق"
    api.post(f"{control}/change", json={"object": "Account", "id": seeded[0], "fields": {"Name": "B"}})
    assert sandbox.salesforce.truth("Account")[0]["Name"] == "B"
    api.post(f"{control}/delete", json={"object": "Account", "id": seeded[0]})
    assert sandbox.salesforce.truth("Account") == []
    for word, given in (("seed", {"object": "Account", "records": [{}]}), ("behaviour", {"x": 1}), ("nothing", {})):
        assert api.post(f"{control}/{word}", json=given).status_code == 400
    api.post(f"{control}/expire_tokens", json={})
    assert api.get(f"{BASE}/limits").status_code == 401
