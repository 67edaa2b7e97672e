"""What a command says and how it ends: tables for people, or one JSON document, and the exit code.

Standard output holds the result alone; progress, remarks, findings and errors go to standard error.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.errors import IpaasError, NotAccounted, unexpected

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an unexpected error arose.")]

INTERRUPTED = 130
PIPED_WIDTH = 160
"""Columns of a table where no terminal says how wide it is."""


class Report:
    """Collects what a command has to say. Findings are new and make the exit code 1."""

    def __init__(self, *, as_json: bool, debug: bool) -> None:
        self.as_json, self.debug = as_json, debug
        self.document: dict[str, Any] = {}
        self.exit_code = 0

    def show(self, document: Mapping[str, Any], *shown: RenderableType) -> None:
        """Add to the JSON document, or print what is shown to people instead."""
        self.document |= document
        if not self.as_json:
            console = console_on(sys.stdout)
            for part in shown:
                console.print(part)

    def findings(self, new: Sequence[str], unexpected: Sequence[Exception] = ()) -> None:
        self.document["findings"] = list(new)
        if new:
            self.exit_code = 1
            say(f"{len(new)} new {'finding' if len(new) == 1 else 'findings'}:")
        for finding in new:
            say(f"  {finding}")
        for error in unexpected if self.debug else ():
            say("".join(traceback.format_exception(error)))

    def fail(self, message: str, exit_code: int) -> None:
        self.document["error"] = message
        self.exit_code = exit_code
        say(f"ipaas: {message}")

    def finish(self) -> None:
        if self.as_json:
            ended = {"ok": self.exit_code == 0, "exit_code": self.exit_code}
            sys.stdout.write(json.dumps(ended | self.document, default=plain, ensure_ascii=False, indent=2) + "\n")
        if self.exit_code:
            raise typer.Exit(self.exit_code)


@contextmanager
def command(as_json: bool, debug: bool) -> Iterator[Report]:
    """The frame of every command: whatever happens inside becomes one report and one exit code."""
    report = Report(as_json=as_json, debug=debug)
    try:
        yield report
    except NotAccounted as error:
        report.findings(error.findings)
    except IpaasError as error:
        report.fail(str(error), error.exit_code)
        _trace(debug)
    except KeyboardInterrupt:
        report.fail("interrupted; what was committed stays, the next run goes on from there", INTERRUPTED)
    except Exception as error:
        hint = "" if debug else " (--debug shows where)"
        report.fail(f"{unexpected(error)}{hint}", 1)
        _trace(debug)
    report.finish()


def _trace(debug: bool) -> None:
    if debug:
        sys.stderr.write(traceback.format_exc())


def say(text: str) -> None:
    """One line for a person on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def console_on(stream: Any) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False)


def plain(value: object) -> object:
    """A value as JSON knows it: times as ISO 8601, declared results by their fields."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Path):
        return str(value)
    return str(value)
