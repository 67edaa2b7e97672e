"""`ipaas sync`, `deliver`, `reconcile`: the use cases in this process, with progress and a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.progress import showing
from ipaas_dagster.cli.report import AsJson, Debug, Report, command, say

if TYPE_CHECKING:
    from ipaas_dagster.project import Project
    from ipaas_dagster.sync import Outcome

Collections = Annotated[list[str] | None, typer.Argument(help="Instagaze's collections; none: all of them.")]
Systems = Annotated[list[str] | None, typer.Argument(help="Systems of the worksheet; none: all of them.")]
Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what is new.")]
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First UTC day of a window.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last UTC day of a window, included.")]
Inbox = Annotated[bool, typer.Option("--inbox", help="Only the records that webhooks named.")]
NoDeliver = Annotated[bool, typer.Option("--no-deliver", help="Stop at the hub.")]


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
            _report(report, outcome, project)


def deliver(systems: Systems = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Deliver what is owed."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli import choose
        from ipaas_dagster.sync import deliver_all

        _report(report, deliver_all(project, choose.systems(project, systems or ())), project)


def reconcile(
    collections: Collections = None,
    no_deliver: NoDeliver = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Find missed and deleted records with a full scan, repair the hub, deliver the repairs."""
    with command(as_json, debug) as report:
        from ipaas_dagster.cli import choose
        from ipaas_dagster.source.collections import POLLED, SNAPSHOTS
        from ipaas_dagster.sync import reconcile_all

        names = (*POLLED, *SNAPSHOTS)
        chosen = choose.collections(collections or (), default=POLLED, allowed=names)
        with open_project() as project:
            choose.source(project)
            systems = [] if no_deliver else choose.systems(project, ())
            _report(report, reconcile_all(project, chosen, systems), project)


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


def _report(report: Report, outcome: Outcome, project: Project) -> None:
    from ipaas_dagster.cli import tables
    from ipaas_dagster.status import known_open

    known = known_open(project)
    document = {
        "pulled": outcome.pulled,
        "followed": outcome.followed,
        "merged": outcome.merged,
        "reconciled": outcome.reconciled,
        "delivered": outcome.delivered,
        "known": known,
    }
    shown = [] if report.as_json else tables.outcome(outcome)
    report.show(document, *shown)
    for line in (*_notes(outcome), *known.in_words()):
        say(line)
    report.findings(outcome.findings, outcome.unexpected)


def _notes(outcome: Outcome) -> list[str]:
    """What was noticed on the way and is no trouble."""
    named = [
        *((pulled.collection, pulled.notes) for pulled in outcome.pulled),
        *((merged.collection, merged.notes) for merged in outcome.merged),
        *((reconciled.collection, reconciled.notes) for reconciled in outcome.reconciled),
        *((delivered.system, delivered.notes) for delivered in outcome.delivered),
    ]
    return list(dict.fromkeys(f"{name}: {note}" for name, notes in named for note in notes))
