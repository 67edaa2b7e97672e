"""`ipaas trace` and `ipaas prune`: what the ledger tells of one record, and how long it tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
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


def prune(as_json: AsJson = False, debug: Debug = False) -> None:
    """Forget calls older than IPAAS_LEDGER_DAYS (90), bodies older than IPAAS_BODIES_DAYS (30), and source records
    older than IPAAS_LANDINGS_DAYS (0: kept for ever)."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.prune import prune as run

        done = run(project)
        report.show(
            {"pruned": done},
            f"forgotten: {done.calls:,} calls, {done.bodies:,} bodies, {done.sightings:,} sightings without change; "
            f"{done.kept:,} older calls are kept as evidence",
            *map(_landings, done.landings),
        )
        report.findings(done.findings)


def _landings(of: PrunedLandings) -> str:
    kept = f"; {of.kept:,} older ones wait for open rejects or holds" if of.kept else ""
    stands = f"; the baseline {of.baseline} stands for what was before" if of.baseline else ""
    return f"{of.collection}: {of.landings:,} landings ({of.bytes:,} bytes) forgotten{stands}{kept}"
