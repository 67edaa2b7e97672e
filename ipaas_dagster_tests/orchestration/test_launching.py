"""What schedules and sensors launch, and above all what they do not."""

import uuid
from datetime import timedelta

import dagster as dg
import pytest

from ipaas_dagster_tests.orchestration.fakes import Played


def tick(played: Played, name: str, instance: dg.DagsterInstance, cursor: str | None = None):
    repository = played.definitions().get_repository_def()
    with dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository) as context:
        return repository.get_sensor_def(name).evaluate_tick(context)


def poll(played: Played, collection: str, instance: dg.DagsterInstance):
    return scheduled(played, f"poll_{collection}", instance)


def scheduled(played: Played, name: str, instance: dg.DagsterInstance):
    repository = played.definitions().get_repository_def()
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=played.now, repository_def=repository
    ) as context:
        return repository.get_schedule_def(name).evaluate_tick(context)


def under_way(instance: dg.DagsterInstance, job: str, tags: dict[str, str] | None = None) -> dg.DagsterRun:
    return instance.add_run(
        dg.DagsterRun(job_name=job, run_id=str(uuid.uuid4()), tags=tags or {}, status=dg.DagsterRunStatus.STARTED)
    )


@pytest.fixture
def stored(tmp_path):
    """Schedules open the instance by its reference, so it must be on disk."""
    home = tmp_path / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as made:
        yield made


def test_an_idle_tick_launches_nothing(played, instance):
    for name in ("instagaze_changes", "webhook_inbox", "delivery"):
        data = tick(played, name, instance)
        assert data.run_requests == []
        assert data.skip_message


def test_one_change_launches_one_run_of_its_collection_alone(played, stored):
    played.news = ["invoices"]
    (request,) = tick(played, "instagaze_changes", stored).run_requests
    assert request.job_name == "sync"
    assert request.partition_key == played.now.date().isoformat()
    assert [key.to_user_string() for key in request.asset_selection] == [
        "instagaze/invoices", "hub/invoices", "hub/invoice_lines",
    ]  # fmt: skip
    assert request.tags["ipaas/scope"] == "since"
    assert request.run_key is None
    assert tick(played, "instagaze_changes", stored).run_requests == []
    assert poll(played, "invoices", stored).run_requests == []


def test_changes_of_several_collections_are_one_run(played, instance):
    played.news = ["accounts", "products"]
    (request,) = tick(played, "instagaze_changes", instance).run_requests
    assert {"ipaas/collection.accounts", "ipaas/collection.products"} <= set(request.tags)


def test_a_launched_poll_runs_and_polls(played, instance):
    """What the request asks for is a run that exists, with its checks."""
    played.news = ["accounts"]
    definitions = played.definitions()
    (request,) = tick(played, "instagaze_changes", instance).run_requests
    job = definitions.resolve_job_def("sync")
    result = job.execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        asset_selection=list(request.asset_selection),
        tags=dict(request.tags),
    )
    assert result.success
    assert played.pulls == [("accounts", None)]
    assert len(result.get_asset_check_evaluations()) == 4


def test_a_tick_never_waits_long(played, instance):
    tick(played, "instagaze_changes", instance)
    assert played.limits.retry_seconds <= 10
    assert played.limits.lock_seconds <= 10


def test_a_source_that_cannot_be_asked_is_a_failed_tick_with_its_reason(played, instance):
    def fail(project, collections):
        raise ConnectionError("the source does not answer")

    played.changed = fail
    with pytest.raises(ConnectionError, match="the source does not answer"):
        tick(played, "instagaze_changes", instance)


def test_a_poll_takes_up_what_was_left_unfinished(played, stored):
    played.left_over = {"accounts": "a landing waits to be merged"}
    (request,) = poll(played, "accounts", stored).run_requests
    assert request.tags["ipaas/because"] == "a landing waits to be merged"
    assert poll(played, "products", stored).run_requests == []


def test_a_poll_waits_for_the_one_under_way(played, stored):
    played.left_over = {"accounts": "a landing waits to be merged"}
    under_way(stored, "sync", {"ipaas/collection.accounts": "poll"})
    assert poll(played, "accounts", stored).run_requests == []


