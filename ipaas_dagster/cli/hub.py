"""`ipaas hub copy`: the hub from one store into another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project
from ipaas_dagster.errors import UsageError

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import Store
    from ipaas_dagster.project import Project

_BY_NAME = "env:"

Target = Annotated[
    str,
    typer.Argument(
        help="An empty store: duckdb:////folder/ipaas.duckdb, postgresql+psycopg://user:password@host/database, or "
        "env:NAME of a variable that holds it (so that no password stands in the list of processes)."
    ),
]


def copy(url: Target, as_json: AsJson = False, debug: Debug = False) -> None:
    """Copy the hub of IPAAS_HUB_URL into another store and compare the two; the hub itself is left as it is."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import table
        from ipaas_dagster.hub.copying import copy_hub
        from ipaas_dagster.merge import nobody_merges

        target = _target(project, url)
        with nobody_merges(project):
            copied = copy_hub(project.hub.store, target)
        head = target.head()
        document = {"from": project.hub.shown, "to": target.shown, "epoch": head.epoch, "seq": head.seq}
        rows = [[one.table.replace('"', ""), one.rows, one.print] for one in copied if one.rows]
        report.show(
            document | {"tables": copied},
            table("copied, and equal in both", ["table", "rows", "print"], rows),
            f"the hub is now in {target.shown} too, up to change {head.seq}. Set IPAAS_HUB_URL to it for every process "
            "before anything is synced again; what is merged here meanwhile is not there",
        )


def _target(project: Project, url: str) -> Store:
    from ipaas_dagster.hub import open_store
    from ipaas_dagster.locks import Locks

    settings = project.settings
    given = settings.environment.get(url.removeprefix(_BY_NAME), "") if url.startswith(_BY_NAME) else url
    if not given:
        raise UsageError(f"{url} is not set; set it to the URL of the new store")
    locks = Locks(settings.locks_folder / "copy", settings.lock_seconds)  # two files would wait for one another
    target = open_store(given, locks, memory_limit=settings.memory_limit, folder=settings.state)
    if target.shown == project.hub.shown:
        raise UsageError(f"{target.shown} is the hub itself; name another store")
    return target
