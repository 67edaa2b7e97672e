"""Sensors: cheap looks in the warm code server; a run only when there is something to do."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from ipaas_dagster.orchestration import patience
from ipaas_dagster.orchestration.jobs import SYNC
from ipaas_dagster.orchestration.launching import in_flight, poll_request
from ipaas_dagster.orchestration.run import COLLECTION_TAG, INBOX_TAG, OpenProject, tick_project
from ipaas_dagster.orchestration.use_cases import UseCases

CHANGES_SECONDS = 30
INBOX_SECONDS = 10
DELIVERY_SECONDS = 10
RUNNING = dg.DefaultSensorStatus.RUNNING


def changes_sensor(polled: tuple[str, ...], open_project: OpenProject, use_cases: UseCases) -> dg.SensorDefinition:
    @dg.sensor(
        name="instagaze_changes",
        job_name=SYNC,
        minimum_interval_seconds=CHANGES_SECONDS,
        default_status=RUNNING,
        description="Asks Instagaze, one request per collection, whether anything is newer than at the last "
        "launch; one run polls all that is.",
    )
    def changes(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        with tick_project(open_project) as project:
            if reason := use_cases.not_connected(project):
                return dg.SkipReason(reason)
            changed = use_cases.changed(project, polled)
            if not changed:
                return dg.SkipReason("nothing is new at Instagaze")
            return poll_request(changed, project.clock(), "changed")

    return changes


def inbox_sensor(open_project: OpenProject, use_cases: UseCases) -> dg.SensorDefinition:
    @dg.sensor(
        name="webhook_inbox",
        job_name=SYNC,
        minimum_interval_seconds=INBOX_SECONDS,
        default_status=RUNNING,
        description="Turns the webhooks received into pulls of the records that they named; one run at a time for "
        "each collection.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        tried = patience.parse(context.cursor)
        with tick_project(open_project) as project:
            hints = use_cases.hints(project)
            free = {c: t for c, t in hints.items() if not in_flight(context.instance, {COLLECTION_TAG + c: "poll"})}
            now = project.clock()
        launch, remembered = patience.due({c: t.isoformat() for c, t in free.items()}, tried, now)
        kept = {c: tried[c] for c in hints if c in tried and c not in free}
        if not launch:
            return dg.SkipReason("every webhook is dealt with or under way" if hints else "no webhook is waiting")
        return dg.SensorResult(
            run_requests=[poll_request([c], now, "webhook", {INBOX_TAG: hints[c].isoformat()}) for c in launch],
            cursor=patience.dump({**kept, **remembered}),
        )

    return inbox


def delivery_sensor(
    deliver_jobs: Mapping[str, Any], open_project: OpenProject, use_cases: UseCases
) -> dg.SensorDefinition:
    """`deliver_jobs`: system -> its job, not empty."""
    jobs = {system: job.name for system, job in deliver_jobs.items()}

    @dg.sensor(
        name="delivery",
        jobs=list(deliver_jobs.values()),
        minimum_interval_seconds=DELIVERY_SECONDS,
        default_status=RUNNING,
        description="Launches deliver_<system> when something can be delivered there: hub changes that were "
        "not read yet, or entries of the outbox that are due. One run per system at a time; what a run "
        "could not deliver is tried again ever more rarely.",
    )
    def delivery(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        tried = patience.parse(context.cursor)
        with tick_project(open_project) as project:
            owed = {name: what for name, what in use_cases.owed(project).items() if name in jobs}
            now = project.clock()
        free = {name: what for name, what in owed.items() if not in_flight(context.instance, {}, job=jobs[name])}
        launch, remembered = patience.due(free, tried, now)
        kept = {name: tried[name] for name in owed if name in tried and name not in free}
        cursor = patience.dump({**kept, **remembered})
        if not launch:
            return dg.SensorResult(
                skip_reason="what is owed was tried or is under way" if owed else "nothing is owed",
                cursor=cursor,
            )
        return dg.SensorResult(run_requests=[dg.RunRequest(job_name=jobs[name]) for name in launch], cursor=cursor)

    return delivery
