"""Through the whole product: what is in the org afterwards is what is in the hub, each record once."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.sandbox import every_kind, running_sandbox
from ipaas_dagster_tests.destinations.salesforce.killed import RECORDS, Beside, fill, kill, started
from ipaas_dagster_tests.destinations.salesforce.stage import FEW, Fault, Stage, staged
from ipaas_dagster_tests.flow.world import World

OBJECTS = {
    "customers": "Account",
    "contacts": "Contact",
    "items": "Product2",
    "invoices": "Invoice__c",
    "invoice_lines": "Invoice_Line__c",
    "subscriptions": "Subscription__c",
    "payments": "Payment__c",
}
PARENTS = {
    "contacts": {"AccountId": ("Account", "customer_id")},
    "invoices": {"Account__c": ("Account", "customer_id")},
    "invoice_lines": {"Invoice__c": ("Invoice__c", "invoice_id")},
    "subscriptions": {"Account__c": ("Account", "customer_id"), "Product__c": ("Product2", "item_id")},
    "payments": {
        "Account__c": ("Account", "customer_id"),
        "Contact__c": ("Contact", "contact_id"),
        "Invoice__c": ("Invoice__c", "invoice_id"),
    },
}


def assert_equal(org: Any, hub: dict[str, dict[str, Any]]) -> None:
    """Every hub record once, under its parents."""
    there = {name: {r["Ipaas_Hub_Id__c"]: r for r in org.truth(object_)} for name, object_ in OBJECTS.items()}
    own_ids = {object_: {r["Id"]: r["Ipaas_Hub_Id__c"] for r in org.truth(object_)} for object_ in OBJECTS.values()}
    for name, object_ in OBJECTS.items():
        assert there[name].keys() == hub[name].keys(), name
        assert len(org.truth(object_)) == len(hub[name]), name
        for field, (parent, column) in PARENTS.get(name, {}).items():
            found = {hub_id: own_ids[parent].get(r[field]) for hub_id, r in there[name].items()}
            assert found == {hub_id: _alive(hub, record[column]) for hub_id, record in hub[name].items()}, (name, field)
    for hub_id, invoice in hub["invoices"].items():
        units = 1 if invoice["currency"] == "JPY" else 100
        assert round(there["invoices"][hub_id]["Total__c"] * units) == invoice["total_minor"], hub_id


def _alive(hub: dict[str, dict[str, Any]], hub_id: str | None) -> str | None:
    """Salesforce empties a lookup when the record that it refers to is deleted."""
    return hub_id if any(hub_id in records for records in hub.values()) else None


def test_everything_arrives_with_its_references_and_a_second_run_sends_nothing(tmp_path: Path) -> None:
    with running_sandbox(accounts=60, seed=7) as sandbox:
        org = sandbox.salesforce
        extra = {name: value for name, value in sandbox.environment.items() if name.startswith("SALESFORCE")}
        world = World(sandbox, tmp_path / "state", tuple(extra.items()))
        assert world.sync().findings == []
        assert_equal(org, world.hub())
        before = org.journal.total
        assert world.sync().findings == []
        assert org.journal.total == before
        for name in ("accounts", "invoices", "transactions"):
            sandbox.instagaze.mutate(name, insert=3, change=4, seed=1)
        assert world.sync().findings == []
        assert_equal(org, world.hub())
        world.check_books()


def test_three_bad_of_two_hundred_are_named_and_the_rest_arrives(stage: Stage) -> None:
    for n in range(200):
        stage.customer(n, owner_email="no address" if n in (50, 100, 150) else "a@example.com")
    result = stage.deliver()
    assert (result.routes["customers"].delivered, result.routes["customers"].new_dead) == (197, 3)
    dead = {e.hub_id: e.reason for e in stage.world.entries(state="dead")}
    assert dead.keys() == {f"instagaze:accounts:{n}" for n in (50, 100, 150)}
    assert all(reason.startswith("Owner_Email__c: INVALID_EMAIL_ADDRESS") for reason in dead.values()), dead
    assert stage.there().keys() == {f"instagaze:accounts:{n}" for n in range(200)} - dead.keys()
    assert len([url for url in stage.urls("PATCH") if "composite" in url]) == 1
    stage.world.assert_balanced()


def test_many_changes_go_by_jobs_and_few_by_calls(tmp_path: Path) -> None:
    with staged(tmp_path, {"SALESFORCE_BULK_ABOVE": "200"}) as stage:
        for n in range(201):
            stage.customer(n)
        assert stage.deliver().stopped is None
        for n in range(0, 200):
            stage.customer(n, name="changed")
        assert stage.deliver().stopped is None
        writes = [url.split("?")[0].rsplit("/", 2)[1] for url in stage.urls("P") if "oauth2" not in url]
        assert writes == ["jobs", "750Sb0000000001IAA", "ingest", "Account"]
        assert [r["Name"] for r in stage.there().values()].count("changed") == 200
        for n in range(201):
            stage.hub.drop("customers", f"instagaze:accounts:{n}")
        assert stage.deliver().stopped is None
        assert stage.there() == {}
        stage.world.assert_balanced()


def test_what_somebody_deleted_there_comes_back_with_what_refers_to_it(stage: Stage) -> None:
    assert stage.org is not None
    fill(stage)
    stage.deliver()
    own_id = stage.there()["instagaze:accounts:3"]["Id"]
    stage.org.command("delete", {"object": "Account", "id": own_id})
    assert len(stage.there("Contact")) == RECORDS - 1, "Salesforce takes the contacts of an account along"
    stage.customer(3, name="changed")
    assert stage.deliver().stopped is None
    assert stage.there()["instagaze:accounts:3"]["Id"] != own_id
    assert_stage_is_whole(stage)


@pytest.mark.parametrize("environment", [{}, FEW], ids=["calls", "jobs"])
def test_a_fifth_of_all_answers_lost(tmp_path: Path, environment: dict[str, str]) -> None:
    with staged(tmp_path, environment) as stage:
        assert stage.org is not None
        fill(stage)
        stage.org.faults.set([Fault("lost_answer", 0.2), *every_kind(0.02)], seed=3)
        for n in range(12):
            stage.deliver()
            stage.customer(n % RECORDS, name=f"changed {n}")
        stage.org.faults.clear()
        assert stage.deliver().stopped is None
        assert_stage_is_whole(stage)


def assert_stage_is_whole(stage: Stage) -> None:
    accounts, contacts = stage.there(), stage.there("Contact")
    assert {i: r["Name"] for i, r in accounts.items()} == {
        i: r["name"] for i, r in stage.hub.alive("customers").items()
    }
    own_ids = {r["Id"]: i for i, r in accounts.items()}
    assert {i: own_ids[r["AccountId"]] for i, r in contacts.items()} == {
        i: r["customer_id"] for i, r in stage.hub.alive("contacts").items()
    }
    assert {e.state for e in stage.world.entries()} <= {"delivered", "superseded"}
    stage.world.assert_balanced()


CALL, JOB, READ = {}, FEW, ("GET", "before")
STEPS = {
    "call": (CALL, "PATCH", "/composite/sobjects/Account/Ipaas_Hub_Id__c"),
    "children": (CALL, "PATCH", "/composite/sobjects/Contact/Ipaas_Hub_Id__c"),
    "job made": (JOB, "POST", "/jobs/ingest"),
    "job uploaded": (JOB, "PUT", "/batches"),
    "job closed": (JOB, "PATCH", "AA"),
    "job polled": (JOB, "GET", "AA"),
    "results": (JOB, "GET", "/successfulResults"),
    "last results": (JOB, "GET", "/unprocessedrecords"),
}


MOMENTS = [
    (step, when) for step, (_, method, _) in STEPS.items() for when in ("before", "after") if (method, when) != READ
]
"""A question has no intent: what is before it is after another call."""


@pytest.mark.parametrize(("step", "when"), MOMENTS)
def test_killed_beside_every_call(tmp_path: Path, step: str, when: str) -> None:
    environment, method, ending = STEPS[step]
    with staged(tmp_path, environment) as stage:
        fill(stage)
        process = started(stage, tmp_path, beside=Beside(method, ending, when))
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert stage.deliver().stopped is None
        assert_stage_is_whole(stage)
        jobs = [url for url in stage.urls("POST") if url.endswith("/jobs/ingest")]
        if environment is JOB:
            again = (step, when) in {("job made", "after"), ("job uploaded", "before"), ("job uploaded", "after")}
            again |= (step, when) == ("job closed", "before")
            assert len(jobs) == (3 if again else 2), "one for customers, one for contacts; a started one goes on"


@pytest.mark.parametrize("environment", [{}, FEW], ids=["calls", "jobs"])
def test_killed_at_every_commit(tmp_path: Path, environment: dict[str, str]) -> None:
    """Each process dies at its next commit but a few; the last one finds everything there once."""
    with staged(tmp_path, environment) as stage:
        fill(stage)
        ended = []
        for commit in range(2, 60):
            process = started(stage, tmp_path, commit, "before" if commit % 4 else "after")
            process.join()
            ended.append(process.exitcode)
            if process.exitcode == 0:
                break
        assert ended[0] == -signal.SIGKILL
        assert ended[-1] == 0, "the last process came to the end"
        stage.world.project.__dict__.pop("operations", None)
        assert stage.deliver().stopped is None
        assert_stage_is_whole(stage)


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({}, Fault("slow", path="composite/sobjects/Account", seconds=0.5, times=1)),
        (FEW, Fault("slow", path="/jobs/ingest", method="POST", seconds=0.5, times=1)),
        (FEW, Fault("slow", path="/batches", seconds=0.5, times=1)),
        (FEW, Fault("slow", path="/jobs/ingest", method="PATCH", seconds=0.5, times=1)),
        (FEW, Fault("slow", path="successfulResults", seconds=0.5, times=1)),
    ],
    ids=["call", "job made", "job uploaded", "job closed", "results"],
)
def test_killed_while_the_org_works_on_a_call(tmp_path: Path, environment: dict[str, str], fault: Fault) -> None:
    """The org carries it out after the process is gone, perhaps while the next one repeats it."""
    with staged(tmp_path, environment) as stage:
        assert stage.org is not None
        fill(stage)
        stage.org.faults.set([fault])
        process = started(stage, tmp_path)
        until(stage.org.faults.struck)
        kill(process)
        assert stage.deliver().stopped is None
        until(lambda: any(one["fault"] == "slow" for one in stage.requests()))
        assert_stage_is_whole(stage)


def until(true: Any) -> None:
    """Wait for what must happen; fails after a time that no test needs."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)
