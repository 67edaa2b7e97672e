"""The jobs by name."""

import dagster as dg
import pytest

from ipaas_dagster.records import Scope
from ipaas_dagster_tests.orchestration.fakes import Played, failure, materializations

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


def test_a_hold_fails_the_reconcile(played, instance):
    played.holds = ("hold h1 waits for a person",)
    assert "hold h1 waits" in failure(run(played, "reconcile", instance))


@pytest.mark.parametrize("job", ["sync", "snapshots", "deliver_sql", "reconcile"])
def test_jobs_run_in_one_process(played, job):
    assert played.definitions().resolve_job_def(job).executor_def.name == "in_process"
