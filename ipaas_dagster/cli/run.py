"""`ipaas sync`, `deliver`, `reconcile`: the use cases in this process, with progress and a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.progress import showing
from ipaas_dagster.cli.report import AsJson, Debug, Report, command, say

if TYPE_CHECKING:
    from ipaas_dagster.completeness import SystemReconcile
    from ipaas_dagster.project import Project
    from ipaas_dagster.sync import Outcome

Collections = Annotated[list[str] | None, typer.Argument(help="Instagaze's collections; none: all of them.")]
Systems = Annotated[list[str] | None, typer.Argument(help="Systems of the worksheet; none: all of them.")]
Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what is new.")]
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First UTC day of a window.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last UTC day of a window, included.")]
Inbox = Annotated[bool, typer.Option("--inbox", help="Only the records that webhooks named.")]
NoDeliver = Annotated[bool, typer.Option("--no-deliver", help="Stop at the hub.")]
QueueOnly = Annotated[bool, typer.Option("--no-deliver", help="Repairs stay queued.")]
OfSystems = Annotated[
    list[str] | None, typer.Option("--system", help="Compare only this system; may be given several times.")
]
NoSystems = Annotated[bool, typer.Option("--no-systems", help="Compare source and hub only.")]


def sync(
    collections: Collections = None,
    full: Full = False,
    first: From = None,
    last: To = None,
    inbox: Inbox = False,
    no_deliver: NoDeliver = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Pull, merge and deliver now, in this process, without Dagster."""
    with command(as_json, debug) as report:
        from ipaas_dagster.cli import choose
        from ipaas_dagster.source.collections import POLLED, SNAPSHOTS
        from ipaas_dagster.sync import sync as run
        from ipaas_dagster.sync import sync_inbox

        if inbox:
            choose.alone("--inbox", collections, full, first, last)
        names = (*POLLED, *SNAPSHOTS)
        chosen = choose.collections(collections or (), default=names, allowed=names)
        scope = choose.window(full, first, last)
        scopes = [(name, scope if name in POLLED else None) for name in chosen]
        with open_project() as project:
            choose.source(project)
            systems = [] if no_deliver else choose.systems(project, ())
            outcome = sync_inbox(project, systems) if inbox else run(project, scopes, systems)
            report_outcome(report, outcome, project, "sync")


def deliver(systems: Systems = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Deliver what is owed."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli import choose
        from ipaas_dagster.sync import deliver_all

        report_outcome(report, deliver_all(project, choose.systems(project, systems or ())), project, "deliver")


def reconcile(
    collections: Collections = None,
    system: OfSystems = None,
    no_systems: NoSystems = False,
    no_deliver: QueueOnly = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare source and hub with a full scan, then hub and systems record by record; repair what differs.

    With --system and no collections, only those systems are compared.
    """
    with command(as_json, debug) as report:
        from ipaas_dagster.cli import choose
        from ipaas_dagster.errors import UsageError
        from ipaas_dagster.source.collections import POLLED, SNAPSHOTS
        from ipaas_dagster.sync import reconcile_all

        names = (*POLLED, *SNAPSHOTS)
        if system and no_systems:
            raise UsageError("--system and --no-systems exclude each other")
        default = () if system else POLLED
        chosen = choose.collections(collections or (), default=default, allowed=names)
        with open_project() as project:
            if chosen:
                choose.source(project)
            compare = [] if no_systems else choose.systems(project, system or ())
            systems = [] if no_deliver else compare if system else choose.systems(project, ())
            outcome = reconcile_all(project, chosen, systems, compare=compare)
            report_outcome(report, outcome, project, "reconcile")


@contextmanager
def open_project() -> Iterator[Project]:
    """The Project of this command: settings of its environment, progress and remarks on standard error."""
    from ipaas_dagster.project import Project
    from ipaas_dagster.settings import load

    settings = load()
    with showing() as progress:
        project = Project(settings, progress=progress, say=say)
        try:
            yield project
        finally:
            if "operations" in vars(project):
                project.operations.dispose()


def report_outcome(report: Report, outcome: Outcome, project: Project, name: str) -> None:
    """What use cases did, what was known to be open before, and what is new."""
    from ipaas_dagster.alerts import after_run
    from ipaas_dagster.cli import tables
    from ipaas_dagster.status import known_open

    known = known_open(project)
    document = {
        "pulled": outcome.pulled,
        "followed": outcome.followed,
        "checked": outcome.checked,
        "merged": outcome.merged,
        "reconciled": outcome.reconciled,
        "delivered": outcome.delivered,
        "compared": outcome.compared,
        "known": known,
    }
    shown = [] if report.as_json else tables.outcome(outcome)
    report.show(document, *shown)
    for line in (*_notes(outcome), *known.in_words()):
        say(line)
    report.findings(outcome.findings, outcome.unexpected)
    after_run(project, name, outcome.findings, thorough=name == "reconcile")


def _notes(outcome: Outcome) -> list[str]:
    """What was noticed on the way and is no trouble."""
    named = [
        *((pulled.collection, pulled.notes) for pulled in outcome.pulled),
        *((merged.collection, merged.notes) for merged in outcome.merged),
        *((reconciled.collection, reconciled.notes) for reconciled in outcome.reconciled),
        *((delivered.system, delivered.notes) for delivered in outcome.delivered),
        *((compared.system, _of_comparison(compared)) for compared in outcome.compared),
    ]
    return list(dict.fromkeys(f"{name}: {note}" for name, notes in named for note in notes))


def _of_comparison(compared: SystemReconcile) -> list[str]:
    """Each difference that is named, how many more there are, and what a person has to know of them."""
    lines = [str(one["in_words"]) for one in compared.differences]
    lines += [f"{more:,} more differences"] if (more := compared.different - len(lines)) > 0 else []
    lines += [str(compared.unread)] if compared.unread and not compared.readable else []
    return [*lines, *compared.notes]
