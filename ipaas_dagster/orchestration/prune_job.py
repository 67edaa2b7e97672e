"""The `prune` job and its schedule: what was kept for long enough is forgotten."""

from typing import TYPE_CHECKING

import dagster as dg

from ipaas_dagster.orchestration.metadata import Metadata
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
            done = use_cases.prune(project)
        context.add_output_metadata(_metadata(done))
        if done.findings:
            raise dg.Failure("\n".join(done.findings), _metadata(done), allow_retries=False)

    @dg.job(
        name=PRUNE,
        description="Forgets calls older than IPAAS_LEDGER_DAYS and bodies older than IPAAS_BODIES_DAYS, but for "
        "those of entries that are open or dead, and those that confirmed what a system holds now; and landings "
        "older than IPAAS_LANDINGS_DAYS (0: none), for which a baseline stands from then on.",
    )
    def prune() -> None:
        prune_ledger()

    return prune


def _metadata(done: "Forgotten") -> Metadata:
    counts = {name: getattr(done, name) for name in ("calls", "bodies", "sightings", "kept")}
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
