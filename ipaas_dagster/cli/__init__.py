"""The `ipaas` command: words in, one use case, a report and an exit code out.

    run.py      sync, deliver, reconcile           look.py   status, worksheet, check, files
    rejects.py, dead.py  and filters.py            serve.py  sandbox, dev, demo
    report.py   what is printed, exit codes        progress.py, tables.py, choose.py   how

Everything heavy is imported inside the command that needs it: `ipaas --help` answers at once.
"""

from __future__ import annotations


def main() -> None:
    """Run the command. Exit codes: 0 all accounted for, 1 something new needs a person, 2 wrong usage."""
    from ipaas_dagster.cli.app import app

    app()
