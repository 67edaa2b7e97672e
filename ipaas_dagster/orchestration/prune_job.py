"""The `prune` job and its schedule: what was kept for long enough is forgotten."""

from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from ipaas_dagster.orchestration.metadata import Metadata
from ipaas_dagster.orchestration.prune_runs import prune_runs
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import UseCases

if TYPE_CHECKING:
    from ipaas_dagster.prune import Forgotten

PRUNE = "prune"
PRUNE_CRON = "40 4 * * *"


def prune_job(open_project: OpenProject, use_cases: UseCases) -> dg.JobDefinition:
    @dg.op(
        name="prune_ledger",
        description="Forgets old calls, bodies, sightings and, where set, landings; never what is evidence.",
    )
    def prune_ledger(context: dg.OpExecutionContext) -> None:
        with run_project(open_project, context) as project:
            done, days, now = use_cases.prune(project), project.settings.runs_days, project.clock()
        context.add_output_metadata(_metadata(done))
        if days is not None:
            deleted, kept = prune_runs(context.instance, now - timedelta(days=days))
            context.log.info(f"{deleted} runs of Dagster deleted; {kept} old ones hold the latest materializations")
        if done.findings:
            raise dg.Failure("\n".join(done.findings), _metadata(done), allow_retries=False)

    @dg.job(
        name=PRUNE,
        description="Forgets settled deliveries older than IPAAS_OUTBOX_DAYS, webhooks older than IPAAS_INBOX_DAYS, "
        "Dagster's runs older than IPAAS_RUNS_DAYS, "
        "calls older than IPAAS_LEDGER_DAYS and bodies older than IPAAS_BODIES_DAYS, but for "
        "those of entries that are open or dead, and those that confirmed what a system holds now; and landings "
        "older than IPAAS_LANDINGS_DAYS (0: none), for which a baseline stands from then on.",
    )
    def prune() -> None:
        prune_ledger()

    return prune


_COUNTS = ("calls", "bodies", "sightings", "kept", "entries", "webhooks", "freed")


def _metadata(done: "Forgotten") -> Metadata:
    counts = {name: getattr(done, name) for name in _COUNTS}
    landed = {
        f"landings of {one.collection}": dg.MetadataValue.json(
            {"pruned": one.landings, "kept": one.kept, "bytes": one.bytes, "baseline": one.baseline}
        )
        for one in done.landings
    }
    return {**counts, **landed}


def prune_schedule() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="prune_daily",
        job_name=PRUNE,
        cron_schedule=PRUNE_CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Keeps the ledger and landings as long as they are set to be kept.",
    )
