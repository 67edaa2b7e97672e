"""`ipaas rejects`, `dead`: what waits for a person, and the person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, Report, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.merge import MergeResult
    from ipaas_dagster.project import Project

Of = Annotated[str | None, typer.Option("--collection", help="Only this hub collection.")]
OfSystem = Annotated[str | None, typer.Option("--system", help="Only this system.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")]
Entries = Annotated[list[int] | None, typer.Argument(help="Entry ids; none: all that the options choose.")]


def rejects_list(collection: Of = None, limit: Limit = 100, as_json: AsJson = False, debug: Debug = False) -> None:
    """Open rejects with their reasons."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import moment, table
        from ipaas_dagster.findings import in_words
        from ipaas_dagster.hub.rejects import list_rejects

        with project.hub.reading() as connection:
            found = [] if connection is None else list_rejects(connection)
        chosen = [row for row in found if collection in (None, row["collection"])]
        rows = [
            [
                row["collection"],
                row["hub_id"] or row["source_id"],
                in_words(row["reasons"]),
                moment(row["rejected_at"]),
            ]
            for row in chosen[:limit]
        ]
        document = {"count": len(chosen), "rejects": chosen[:limit]}
        report.show(document, table("open rejects", ["collection", "record", "reasons", "since (UTC)"], rows))


def rejects_retry(collection: Of = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Judge open rejects again by today's contracts; good ones are merged."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.mend import retry_rejects

        _merged(report, project, retry_rejects(project, collection))


def dead_list(
    system: OfSystem = None,
    collection: Of = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Dead letters with their reasons; those that were discarded are not among them."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import moment, table
        from ipaas_dagster.outbox.dead import DeadFilter
        from ipaas_dagster.outbox.dead import dead_list as find

        found = find(project.operations, DeadFilter(system, collection, acknowledged=False))
        shown = found[-limit:]
        rows: list[list[Any]] = [
            [
                str(d.entry_id),
                d.system,
                d.collection,
                d.hub_id,
                d.operation,
                d.reason,
                d.attempts,
                moment(d.died_at),
            ]
            for d in shown
        ]
        columns = [
            "entry",
            "system",
            "collection",
            "record",
            "operation",
            "reason",
            "attempts",
            "since (UTC)",
        ]
        report.show({"count": len(found), "dead": shown}, table("dead letters", columns, rows))


def dead_retry(
    entries: Entries = None,
    system: OfSystem = None,
    collection: Of = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Render dead letters anew from the current records and queue them; `ipaas deliver` sends them."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.outbox.dead import DeadFilter
        from ipaas_dagster.outbox.dead import dead_retry as retry

        count = retry(project, DeadFilter(system, collection, entry_ids=entries or (), acknowledged=None))
        report.show({"retried": count}, f"{count:,} queued again; `ipaas deliver` sends them")


def dead_discard(
    entries: Entries = None,
    system: OfSystem = None,
    collection: Of = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the entry.")] = "by hand",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Let dead letters go: they stay in the books with the reason, and are told no more."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.errors import UsageError
        from ipaas_dagster.outbox.dead import DeadFilter
        from ipaas_dagster.outbox.dead import dead_discard as discard

        if not (entries or system or collection):
            raise UsageError("name entries, or choose them with --system or --collection")
        chosen = DeadFilter(system, collection, entry_ids=entries or ())
        count = discard(project.operations, chosen, reason, project.clock())
        report.show({"discarded": count}, f"{count:,} discarded")


def _merged(report: Report, project: Project, results: list[MergeResult]) -> None:
    """What came of a repair; it is delivered by the next `ipaas deliver` or run."""
    from ipaas_dagster.cli import tables
    from ipaas_dagster.findings import of_merges

    report.show({"merged": results}, *([] if report.as_json else tables.merged(results)))
    report.findings(of_merges(project, results))
