"""Sensors of alerts: runs that failed, and everything else that needs a person. They launch nothing."""

from datetime import datetime, timedelta

import dagster as dg

from ipaas_dagster.orchestration.run import OpenProject, tick_project
from ipaas_dagster.orchestration.use_cases import UseCases

ALERT_SECONDS = 60
THOROUGH = timedelta(hours=1)
RUNNING = dg.DefaultSensorStatus.RUNNING


def failure_sensor(open_project: OpenProject, use_cases: UseCases) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="run_failures",
        default_status=RUNNING,
        description="Each run that failed is a cause of an alert, until one of its job ends well.",
    )
    def run_failures(context: dg.RunFailureSensorContext) -> None:
        with tick_project(open_project) as project:
            if use_cases.alerts_off(project) is None:
                use_cases.run_ended(project, context.dagster_run.job_name, _said(context))

    return run_failures


def _said(context: dg.RunFailureSensorContext) -> list[str]:
    """Why its steps failed, in their own words; else why the run did."""
    failures = [event.step_failure_data for event in context.get_step_failure_events()]
    said = [data.user_failure_data.description for data in failures if data.user_failure_data]
    return [text for text in said if text] or [context.failure_event.message or "it failed"]


def alerts_sensor(open_project: OpenProject, use_cases: UseCases) -> dg.SensorDefinition:
    """The cursor is the time of the last look into the hub."""

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=ALERT_SECONDS,
        default_status=RUNNING,
        description="Tells a webhook what needs a person, once a cause, and when it is over (docs/alerts.md).",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        with tick_project(open_project) as project:
            if off := use_cases.alerts_off(project):
                return dg.SkipReason(f"nobody is told: {off}")
            now = project.clock()
            last = datetime.fromisoformat(context.cursor) if context.cursor else None
            thorough = last is None or now - last >= THOROUGH
            for job in use_cases.failing_runs(project):
                if _ended_well(context.instance, job):
                    use_cases.run_ended(project, job, [])
            count = use_cases.check_alerts(project, thorough)
        cursor = now.isoformat() if thorough else context.cursor
        return dg.SensorResult(skip_reason=f"{count} open alerts", cursor=cursor)

    return alerts


def _ended_well(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether the last run of the job did; names of runs outside of Dagster have none."""
    last = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
    return bool(last) and last[0].status == dg.DagsterRunStatus.SUCCESS
