"""`ipaas report`: the whole state as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

Out = Annotated[Path | None, typer.Option("--out", help="Where to write it; report.html in the state folder.")]


def report(out: Out = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """One HTML file, which opens without network: the flow with its sums, what is stuck and why, volume and lag over
    time, recent failures with their traces."""
    with command(as_json, debug) as said, open_project() as project:
        from ipaas_dagster.cli.status import document
        from ipaas_dagster.report import write_report

        file, facts = write_report(project, out)
        written = {"report": file, "bytes": file.stat().st_size}
        said.show(written | document(facts.status), facts.status.verdict.says, f"the report is {file}")
        said.findings(facts.status.findings)
