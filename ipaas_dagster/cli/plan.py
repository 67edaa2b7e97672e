"""`ipaas plan` and `ipaas apply`: what would be sent, exactly; then exactly that."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command, say
from ipaas_dagster.cli.run import open_project
from ipaas_dagster.errors import Stopped

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ipaas_dagster.plan import PlanFile

System = Annotated[str, typer.Argument(help="A system of the worksheet.")]
Out = Annotated[Path | None, typer.Option(help="Where the plan is written; none: it is only shown.")]
Shown = Annotated[int, typer.Option("--show", help="How many differences are shown one by one.")]


def plan(system: System, out: Out = None, show: Shown = 20, as_json: AsJson = False, debug: Debug = False) -> None:
    """The exact requests of the next delivery, as a difference to what the system last confirmed. Nothing is sent."""
    with command(as_json, debug) as report, open_project() as project, _place(out) as path:
        from ipaas_dagster.cli import choose
        from ipaas_dagster.destinations.base import Unreachable
        from ipaas_dagster.plan import make_plan

        (name,) = choose.systems(project, [system])
        try:
            made = make_plan(project, name, path)
        except Unreachable as error:
            raise Stopped(f"{name}: {error}; nothing was planned") from None
        document = {"header": made.header, "summary": made.summary, "out": str(out) if out else None}
        report.show(document, *([] if as_json else _shown(made, show)))
        if made.summary.stopped:
            say(f"{name}: {made.summary.stopped}; the plan ends there")
        if out:
            say(f"the plan is in {out}; `ipaas apply {out}` sends exactly it")


def apply(
    file: Annotated[Path, typer.Argument(help="A plan that `ipaas plan` wrote.")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Send exactly what was planned. Refuses, and sends nothing, where its records have moved on."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster import findings
        from ipaas_dagster.cli import tables
        from ipaas_dagster.destinations.base import Unreachable
        from ipaas_dagster.plan import apply as send
        from ipaas_dagster.plan import read_plan
        from ipaas_dagster.sync import Outcome

        read = read_plan(file)
        try:
            applied = send(project, read)
        except Unreachable as error:
            raise Stopped(f"{read.header.system}: {error}; nothing was sent") from None
        document = {"applied": applied.result, "batches": applied.batches, "skipped": applied.skipped}
        report.show(document, *([] if as_json else tables.outcome(Outcome(delivered=[applied.result]))))
        say(f"{applied.batches} of {read.summary.batches} batches were sent as planned")
        report.findings([*findings.of_delivery(project, applied.result), *applied.skipped])


@contextmanager
def _place(out: Path | None) -> Iterator[Path]:
    """The file to write to, or one that is gone afterwards."""
    if out:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="ipaas-plan-") as folder:
        yield Path(folder) / "plan"


def _shown(made: PlanFile, show: int) -> Sequence[RenderableType]:
    from rich.text import Text

    from ipaas_dagster.cli.tables import table

    summary = made.summary
    counts = [
        [name, *(by.get(what, 0) for what in ("create", "update", "delete", "refused"))]
        for name, by in summary.records.items()
    ]
    calls = f"{summary.requests:,} requests in {summary.batches:,} batches, {summary.bytes:,} bytes; "
    told = [calls + f"{summary.look_ups:,} questions were asked to make it", *summary.limits]
    if summary.waiting:
        waiting = ", ".join(f"{count:,} {state}" for state, count in summary.waiting.items())
        told.append(f"owed and not in this plan: {waiting}")
    rows = list(islice(_differences(made), show))
    total = sum(sum(by.values()) for by in summary.records.values())
    names = ["batch", "collection", "record", "does", "field", "confirmed", "planned"]
    some = len({(row[1], row[2]) for row in rows})
    title = f"differences to what {made.header.system} last confirmed ({some:,} of {total:,} records shown)"
    columns = ["collection", "create", "update", "delete", "refused"]
    return [table(f"plan for {made.header.system}", columns, counts), *map(Text, told), table(title, names, rows)]


def _differences(made: PlanFile) -> Iterator[list[Any]]:
    for batch in made.batches():
        for entry in batch.entries:
            first = [batch.number, batch.collection, entry.hub_id, entry.does]
            if not entry.changes:
                yield [*first, "", "", ""]
            for name, (before, after) in entry.changes.items():
                yield [*first, name, _value(before), _value(after)]


def _value(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