def test_webhooks_launch_one_poll_per_collection_that_then_settles_them(played, instance):
    played.hints = {"accounts": played.now}
    data = tick(played, "webhook_inbox", instance)
    (request,) = data.run_requests
    assert request.tags["ipaas/inbox_upto"] == played.now.isoformat()
    assert tick(played, "webhook_inbox", instance, data.cursor).run_requests == []
    played.hints = {"accounts": played.now + timedelta(seconds=5)}
    assert len(tick(played, "webhook_inbox", instance, data.cursor).run_requests) == 1


def test_alerts_are_looked_at_each_minute_and_the_hub_once_an_hour(played, instance):
    first = tick(played, "alerts", instance)
    assert first.run_requests == []
    played.now += timedelta(minutes=30)
    second = tick(played, "alerts", instance, first.cursor)
    played.now += timedelta(minutes=30)
    tick(played, "alerts", instance, second.cursor)
    assert played.alert_checks == [True, False, True]


def test_nobody_is_told_without_a_receiver(played, instance):
    played.alerts_off = "ALERTS_URL is missing"
    assert "ALERTS_URL" in (tick(played, "alerts", instance).skip_message or "")
    assert played.alert_checks == []


def test_what_is_owed_launches_its_systems_delivery_once(played, instance):
    played.owed = {"sql": "changes up to 5"}
    data = tick(played, "delivery", instance)
    assert [request.job_name for request in data.run_requests] == ["deliver_sql"]
    again = tick(played, "delivery", instance, data.cursor)
    assert again.run_requests == []
    assert again.cursor == data.cursor


def test_a_delivery_under_way_is_not_doubled_and_new_work_follows_it(played, instance):
    played.owed = {"sql": "changes up to 5"}
    first = tick(played, "delivery", instance)
    run = under_way(instance, "deliver_sql")
    played.owed = {"sql": "changes up to 9"}
    during = tick(played, "delivery", instance, first.cursor)
    assert during.run_requests == []
    instance.report_run_canceled(run)
    after = tick(played, "delivery", instance, during.cursor)
    assert [request.job_name for request in after.run_requests] == ["deliver_sql"]


def test_what_cannot_be_delivered_is_tried_ever_more_rarely(played, instance):
    played.owed = {"sql": "changes up to 5"}
    cursor, launches = None, []
    for minute in range(0, 600):
        data = tick(played, "delivery", instance, cursor) if minute % 10 == 0 or minute < 10 else None
        if data is not None:
            cursor = data.cursor
            launches += [minute] * len(data.run_requests)
        played.now += timedelta(minutes=1)
    assert 8 <= len(launches) <= 16
    assert launches[0] == 0


def test_a_failed_delivery_does_not_block_the_next_one(played, instance):
    """A run key would: it stays taken after a failure."""
    played.owed = {"sql": "changes up to 5"}
    first = tick(played, "delivery", instance)
    played.now += timedelta(minutes=2)
    assert [r.run_key for r in tick(played, "delivery", instance, first.cursor).run_requests] == [None]


def test_a_system_no_longer_owed_anything_is_forgotten(played, instance):
    played.owed = {"sql": "changes up to 5"}
    first = tick(played, "delivery", instance)
    played.owed = {}
    second = tick(played, "delivery", instance, first.cursor)
    assert second.cursor == "{}"


def test_systems_that_left_the_worksheet_launch_nothing(played, instance):
    played.owed = {"gone": "changes up to 5"}
    assert tick(played, "delivery", instance).run_requests == []


def test_everything_that_watches_runs_by_default(played):
    repository = played.definitions().get_repository_def()
    assert {s.default_status.value for s in repository.sensor_defs} == {"RUNNING"}
    assert {s.default_status.value for s in repository.schedule_defs} == {"RUNNING"}


def test_an_installation_without_a_token_launches_nothing_and_says_why(played, stored):
    played.not_connected = "set INSTAGAZE_TOKEN"
    played.left_over = {"accounts": "it was never read"}
    ticks = [tick(played, "instagaze_changes", stored)]
    ticks += [scheduled(played, name, stored) for name in ("poll_accounts", "reconcile_daily", "snapshots_daily")]
    assert [(data.run_requests, data.skip_message) for data in ticks] == [([], "set INSTAGAZE_TOKEN")] * 4


def test_the_daily_schedules_launch_their_jobs(played, stored):
    for name in ("reconcile_daily", "snapshots_daily"):
        assert len(scheduled(played, name, stored).run_requests) == 1
