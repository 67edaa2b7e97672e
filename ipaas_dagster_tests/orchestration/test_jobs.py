"""The jobs by name."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from ipaas_dagster.approvals import OpenHold
from ipaas_dagster.orchestration import UseCases, build_definitions
from ipaas_dagster.orchestration.prune_runs import prune_runs
from ipaas_dagster.orchestration.use_cases import TraceShown
from ipaas_dagster.project import Project
from ipaas_dagster.prune import Forgotten
from ipaas_dagster.records import Scope
from ipaas_dagster.replay.pruning import Pruned
from ipaas_dagster.settings import load
from ipaas_dagster_tests.flow.world import DATA
from ipaas_dagster_tests.orchestration.fakes import SYSTEMS, Played, failure, materializations

POLLED = ["accounts", "products", "invoices", "subscriptions", "transactions"]


def run(played: Played, job: str, instance: dg.DagsterInstance, **more):
    return played.definitions().resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **more)


def test_sync_pulls_and_merges_every_polled_collection_and_delivers_nothing(played, instance):
    assert run(played, "sync", instance, partition_key="2026-02-10").success
    assert sorted(name for name, _ in played.pulls) == sorted(POLLED)
    assert sorted(played.merges) == sorted(POLLED)
    assert played.deliveries == []


def test_sync_over_a_range_is_one_run(played, instance):
    tags = {
        "dagster/asset_partition_range_start": "2026-02-10",
        "dagster/asset_partition_range_end": "2026-03-10",
    }
    assert run(played, "sync", instance, tags=tags).success
    assert len(played.pulls) == 5


def test_sync_with_a_reject_materialises_everything_and_ends_failed(played, instance):
    played.new_rejects["invoices"] = 4
    result = run(played, "sync", instance, partition_key="2026-02-10")
    assert not result.success
    assert len(materializations(result)) == 12
    assert failure(result) == "4 records of invoices were rejected"


def test_snapshots_reads_all_seven(played, instance):
    assert run(played, "snapshots", instance).success
    assert len(played.pulls) == 7


def test_deliver_of_a_system_delivers_to_it_alone(played, instance):
    result = run(played, "deliver_sql", instance)
    assert played.deliveries == ["sql"]
    assert {*materializations(result)} == {"sql/customers", "sql/contacts", "sql/invoices"}


def test_reconcile_scans_everything_and_shows_it_on_the_open_day(played, instance):
    result = run(played, "reconcile", instance)
    assert result.success
    assert sorted(played.pulls, key=str) == sorted(((name, Scope.full()) for name in POLLED), key=str)
    events = instance.fetch_materializations(dg.AssetKey(["instagaze", "accounts"]), limit=9).records
    assert [event.partition_key for event in events] == [played.now.date().isoformat()]
    assert events[0].asset_materialization.metadata["deleted"].value == 2


def test_one_collection_that_fails_to_reconcile_stops_no_other(played, instance):
    played.source_is_down = {"accounts"}
    result = run(played, "reconcile", instance)
    assert not result.success
    assert len(played.merges) == 4
    assert failure(result) == "accounts did not answer"


def test_reconcile_compares_every_system_once_the_source_was_read(played, instance):
    result = run(played, "reconcile", instance)
    assert sorted(played.compared) == ["crm", "sql"]
    steps = [event.step_key for event in result.all_events if event.event_type_value == "STEP_START"]
    assert {step.split("_")[0] for step in steps[: len(POLLED)]} == {"reconcile"}
    (shown,) = [
        event.event_specific_data.metadata
        for event in result.all_events
        if event.event_type_value == "STEP_OUTPUT" and event.step_key == "compare_sql"
    ]
    assert shown["different"].value == 1
    assert "instagaze:accounts:7 is not there any more" in shown["differences"].value


def test_a_system_that_cannot_be_compared_fails_the_run_and_stops_no_other(played, instance):
    played.stopped = "it does not answer"
    result = run(played, "reconcile", instance)
    assert not result.success
    assert sorted(played.compared) == ["crm", "sql"]
    assert failure(result) == "it does not answer | it does not answer"


def test_approve_lists_what_is_held_and_lets_one_go(played, instance):
    held = [OpenHold(f"sql/{n}.changes", n, 15, 20, "changed at once", played.now) for n in ("customers", "items")]
    played.open_holds = held
    listed = run(played, "approve", instance).output_for_node  # the list changes nothing
    assert listed is not None
    assert len(played.open_holds) == 2
    config = {"ops": {"approve_hold": {"config": {"hold": "sql/customers.changes"}}}}
    result = run(played, "approve", instance, run_config=config)
    assert result.success
    assert [hold.hold_id for hold in played.open_holds] == ["sql/items.changes"]


def test_old_runs_go_but_for_those_of_the_latest_materializations(played, instance):
    first, other = (run(played, "sync", instance, partition_key=day) for day in ("2026-02-10", "2026-02-11"))
    again = run(played, "sync", instance, partition_key="2026-02-10")
    traced = run(played, "approve", instance)
    later = datetime.now(UTC) + timedelta(minutes=1)  # by Dagster's own clock
    assert prune_runs(instance, later - timedelta(days=1)) == (0, 0)
    assert prune_runs(instance, later) == (2, 2)
    left = {one.run_id for one in instance.get_runs()}
    assert left == {other.dagster_run.run_id, again.dagster_run.run_id}
    assert {first.dagster_run.run_id, traced.dagster_run.run_id}.isdisjoint(left)
    key = dg.AssetKey(["instagaze", "accounts"])
    assert instance.get_materialized_partitions(key) == {"2026-02-10", "2026-02-11"}


def test_a_failed_run_is_a_cause_until_its_job_ends_well(played, instance):
    played.new_rejects["invoices"] = 4
    failed = run(played, "sync", instance, partition_key="2026-02-10")
    (event,) = [one for one in failed.all_events if one.event_type_value == "PIPELINE_FAILURE"]
    repository = played.definitions().get_repository_def()
    context = dg.build_run_status_sensor_context("run_failures", event, instance, failed.dagster_run).for_run_failure()
    repository.get_sensor_def("run_failures")(context)
    assert [*played.failing] == ["sync"]
    played.new_rejects.clear()
    run(played, "sync", instance, partition_key="2026-02-10")
    with dg.build_sensor_context(instance=instance, repository_def=repository) as looking:
        repository.get_sensor_def("alerts").evaluate_tick(looking)
    assert played.failing == {}


def test_a_hold_fails_the_reconcile(played, instance):
    played.holds = ("hold h1 waits for a person",)
    assert "hold h1 waits" in failure(run(played, "reconcile", instance))


@pytest.mark.parametrize("job", ["sync", "snapshots", "deliver_sql", "reconcile"])
def test_jobs_run_in_one_process(played, job):
    assert played.definitions().resolve_job_def(job).executor_def.name == "in_process"


def test_trace_shows_the_lines_and_the_whole_document(tmp_path, instance):
    played = Played(tmp_path)
    shown = TraceShown("instagaze:accounts:42", True, ("first", "second ~~~~ x"), {"events": []})
    asked = []

    def trace(project, config):
        asked.append(config)
        return shown

    definitions = build_definitions(played.open, UseCases(systems=lambda project: SYSTEMS, trace=trace))
    config = {"ops": {"trace_record": {"config": {"hub_id": "accounts/42", "records": True}}}}
    result = definitions.resolve_job_def("trace").execute_in_process(instance=instance, run_config=config)
    assert result.success
    (event,) = (e for e in result.all_events if e.event_type_value == "STEP_OUTPUT")
    metadata = event.step_output_data.metadata
    assert metadata["record"].value == "instagaze:accounts:42"
    assert "first\nsecond" in metadata["trace"].value
    assert metadata["document"].value == {"events": []}
    assert (asked[0]["hub_id"], asked[0]["records"], asked[0]["read"]) == ("accounts/42", True, False)


def test_a_trace_of_nothing_ends_failed_and_says_what_to_try(tmp_path, instance):
    played = Played(tmp_path)
    nothing = TraceShown("instagaze:accounts:42", False, ("no trace of it; check the id",), {})
    cases = UseCases(systems=lambda project: SYSTEMS, trace=lambda project, config: nothing)
    job = build_definitions(played.open, cases).resolve_job_def("trace")
    config = {"ops": {"trace_record": {"config": {"hub_id": "accounts/42"}}}}
    result = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
    assert failure(result) == "no trace of it; check the id"


def test_the_real_trace_and_prune_run_on_an_installation_without_a_hub(tmp_path, instance):
    settings = load({"IPAAS_STATE": str(tmp_path), "IPAAS_CONFIG": str(DATA)}, tmp_path / "no.env")
    definitions = build_definitions(lambda run_id=None, say=None: Project(settings), UseCases())
    config = {"ops": {"trace_record": {"config": {"hub_id": "accounts/42"}}}}
    trace = definitions.resolve_job_def("trace")
    result = trace.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
    assert "no trace of instagaze:accounts:42" in str(failure(result))
    assert definitions.resolve_job_def("prune").execute_in_process(instance=instance).success


def test_prune_shows_what_it_forgot_and_fails_on_landings_that_it_could_not(tmp_path, instance):
    accounts = Pruned("accounts", landings=3, bytes=900, baseline="b1")
    done = Forgotten(5, 4, 3, 2, [accounts, Pruned("invoices", reason="landing x is damaged")])
    cases = UseCases(systems=lambda project: SYSTEMS, prune=lambda project: done)
    job = build_definitions(Played(tmp_path).open, cases).resolve_job_def("prune")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert failure(result) == "landings of invoices were not pruned: landing x is damaged"
    (event,) = (e for e in result.all_events if e.event_type_value == "STEP_FAILURE")
    told = event.step_failure_data.user_failure_data.metadata
    assert (told["calls"].value, told["landings of accounts"].value["pruned"]) == (5, 3)
