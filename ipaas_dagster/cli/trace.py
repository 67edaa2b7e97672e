"""`ipaas trace` and `ipaas prune`: what the ledger tells of one record, and how long it tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, Report, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.project import Project
    from ipaas_dagster.replay.pruning import Pruned as PrunedLandings
    from ipaas_dagster.trace import Trace

Record = Annotated[str | None, typer.Argument(help="instagaze:accounts:42, or accounts/42.", metavar="HUB_ID")]
System = Annotated[str | None, typer.Option("--system", help="The record that this system knows by --id.")]
Id = Annotated[str | None, typer.Option("--id", help="Its id in that system.")]
Of = Annotated[str | None, typer.Option("--collection", help="Where one id is more than one record.")]
At = Annotated[str | None, typer.Option("--as-of", metavar="TIME", help="What the hub and each system had then.")]
Records = Annotated[bool, typer.Option("--records", help="The source's record as it was received, each time.")]
Bodies = Annotated[bool, typer.Option("--bodies", help="Whole requests and answers of its deliveries.")]
Read = Annotated[bool, typer.Option("--read", help="Ask the systems what they hold now.")]
Deep = Annotated[bool, typer.Option("--deep", help="Search landings line by line where nothing else tells.")]


def trace(
    record: Record = None,
    system: System = None,
    its_id: Id = None,
    collection: Of = None,
    as_of: At = None,
    records: Records = False,
    bodies: Bodies = False,
    read: Read = False,
    deep: Deep = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Everything that ever happened to one record: calls, landings, verdicts, versions, deliveries."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.trace import Wanted, find, moment
        from ipaas_dagster.trace import trace as run
        from ipaas_dagster.trace.document import document

        subject = find(project, record, system=system, its_id=its_id, collection=collection)
        found = run(project, subject, Wanted(records, bodies, read, deep, moment(as_of)))
        report.show(document(found) if as_json else {}, *([] if as_json else _shown(found)))
        if not found.found:
            report.fail(found.notes[-1], 1)


def _shown(found: Trace) -> list[str]:
    from rich.markup import escape

    from ipaas_dagster.trace.lines import STYLES, lines

    return [f"[{STYLES[line.tone]}]{escape(line.text)}[/]" if line.tone else escape(line.text) for line in lines(found)]


DryRun = Annotated[bool, typer.Option("--dry-run", help="Show how much is kept, and what would be forgotten.")]


def prune(dry_run: DryRun = False, as_json: AsJson = False, debug: Debug = False) -> None:
    """Forget what is older than IPAAS_LEDGER_DAYS, IPAAS_BODIES_DAYS, IPAAS_OUTBOX_DAYS, IPAAS_INBOX_DAYS and
    IPAAS_LANDINGS_DAYS say; never what is owed, or the only evidence."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.prune import prune as run

        if dry_run:
            _would_prune(report, project)
            return
        done = run(project)
        report.show(
            {"pruned": done},
            f"forgotten: {done.calls:,} calls, {done.bodies:,} bodies, {done.sightings:,} sightings without change; "
            f"{done.kept:,} older calls are kept as evidence",
            f"forgotten: {done.entries:,} settled deliveries, {done.webhooks:,} webhooks; {done.freed:,} bytes freed",
            *map(_landings, done.landings),
        )
        report.findings(done.findings)


def _would_prune(report: Report, project: Project) -> None:
    from ipaas_dagster.cli.tables import table
    from ipaas_dagster.prune import prunable
    from ipaas_dagster.sizes import sizes

    would, found = prunable(project), sizes(project)
    rows = [[one.store, one.part, one.rows, one.bytes, one.settings] for one in found]
    report.show(
        {"sizes": found, "would_forget": would},
        table("kept", ["store", "part", "rows", "bytes", "how long"], rows),
        f"older than it is to be kept: {would.calls:,} calls and {would.bodies:,} bodies (evidence among them stays), "
        f"{would.entries:,} settled deliveries, {would.webhooks:,} webhooks",
    )


def _landings(of: PrunedLandings) -> str:
    kept = f"; {of.kept:,} older ones wait for open rejects or holds" if of.kept else ""
    stands = f"; the baseline {of.baseline} stands for what was before" if of.baseline else ""
    return f"{of.collection}: {of.landings:,} landings ({of.bytes:,} bytes) forgotten{stands}{kept}"
