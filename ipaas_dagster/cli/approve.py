"""`ipaas approve`: what is held for a person, and the person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, Report, command, say
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


def approve(
    hold: Annotated[str, typer.Argument(help="`list`, or the id of a hold to carry out.")] = "list",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Mass deletes and mass changes that wait for a person. An approved one is looked at again, then carried out."""
    with command(as_json, debug) as report, open_project() as project:
        if hold == "list":
            _list(report, project)
        else:
            _carry_out(report, project, hold)


def _list(report: Report, project: Project) -> None:
    from ipaas_dagster.approvals import open_holds
    from ipaas_dagster.cli.tables import moment, table

    found = open_holds(project)
    rows = [[h.hold_id, h.collection, h.records, h.alive, h.reason, moment(h.since)] for h in found]
    columns = ["hold", "collection", "records", "alive", "reason", "since (UTC)"]
    report.show({"holds": [one.details for one in found]}, table("holds", columns, rows))


def _carry_out(report: Report, project: Project, hold: str) -> None:
    from ipaas_dagster.approvals import approve as carry_out
    from ipaas_dagster.cli import tables
    from ipaas_dagster.findings import of_comparison, of_merges
    from ipaas_dagster.sync import Outcome

    done = carry_out(project, hold)
    compared = [done.compared] if done.compared else []
    outcome = Outcome(merged=list(done.merged), compared=compared)
    outcome.delivered = [one for result in compared for one in result.delivered]
    document = {"approved": hold, "merged": done.merged, "compared": done.compared}
    report.show(document, *([] if report.as_json else tables.outcome(outcome)))
    if done.says:
        say(f"{hold}: {done.says}")
    found = of_merges(project, done.merged)
    report.findings([*found, *(line for one in compared for line in of_comparison(project, one))])
