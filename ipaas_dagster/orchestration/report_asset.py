"""`ipaas/report`: the whole state as one HTML file, its numbers as plots, and checks on the books, what is stuck and
what is stale."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from ipaas_dagster.orchestration.metadata import OWNERS
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import ReportShown, UseCases

GROUP = "ipaas"
KEY = dg.AssetKey([GROUP, "report"])
REPORT = "report"
REPORT_CRON = "20 5 * * *"
CHECKS = {
    "books": "Every sum of the balance adds up: nothing is lost.",
    "stuck": "Nothing waits for a person.",
    "fresh": "Every collection was read lately.",
}


def report_asset(open_project: OpenProject, use_cases: UseCases) -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        group_name=GROUP,
        kinds={"html", "python"},
        owners=OWNERS,
        check_specs=[dg.AssetCheckSpec(name, asset=KEY, description=says) for name, says in CHECKS.items()],
        description="The whole state as one HTML file, which opens without network: what is stuck and why, the flow "
        "with its sums, volume and lag over time, recent failures with their traces. `ipaas report` writes the same.",
    )
    def report(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        with run_project(open_project, context) as project:
            shown = use_cases.report(project)
        yield dg.MaterializeResult(metadata=_metadata(shown), check_results=_checks(shown))
        if shown.findings:
            raise dg.Failure("\n".join(shown.findings), allow_retries=False)

    return report


def _metadata(shown: ReportShown) -> dict[str, Any]:
    return {
        "verdict": shown.verdict,
        "summary": dg.MetadataValue.md(shown.summary),
        "file": dg.MetadataValue.path(shown.file),
        "open": dg.MetadataValue.url(f"file://{shown.file}"),
        **shown.numbers,
    }


def _checks(shown: ReportShown) -> list[dg.AssetCheckResult]:
    """What is stuck was told by the run that found it; here it only warns."""
    stuck = int(shown.numbers.get("stuck", 0))
    wrong = "; ".join(shown.findings) or "every sum adds up"
    stale = f"not read for long: {', '.join(shown.stale)}" if shown.stale else "every collection was read lately"
    return [
        _check("books", not shown.findings, wrong, dg.AssetCheckSeverity.ERROR),
        _check("stuck", not stuck, shown.verdict, dg.AssetCheckSeverity.WARN),
        _check("fresh", not shown.stale, stale, dg.AssetCheckSeverity.WARN),
    ]


def _check(name: str, passed: bool, says: str, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(check_name=name, asset_key=KEY, passed=passed, severity=severity, description=says)


def report_job() -> Any:
    return dg.define_asset_job(
        REPORT, selection=dg.AssetSelection.assets(KEY), description="Writes the report of the whole state."
    )


def report_schedule() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="report_daily",
        job_name=REPORT,
        cron_schedule=REPORT_CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Writes the report once a day, after reconcile and prune.",
    )
