"""The `prune` job and its schedule: the ledger forgets what it was kept for long enough."""

import dagster as dg

from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import UseCases

PRUNE = "prune"
PRUNE_CRON = "40 4 * * *"


def prune_job(open_project: OpenProject, use_cases: UseCases) -> dg.JobDefinition:
    @dg.op(name="prune_ledger", description="Forgets old calls, bodies and sightings; never what is evidence.")
    def prune_ledger(context: dg.OpExecutionContext) -> None:
        with run_project(open_project, context) as project:
            done = use_cases.prune(project)
        context.add_output_metadata(dict(vars(done)))

    @dg.job(
        name=PRUNE,
        description="Forgets calls older than IPAAS_LEDGER_DAYS and bodies older than IPAAS_BODIES_DAYS, but for "
        "those of entries that are open or dead, and those that confirmed what a system holds now.",
    )
    def prune() -> None:
        prune_ledger()

    return prune


def prune_schedule() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="prune_daily",
        job_name=PRUNE,
        cron_schedule=PRUNE_CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Keeps the ledger as long as it is set to be kept.",
    )
