"""`ipaas sandbox`, `dev`, `demo`: what runs until it is interrupted, and the demo."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command, say

if TYPE_CHECKING:
    from ipaas_dagster.cli.processes import Installation

SANDBOX_PORT = 8800
UI_PORT = 3000
ACCOUNTS = 200

Port = Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0: any free port.")]
HttpsPort = Annotated[int | None, typer.Option(min=0, max=65535, help="Also over https there; 0: any free port.")]
Accounts = Annotated[int, typer.Option(min=0, help="Generated accounts beside the documented records.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same records.")]
Bad = Annotated[bool, typer.Option("--bad-records", help="Also a few records that no contract accepts.")]


def sandbox(
    port: Port = SANDBOX_PORT,
    https_port: HttpsPort = None,
    accounts: Accounts = ACCOUNTS,
    seed: Seed = 1,
    bad_records: Bad = False,
    debug: Debug = False,
) -> None:
    """Local stand-ins of every system, until interrupted. Nothing leaves this machine."""
    with command(as_json=False, debug=debug):
        from ipaas_dagster.errors import UsageError
        from ipaas_dagster.sandbox import serve

        try:
            serve(port=port, https_port=https_port, accounts=accounts, seed=seed, bad_records=bad_records)
        except OSError as error:
            if error.strerror is None:  # it is not of the port: its samples, such as
                raise UsageError(str(error)) from error
            taken = port if https_port is None else f"{port} or {https_port}"
            raise UsageError(f"port {taken} cannot be used ({error.strerror}); choose another: --port 0") from error


def dev(
    with_sandbox: Annotated[bool, typer.Option("--sandbox", help="Against local stand-ins.")] = False,
    port: Port = UI_PORT,
    debug: Debug = False,
) -> None:
    """The Dagster UI and its daemon, until interrupted; DAGSTER_HOME is set up."""
    with command(as_json=False, debug=debug) as report, ExitStack() as stack:
        from ipaas_dagster.cli.processes import installation
        from ipaas_dagster.settings import load

        given: dict[str, str] = {}
        if with_sandbox:
            from ipaas_dagster.sandbox import running_sandbox

            server = stack.enter_context(running_sandbox(accounts=ACCOUNTS, bad_records=True))
            given = server.environment
        report.exit_code = show_ui(installation(load(), given), port)


def show_ui(place: Installation, port: int) -> int:
    """Run Dagster's UI until somebody interrupts it."""
    from ipaas_dagster.cli.processes import dagster_dev, free_port, interruptible, wait_for

    chosen = free_port(port)
    with interruptible() as stop, dagster_dev(place, "127.0.0.1", chosen) as process:
        say(f"the Dagster UI: http://127.0.0.1:{chosen} (Ctrl-C ends it)")
        return wait_for(process, stop)


def demo(
    ui: Annotated[bool, typer.Option("--ui", help="Then leave the Dagster UI and the sandbox running.")] = False,
    port: Port = UI_PORT,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """The main job through Dagster against the sandbox: all of it, or an explanation of what is missing."""
    with command(as_json, debug) as report:
        from ipaas_dagster.cli.demo import run
        from ipaas_dagster.sandbox import running_sandbox

        with running_sandbox(accounts=ACCOUNTS, bad_records=True) as server:
            place = run(report, server)
            if ui and report.exit_code == 0:
                sys.stdout.flush()
                show_ui(place, port)
