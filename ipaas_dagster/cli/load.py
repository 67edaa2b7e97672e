"""`ipaas load`: the first load of a large collection by several processes, here and on other machines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, Report, command, say
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.load import Loaded
    from ipaas_dagster.project import Project
    from ipaas_dagster.source.loads import Load

Collection = Annotated[str, typer.Argument(help="One of Instagaze's large collections.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes on this machine.")]
Ranges = Annotated[int, typer.Option(min=1, help="Parts to cut the collection into; only who begins the load says.")]
Again = Annotated[bool, typer.Option("--again", help="Load anew what was loaded already.")]
NoMerge = Annotated[bool, typer.Option("--no-merge", help="Stop at the landings.")]


def load(
    collection: Collection,
    workers: Workers = 1,
    ranges: Ranges = 8,
    again: Again = False,
    no_merge: NoMerge = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Read a whole collection in ranges, several at once. The same command on another machine joins in."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli import choose
        from ipaas_dagster.load import Loaded, begin_load, work
        from ipaas_dagster.merge import merge

        choose.source(project)
        found = begin_load(project, collection, max(ranges, workers), again=again)
        if found is None:
            done = Loaded(collection, complete=True)
        elif workers == 1:
            done = work(project, found)
        else:
            done = _by_processes(project, found, workers, debug)
        merged = [] if no_merge or not done.complete else merge(project, [collection])
        report.show({"loaded": done, "merged": merged})
        _tell(report, done)


def _by_processes(project: Project, load: Load, workers: int, debug: bool) -> Loaded:
    """Workers of their own memory and processor; one that dies leaves its range to the others."""
    from ipaas_dagster.load import Loaded, is_complete

    words = ["load", load.collection, "--workers", "1", "--no-merge", "--json", *(["--debug"] if debug else [])]
    program = [sys.executable, "-m", "ipaas_dagster.cli", *words]
    started = [subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(workers)]
    done = Loaded(load.collection, all_ranges=len(load.ranges))
    for process in started:
        out, told = process.communicate()
        if process.returncode == 0:
            _add(done, json.loads(out)["loaded"])
        else:
            say(f"worker {process.pid} ended with {process.returncode}: {_last_line(told)}")
    done.complete = is_complete(project, load)
    return done


def _add(done: Loaded, part: dict[str, Any]) -> None:
    done.ranges += part["ranges"]
    done.fetched += part["fetched"]
    done.requests += part["requests"]


def _last_line(told: bytes) -> str:
    lines: Sequence[str] = told.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no words"


def _tell(report: Report, done: Loaded) -> None:
    if not done.complete:
        report.findings([f"{done.collection}: not all ranges are landed; run the same command again, it goes on there"])
        return
    say(
        f"{done.collection}: all ranges are landed, {done.ranges} of {done.all_ranges} by this command "
        f"({done.fetched:,} records, {done.requests:,} requests); polls go on from where the load began"
    )
