"""`ipaas webhooks`: the receiver, until interrupted; what it took in; switching webhooks on and off."""

from __future__ import annotations

from typing import Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

WEBHOOKS_PORT = 8900

Host = Annotated[str, typer.Option(help="Where it listens; put a proxy with TLS before it.")]
System = Annotated[str, typer.Argument(help="A system of the worksheet.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")]


def webhooks(
    context: typer.Context, host: Host = "127.0.0.1", port: Port = WEBHOOKS_PORT, debug: Debug = False
) -> None:
    """Take webhooks in, until interrupted: verified, stored, then answered."""
    if context.invoked_subcommand is not None:
        return
    with command(as_json=False, debug=debug) as report, open_project() as project:
        from ipaas_dagster.webhooks.serving import serve

        counts = serve(project, host, port)
        said = f"{counts.stored:,} events stored, {counts.known:,} known already, {counts.failed:,} requests not stored"
        report.show({"stored": counts.stored, "known": counts.known, "failed": counts.failed}, said)


def switch_on(system: System, as_json: AsJson = False, debug: Debug = False) -> None:
    """Have a system send its webhooks here, where its API can be told so."""
    _switch(system, True, as_json, debug)


def switch_off(system: System, as_json: AsJson = False, debug: Debug = False) -> None:
    """Have a system send no more webhooks, where its API can be told so."""
    _switch(system, False, as_json, debug)


def _switch(system: str, on: bool, as_json: bool, debug: bool) -> None:
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.webhooks.switching import switch

        done = switch(project, system, on)
        report.show({"system": system, "on": on, "done": done}, done)


def inbox(as_json: AsJson = False, debug: Debug = False) -> None:
    """What came in and is not done yet, or was ignored, with the reason."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import moment, table
        from ipaas_dagster.webhooks.hints import standing

        found = standing(project)
        rows = [[s.system, s.collection, s.state, s.events, moment(s.since), s.reason] for s in found]
        columns = ["system", "collection", "state", "events", "since (UTC)", "reason"]
        report.show({"inbox": found}, table("webhooks that came in", columns, rows))
