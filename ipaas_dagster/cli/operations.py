"""`ipaas operations copy`: the operations store moved to another database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command, say
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

Target = Annotated[
    str, typer.Argument(metavar="URL", help="An empty database: postgresql+psycopg://... or sqlite:///...")
]


def copy(url: Target, as_json: AsJson = False, debug: Debug = False) -> None:
    """Copy everything into another, empty store and compare it. Nothing may run meanwhile."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.operations import Operations
        from ipaas_dagster.operations.copying import copy_store

        target = Operations(url)
        try:
            with _alone(project):
                counts = copy_store(project.operations, target)
        finally:
            target.dispose()
        counts = {name: count for name, count in counts.items() if count}
        report.show({"rows": counts, "from": project.operations.shown, "to": target.shown})
        say(
            f"{sum(counts.values()):,} rows were copied and compared. Set IPAAS_OPERATIONS_URL to the new store "
            f"everywhere; {project.operations.shown} stays as it is, and must not be used any more"
        )


@contextmanager
def _alone(project: Project) -> Iterator[None]:
    """While nobody reads, merges or delivers. Raises LockTimeout, naming who does."""
    from ipaas_dagster.source.collections import SOURCE_COLLECTIONS
    from ipaas_dagster.source.landed import scan_lock

    names = ["merge", *(scan_lock(c.name) for c in SOURCE_COLLECTIONS)]
    names += [f"deliver-{system.name}" for system in project.worksheet.destinations]
    with ExitStack() as held:
        for name in names:
            held.enter_context(project.locks.hold(name, 0))
        yield
