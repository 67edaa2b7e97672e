"""All definitions of one installation, from its settings, its worksheet and the product's use cases."""

import warnings
from collections.abc import Callable

import dagster as dg

from ipaas_dagster import contracts
from ipaas_dagster.errors import UsageError
from ipaas_dagster.orchestration.alert_sensors import alerts_sensor, failure_sensor
from ipaas_dagster.orchestration.approve_job import approve_job
from ipaas_dagster.orchestration.checks import DELIVERY_CHECKS, MERGE_CHECKS, checks_of
from ipaas_dagster.orchestration.executors import executor, queue_of
from ipaas_dagster.orchestration.freshness import read_daily
from ipaas_dagster.orchestration.hub_assets import hub_assets, hub_key
from ipaas_dagster.orchestration.jobs import deliver_job, reconcile_job, snapshots_job, sync_job
from ipaas_dagster.orchestration.mending_jobs import dead_letters_job, rejects_job
from ipaas_dagster.orchestration.prune_job import prune_job, prune_schedule
from ipaas_dagster.orchestration.report_asset import report_asset, report_job, report_schedule
from ipaas_dagster.orchestration.run import OpenProject
from ipaas_dagster.orchestration.schedules import poll_schedule, reconcile_schedule, snapshots_schedule
from ipaas_dagster.orchestration.sensors import changes_sensor, delivery_sensor, inbox_sensor
from ipaas_dagster.orchestration.snapshot_assets import snapshot_asset
from ipaas_dagster.orchestration.source_assets import source_asset, source_key
from ipaas_dagster.orchestration.system_assets import system_assets, system_key
from ipaas_dagster.orchestration.trace_job import trace_job
from ipaas_dagster.orchestration.use_cases import UseCases
from ipaas_dagster.project import Project
from ipaas_dagster.records import new_id
from ipaas_dagster.settings import load
from ipaas_dagster.source.collections import POLLED, SNAPSHOTS


def open_installation(run_id: str | None = None, say: Callable[[str], None] | None = None) -> Project:
    """The Project that the environment (and `.env`) describes."""
    return Project(load(), run_id=run_id or new_id(), say=say or (lambda text: None))


def build_definitions(
    open_project: OpenProject = open_installation, use_cases: UseCases | None = None
) -> dg.Definitions:
    """Reads settings and declared files; opens no store and asks no system. Raises SettingsError and
    DeclarationError, which `dg check defs` and the UI show with file and line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # backfill policies; the version of Dagster is pinned
        try:
            return _build(open_project, use_cases or UseCases())
        except UsageError as error:
            raise error.with_traceback(None) from None  # its words name the place; the frames would bury them


def _build(open_project: OpenProject, cases: UseCases) -> dg.Definitions:
    project = open_project()
    first_day = project.settings.start_date
    systems = cases.systems(project)
    queues = {system.name: queue_of(project.settings, system.name) for system in systems}
    deliver_jobs = {system.name: deliver_job(system) for system in systems}
    return dg.Definitions(
        assets=[
            *read_daily(
                [
                    *(source_asset(name, first_day, open_project, cases) for name in POLLED),
                    *(hub_assets(name, first_day, open_project, cases) for name in POLLED),
                    *(snapshot_asset(name, open_project, cases) for name in SNAPSHOTS),
                ],
                project.settings.stale_hours,
            ),
            *(system_assets(system, open_project, cases, queues[system.name]) for system in systems),
            report_asset(open_project, cases),
        ],
        asset_checks=[
            *(checks_of(f"account_for_hub_{name}", _hub_keys(name), MERGE_CHECKS) for name in POLLED),
            *(checks_of(f"account_for_snapshot_{name}", [source_key(name)], MERGE_CHECKS) for name in SNAPSHOTS),
            *(
                checks_of(
                    f"account_for_deliveries_to_{system.name}",
                    [system_key(system.name, name) for name in system.collections],
                    DELIVERY_CHECKS,
                )
                for system in systems
            ),
        ],
        jobs=[
            sync_job(POLLED),
            snapshots_job(SNAPSHOTS),
            reconcile_job(POLLED, systems, open_project, cases, queues),
            approve_job(open_project, cases),
            trace_job(open_project, cases),
            dead_letters_job(open_project, cases),
            rejects_job(open_project, cases),
            prune_job(open_project, cases),
            report_job(),
            *deliver_jobs.values(),
        ],
        schedules=[
            *(poll_schedule(name, open_project, cases) for name in POLLED),
            reconcile_schedule(open_project, cases),
            snapshots_schedule(open_project, cases),
            prune_schedule(),
            report_schedule(),
        ],
        sensors=[
            changes_sensor(POLLED, open_project, cases),
            inbox_sensor(open_project, cases),
            alerts_sensor(open_project, cases),
            failure_sensor(open_project, cases),
            *([delivery_sensor(deliver_jobs, open_project, cases)] if deliver_jobs else []),
        ],
        executor=executor(project.settings),
    )


def _hub_keys(source: str) -> list[dg.AssetKey]:
    return [hub_key(collection.name) for collection in contracts.of_source(source)]
