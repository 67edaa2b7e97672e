"""`ipaas resume`: let a paused system or route go on."""

from __future__ import annotations

from typing import Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command, say
from ipaas_dagster.cli.run import open_project
from ipaas_dagster.errors import UsageError

Name = Annotated[str | None, typer.Argument(metavar="[SYSTEM[/COLLECTION]]", help="None: what is paused is listed.")]


def resume(name: Name = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Let a paused system, or one of its routes, go on; what is owed is sent with the next delivery."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import moment, table
        from ipaas_dagster.outbox.pauses import read_pauses
        from ipaas_dagster.outbox.pauses import resume as let_go_on

        with project.operations.read() as connection:
            paused = read_pauses(connection)
        if name is None:
            rows = [[pause.name, pause.reason, moment(pause.paused_at)] for pause in paused]
            documents = [pause._asdict() for pause in paused]
            report.show({"paused": documents}, table("paused", ["name", "reason", "since (UTC)"], rows))
            return
        system, _, collection = name.partition("/")
        with project.operations.write() as connection:
            ended = let_go_on(connection, system, collection or None)
        if not ended:
            names = ", ".join(pause.name for pause in paused) or "nothing is"
            raise UsageError(f"{name} is not paused (paused: {names})")
        report.show({"resumed": name})
        say(f"{name} goes on; what is owed is sent by `ipaas deliver {system}`, the next sync or the delivery sensor")
