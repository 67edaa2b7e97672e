"""Jobs: `sync`, `snapshots`, `deliver_<system>`, `reconcile`."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from ipaas_dagster import contracts
from ipaas_dagster.orchestration.compare_steps import compare_step
from ipaas_dagster.orchestration.hub_assets import hub_key
from ipaas_dagster.orchestration.metadata import of_merge, of_pull
from ipaas_dagster.orchestration.partitions import open_partition
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.source_assets import source_key
from ipaas_dagster.orchestration.system_assets import system_key
from ipaas_dagster.orchestration.use_cases import SystemShown, UseCases

SYNC = "sync"
SNAPSHOTS = "snapshots"
RECONCILE = "reconcile"


def family_keys(source: str) -> list[dg.AssetKey]:
    """A source collection's asset and the hub assets that it becomes."""
    return [source_key(source), *(hub_key(collection.name) for collection in contracts.of_source(source))]


def deliver_job_name(system: str) -> str:
    return f"deliver_{system}"


def sync_job(polled: Sequence[str]) -> Any:
    return dg.define_asset_job(
        SYNC,
        selection=dg.AssetSelection.assets(*(key for source in polled for key in family_keys(source))),
        description="Every polled collection of Instagaze into the hub: one day, a range of days, or (the "
        "open day) what is new. Systems are delivered to by the `delivery` sensor.",
    )


def snapshots_job(names: Sequence[str]) -> Any:
    return dg.define_asset_job(
        SNAPSHOTS,
        selection=dg.AssetSelection.assets(*(source_key(name) for name in names)),
        description="The reference collections: what Instagaze is set up with.",
    )


def deliver_job(system: SystemShown) -> Any:
    return dg.define_asset_job(
        deliver_job_name(system.name),
        selection=dg.AssetSelection.assets(*(system_key(system.name, one) for one in system.collections)),
        tags={"ipaas/system": system.name},
        description=f"Deliver to {system.name} what it is owed.",
    )


def reconcile_job(
    polled: Sequence[str],
    systems: Sequence[SystemShown],
    open_project: OpenProject,
    use_cases: UseCases,
    step_tags: Mapping[str, Mapping[str, str]],
) -> dg.JobDefinition:
    """A full scan of each collection against the hub, then the hub against each system, by whoever may reach it
    (`step_tags`). One that fails does not stop the others."""
    steps = [_reconcile_step(source, open_project, use_cases) for source in polled]
    steps += [compare_step(system, open_project, use_cases, step_tags[system.name]) for system in systems]

    @dg.job(
        name=RECONCILE,
        description="A full scan of every polled collection: what the polls missed is merged, what is gone is deleted. "
        "Then every system beside the hub: what is missing, changed or extra there is repaired.",
    )
    def reconcile() -> None:
        for step in steps:
            step()

    return reconcile


def _reconcile_step(source: str, open_project: OpenProject, use_cases: UseCases) -> dg.OpDefinition:
    family = contracts.of_source(source)

    @dg.op(name=f"reconcile_{source}", description=f"Full scan of {source} against the hub.")
    def step(context: dg.OpExecutionContext) -> None:
        with run_project(open_project, context) as project:
            result = use_cases.reconcile(project, source)
            seen = use_cases.look(project, [c.name for c in family], [m.landing_id for m in result.merged])
            findings = use_cases.merge_findings(project, result.merged)
            day = open_partition(project.clock())
        own = {"missed": result.missed, "deleted": result.deleted, "held": result.held}
        figures = {source_key(source): of_pull(result.pulled) | own}
        figures |= {hub_key(c.name): of_merge(result.merged, c.name, seen[c.name], findings) for c in family}
        for key, metadata in figures.items():
            context.log_event(dg.AssetMaterialization(key, partition=day, metadata=metadata))
        if findings:
            raise dg.Failure("\n".join(findings), allow_retries=False)

    return step
