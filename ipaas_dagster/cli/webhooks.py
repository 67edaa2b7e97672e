"""`ipaas webhooks`: the receiver, until interrupted."""

from __future__ import annotations

from typing import Annotated

import typer

from ipaas_dagster.cli.report import Debug, command
from ipaas_dagster.cli.run import open_project

WEBHOOKS_PORT = 8900

Host = Annotated[str, typer.Option(help="Where it listens; put a proxy with TLS before it.")]
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
