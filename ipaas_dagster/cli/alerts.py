"""`ipaas alerts`: what is wrong now, and whether it is told."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command, say
from ipaas_dagster.cli.run import open_project

What = Annotated[
    Literal["list", "test"], typer.Argument(help="`list` the open causes, or send a `test` to the receiver.")
]


def alerts(what: What = "list", as_json: AsJson = False, debug: Debug = False) -> None:
    """Causes of alerts that are open now; they are looked at anew, and told where the preset `alerts` is on."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.alerts import check, switched_off, tell_test
        from ipaas_dagster.cli.tables import moment, table

        if what == "test":
            where = tell_test(project)
            report.show({"sent_to": where}, f"{where} took a test alert")
            return
        off, found = switched_off(project), check(project)
        rows = [[a.cause, a.message, moment(a.opened_at), moment(a.told_at) or a.trouble] for a in found]
        document = {"alerts": found, "switched_off": off}
        report.show(document, table("open alerts", ["cause", "says", "since (UTC)", "told (UTC)"], rows))
        if off:
            say(f"nothing is told to anybody: {off}")
