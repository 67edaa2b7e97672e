"""Bulk jobs: every way in which one can end, and what is resumed after every step that was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ipaas_dagster.destinations.base import Batch, BatchRefused, Outcome, Unreachable
from ipaas_dagster.destinations.requests import Request, hole
from ipaas_dagster.destinations.salesforce import results
from ipaas_dagster.destinations.salesforce.bulk import WAIT_SECONDS
from ipaas_dagster.destinations.salesforce.pieces import Job
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.salesforce.schema import Schema, read_schema
from ipaas_dagster.sandbox.salesforce.state import Salesforce
from ipaas_dagster_tests.destinations.salesforce.stage import Behaviour, Fault, Stage, staged

JOBS = "/jobs/ingest"
FEW = {"batch_size": "2", "bulk_above": "2"}


def deliver(stage: Stage, batch: Batch, **fields: str) -> Sequence[Outcome]:
    """As a process of its own would."""
    with stage.connected(**FEW, **fields) as destination:
        return destination.deliver(batch)


def created(stage: Stage) -> int:
    return sum(url.endswith(JOBS) for url in stage.urls("POST"))


def settled(stage: Stage, batch: Batch, times: int = 3) -> Sequence[Outcome]:
    """Delivered again and again, as the outbox does, until nothing is in doubt."""
    for _ in range(times):
        outcomes = deliver(stage, batch)
        if all(one.kind != "in_doubt" for one in outcomes):
            return outcomes
    raise AssertionError(f"still in doubt: {outcomes[0].reason}")


def test_many_records_are_one_job_matched_by_their_hub_ids(stage: Stage) -> None:
    sent = stage.customers(*range(30))
    outcomes = deliver(stage, sent)
    assert [o.entry_id for o in outcomes] == [e.entry_id for e in sent.entries]
    assert {o.kind for o in outcomes} == {"delivered"}
    there = stage.there()
    assert {o.external_id: e.hub_id for o, e in zip(outcomes, sent.entries, strict=True)} == {
        record["Id"]: hub_id for hub_id, record in there.items()
    }
    assert created(stage) == 1
    assert stage.notes.kept.keys() <= {"limits"}


def test_every_file_of_results_is_read(tmp_path: Path) -> None:
    """Bad rows are named, the rest arrives; rows that the job did not come to are tried again."""
    with staged(tmp_path, behaviour=Behaviour(bulk_polls=0, bulk_fails_after=6)) as stage:
        sent = stage.customers(*range(5))
        bad = stage.customers(5, owner_email="no address").entries
        late = stage.customers(6, 7).entries
        outcomes = deliver(stage, Batch(sent.batch_id, "customers", [*sent.entries, *bad, *late]))
        assert [o.kind for o in outcomes] == ["delivered"] * 5 + ["rejected"] + ["retry"] * 2
        assert (outcomes[5].field, "INVALID_EMAIL_ADDRESS" in outcomes[5].reason) == ("Owner_Email__c", True)
        assert "Failed" in outcomes[7].reason
        assert stage.notes.read(sent.batch_id) is None


def test_a_job_that_did_nothing_refuses_the_batch(tmp_path: Path) -> None:
    """So that halves of it are tried, down to calls that name the record."""
    with staged(tmp_path) as stage:
        sent = stage.customers(1, 2, 3)
        stage.org.faults.set([Fault("status", status=400, path=JOBS, method="POST")])  # type: ignore[union-attr]
        with pytest.raises(BatchRefused):
            deliver(stage, sent)
        stage.org.faults.clear()  # type: ignore[union-attr]
        stage.org.faults.set([Fault("status", status=400, path="/batches")])  # type: ignore[union-attr]
        with pytest.raises(BatchRefused):
            deliver(stage, sent)
        stage.org.faults.clear()  # type: ignore[union-attr]
        stage.org.command("behaviour", {"bulk_polls": 0, "bulk_fails_after": 0})  # type: ignore[union-attr]
        with pytest.raises(BatchRefused, match=r"Failed \(InternalServerError"):
            deliver(stage, sent)
        assert stage.notes.read(sent.batch_id) is None
        assert stage.there() == {}


def test_a_field_that_the_org_lacks_stops_the_system_and_kills_no_record(tmp_path: Path) -> None:
    schema = read_schema()
    account = schema.objects["Account"]
    fields = {name: one for name, one in account.fields.items() if name != "Owner_Name__c"}
    org = Salesforce(schema=Schema({**schema.objects, "Account": replace(account, fields=fields)}))
    with running_sandbox(samples=None, salesforce=org) as sandbox:
        stage = Stage(tmp_path, org, org.environment(sandbox.origin))
        sent = stage.customers(1, 2, 3)
        for fields_of_preset in (FEW, {}):
            with stage.connected(**fields_of_preset) as destination, pytest.raises(Unreachable, match="Owner_Name__c"):
                destination.deliver(sent)
        assert stage.notes.read(sent.batch_id) is None
        assert stage.there() == {}


def test_a_file_without_the_column_that_tells_rows_apart(alone: Stage) -> None:
    job = Job(1, "Ipaas_Hub_Id__c", hole("b", "created_id", "job"), *[Request("POST", "/")] * 3, {})
    files = dict.fromkeys(results.FILES, b"")
    for body, problem in (
        (b'"sf__Id","ipaas_hub_id__c"\n', results.Unmatched),
        (b'"sf__Id","Ipaas_Hub_Id__c"\n"001"\n', results.Unreadable),
        (b'"sf__Id","Ipaas_Hub_Id__c"\n"001","\xff"\n', results.Unreadable),
    ):
        with pytest.raises(problem):
            results.outcomes_of(job, {**files, results.SUCCESSFUL: body}, "", deletes=False)
    assert results.outcomes_of(job, files, "", deletes=False) == {}


STEPS = {
    "made": Fault("lost_answer", times=1, path=JOBS, method="POST"),
    "not made": Fault("reset", times=1, path=JOBS, method="POST"),
    "made, and an error": Fault("late_error", times=1, status=500, path=JOBS, method="POST"),
    "uploaded": Fault("lost_answer", times=1, path="/batches", method="PUT"),
    "not uploaded": Fault("reset", times=1, path="/batches", method="PUT"),
    "uploaded, and an error": Fault("late_error", times=1, status=502, path="/batches", method="PUT"),
    "closed": Fault("lost_answer", times=1, path=JOBS, method="PATCH"),
    "not closed": Fault("reset", times=1, path=JOBS, method="PATCH"),
    "closed, and busy": Fault("late_error", times=1, status=503, path=JOBS, method="PATCH"),
    "polled": Fault("reset", times=4, path=JOBS, method="GET"),
    "successful": Fault("truncated", times=1, path="successfulResults"),
    "failed": Fault("reset", times=1, path="failedResults"),
    "unprocessed": Fault("status", times=1, status=500, path="unprocessedrecords"),
}


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_that_is_lost_at_any_step(stage: Stage, step: str) -> None:
    """In doubt, and settled by asking: one record there for each, whatever the job had done."""
    assert stage.org is not None
    sent = stage.customers(*range(7))
    stage.org.faults.set([STEPS[step]])
    first = deliver(stage, sent)
    assert stage.org.faults.struck(), "the fault must have struck"
    assert {one.kind for one in first} <= {"in_doubt", "delivered"}
    outcomes = settled(stage, sent)
    assert {one.kind for one in outcomes} == {"delivered"}
    assert len(stage.there()) == 7
    assert stage.notes.read(sent.batch_id) is None
    done_before = step in ("closed", "closed, and busy", "polled", "successful", "failed", "unprocessed")
    assert created(stage) == (1 if done_before else 2), "a job that was started is never done again"


def test_a_slow_job_is_waited_for_by_the_next_delivery(tmp_path: Path) -> None:
    with staged(tmp_path, behaviour=Behaviour(bulk_polls=40)) as stage:
        sent = stage.customers(*range(5))
        outcomes = deliver(stage, sent)
        assert {one.kind for one in outcomes} == {"in_doubt"}
        assert "InProgress" in outcomes[0].reason
        assert WAIT_SECONDS <= sum(stage.world.clock.waited) <= WAIT_SECONDS + 10
        assert {one.kind for one in settled(stage, sent)} == {"delivered"}
        assert created(stage) == 1


def test_a_system_that_goes_away_after_the_start_leaves_a_doubt(tmp_path: Path) -> None:
    """It must not be taken for not sent: the job goes on there."""
    with staged(tmp_path, behaviour=Behaviour(bulk_polls=3)) as stage:
        assert stage.org is not None
        sent = stage.customers(*range(5))
        limited = [Fault("status", status=403, path=JOBS, method="GET")]
        stage.org.faults.set(limited)
        assert {one.kind for one in deliver(stage, sent)} == {"in_doubt"}
        assert {one.kind for one in deliver(stage, sent)} == {"in_doubt"}
        stage.org.faults.clear()
        assert {one.kind for one in settled(stage, sent)} == {"delivered"}
        assert created(stage) == 1


def test_before_the_start_it_is_simply_not_sent(stage: Stage) -> None:
    sent = stage.customers(*range(5))
    with pytest.raises(Unreachable):
        deliver(stage, sent, url="http://127.0.0.1:1")
    assert stage.notes.read(sent.batch_id) is None


def test_a_job_that_somebody_removed_is_made_anew(tmp_path: Path) -> None:
    with staged(tmp_path, behaviour=Behaviour(bulk_polls=100)) as stage:
        assert stage.org is not None
        sent = stage.customers(*range(5))
        deliver(stage, sent)
        stage.notes.write(sent.batch_id, {"jobs": {"1": "750Sb0000000999IAA"}})
        stage.org.command("behaviour", {"bulk_polls": 0})
        assert {one.kind for one in settled(stage, sent)} == {"delivered"}
        assert created(stage) == 2


def test_many_deletes_are_a_job_and_what_is_gone_counts(stage: Stage) -> None:
    assert stage.org is not None
    sent = stage.customers(*range(6))
    ids = {e.hub_id: str(o.external_id) for e, o in zip(sent.entries, deliver(stage, sent), strict=True)}
    hub_ids = list(ids)
    stage.org.command("delete", {"object": "Account", "id": ids[hub_ids[0]]})
    entries = [stage.delete("customers", one, None if one == hub_ids[1] else ids[one]) for one in hub_ids[:5]]
    gone = Batch("deletes", "customers", entries)
    stage.org.faults.set([Fault("lost_answer", times=1, path=JOBS, method="PATCH")])
    assert {one.kind for one in deliver(stage, gone)} == {"in_doubt"}
    assert {one.kind for one in deliver(stage, gone)} == {"delivered"}
    assert list(stage.there()) == [hub_ids[5]]
