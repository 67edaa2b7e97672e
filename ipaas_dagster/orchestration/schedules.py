"""Schedules. The polls launch nothing while nothing is new: they are the safety net below the change sensor,
and take up what a killed or failed run left unfinished."""

import dagster as dg

from ipaas_dagster.orchestration.jobs import RECONCILE, SNAPSHOTS
from ipaas_dagster.orchestration.launching import in_flight, poll_request
from ipaas_dagster.orchestration.run import COLLECTION_TAG, OpenProject, tick_project
from ipaas_dagster.orchestration.use_cases import UseCases

POLL_CRON = "*/15 * * * *"
RECONCILE_CRON = "20 3 * * *"
SNAPSHOTS_CRON = "50 2 * * *"


def poll_schedule(source: str, open_project: OpenProject, use_cases: UseCases) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"poll_{source}",
        job_name="sync",
        cron_schedule=POLL_CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Launches a poll of {source} if something is new there or a run left it unfinished.",
    )
    def poll(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if in_flight(context.instance, {COLLECTION_TAG + source: "poll"}):
            return dg.SkipReason(f"a poll of {source} is under way")
        with tick_project(open_project) as project:
            if off := use_cases.not_connected(project):
                return dg.SkipReason(off)
            reason = use_cases.unfinished(project, [source]).get(source)
            if reason is None and not use_cases.changed(project, [source]):
                return dg.SkipReason(f"nothing is new in {source}")
            return poll_request([source], project.clock(), reason or "changed")

    return poll


def daily_schedule(
    name: str, job: str, cron: str, description: str, open_project: OpenProject, use_cases: UseCases
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job_name=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        with tick_project(open_project) as project:
            off = use_cases.not_connected(project)
        return dg.SkipReason(off) if off else dg.RunRequest()

    return daily


def reconcile_schedule(open_project: OpenProject, use_cases: UseCases) -> dg.ScheduleDefinition:
    says = "Finds deletes, and whatever the polls missed."
    return daily_schedule("reconcile_daily", RECONCILE, RECONCILE_CRON, says, open_project, use_cases)


def snapshots_schedule(open_project: OpenProject, use_cases: UseCases) -> dg.ScheduleDefinition:
    says = "Reads the reference collections again."
    return daily_schedule("snapshots_daily", SNAPSHOTS, SNAPSHOTS_CRON, says, open_project, use_cases)
