"""`ipaas replay`: landings merged again, or recorded changes rendered by another template; what would differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, Report, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ipaas_dagster.project import Project
    from ipaas_dagster.replay import Choice, Compared, Difference, Replayed
    from ipaas_dagster.replay.rendering import RenderedRoute, Since

Collections = Annotated[list[str] | None, typer.Argument(help="Instagaze's collections; none: all of them.")]
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="Landings observed from this UTC day on.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Landings observed up to this UTC day, included.")]
Landings = Annotated[list[str] | None, typer.Option("--landing", metavar="ID", help="Only this landing; repeatable.")]
Keep = Annotated[Path | None, typer.Option("--keep", metavar="FILE", help="Keep the replayed hub as this new file.")]
Limit = Annotated[int, typer.Option(min=0, help="Name at most so many differing records of each collection.")]
Template = Annotated[Path | None, typer.Option(metavar="FILE", help="Render recorded changes by this mapping file.")]
System = Annotated[str | None, typer.Option(help="With --template: the system that it is for.")]
Of = Annotated[str | None, typer.Option("--collection", help="With --template: only this hub collection.")]
SinceWhen = Annotated[str | None, typer.Option(metavar="SEQ|TIME", help="With --template: only changes since then.")]


def replay(
    collections: Collections = None,
    first: From = None,
    last: To = None,
    landing: Landings = None,
    keep: Keep = None,
    template: Template = None,
    system: System = None,
    collection: Of = None,
    since: SinceWhen = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Merge landings again by today's contracts, apart from the hub, and show what would differ.

    With --template: render recorded changes by another mapping file, and show what would differ. No system is called.
    """
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.errors import UsageError

        of_landings = bool(collections or first or last or landing or keep)
        if template is not None and system is not None and not of_landings:
            _render(report, project, template, system, collection, since, limit)
        elif template or system or collection or since:
            raise UsageError(
                "--template FILE and --system SYSTEM belong together, with --collection and --since where wanted; "
                "collections, --from, --to, --landing and --keep are for landings"
            )
        else:
            _merge(report, project, _choice(collections, first, last, landing), keep, limit)


def _merge(report: Report, project: Project, choice: Choice, keep: Path | None, limit: int) -> None:
    from ipaas_dagster.replay import replay as run

    result = run(project, choice, keep=keep, shown=limit)
    report.show(_document(result), *([] if report.as_json else _shown(result)))
    report.findings(result.findings)


def _render(
    report: Report, project: Project, file: Path, system: str, collection: str | None, since: str | None, limit: int
) -> None:
    from ipaas_dagster.replay.rendering import render_recorded

    routes = render_recorded(project, file, system, collection=collection, since=_since(since), shown=limit)
    document = {"equal": not any(route.in_words() for route in routes), "system": system, "routes": routes}
    report.show(document, *([] if report.as_json else _rendered(routes)))
    report.findings([words for route in routes if (words := route.in_words())])


def _since(text: str | None) -> Since:
    """A seq, or a time as ISO 8601 (UTC where it says no zone)."""
    from datetime import UTC, datetime

    from ipaas_dagster.errors import UsageError

    if text is None or text.isdigit():
        return int(text) if text else None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since {text!r} is neither a seq nor a time; write 1200 or 2026-01-31T12:00") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _rendered(routes: list[RenderedRoute]) -> Iterator[RenderableType]:
    from ipaas_dagster.cli.tables import table
    from ipaas_dagster.replay.rendering import VERDICTS

    if not routes:
        yield "every template of the file renders as today's does"
    rows = [
        [r.collection, r.template, r.records, *(r.verdicts.get(verdict, 0) for verdict in VERDICTS)] for r in routes
    ]
    yield table("recorded changes rendered", ["collection", "template", "records", *VERDICTS], rows)
    found = [one for route in routes for one in route.shown]
    details = [[d.hub_id, d.verdict, name, f.now, f.replayed, d.against] for d in found for name, f in d.fields.items()]
    details += [[d.hub_id, d.verdict, None, None, d.reason, d.against] for d in found if not d.fields]
    if details:
        yield table("differences", ["record", "verdict", "field", "old", "new", "old is"], details)


def _choice(collections: list[str] | None, first: str | None, last: str | None, landing: list[str] | None) -> Choice:
    from ipaas_dagster.cli import choose
    from ipaas_dagster.errors import UsageError
    from ipaas_dagster.replay import Choice
    from ipaas_dagster.source.collections import POLLED, SNAPSHOTS

    names = (*POLLED, *SNAPSHOTS)
    if landing and (collections or first or last):
        raise UsageError("--landing names the landings: use it without collections, --from and --to")
    chosen = choose.collections(collections or (), default=names, allowed=names) if collections else None
    window = choose.window(False, first, last)
    start, end = (window.start, window.end) if window is not None else (None, None)
    return Choice(tuple(chosen) if chosen else None, start, end, tuple(landing or ()))


def _document(result: Replayed) -> dict[str, Any]:
    return {
        "equal": not result.findings,
        "landings": result.landings,
        "records": result.records,
        "hub": result.kept,
        "damaged": result.damaged,
        "collections": result.compared,
    }


def _shown(result: Replayed) -> Iterator[RenderableType]:
    from ipaas_dagster.cli.tables import table

    counts = ["only now", "only replayed", "different", "versions", "rejects", "holds"]
    yield f"{result.landings:,} landings with {result.records:,} lines were merged again"
    if result.kept:
        yield f"the replayed hub is {result.kept}"
    rows = [_counted(one) for one in result.compared if one.now or one.replayed or one.differs]
    yield table("records now and replayed", ["collection", "now", "replayed", *counts], rows)
    yield from _details(result)


def _counted(one: Compared) -> list[Any]:
    records = one.records
    apart = [records.only_now, records.only_replayed, records.different]
    return [one.collection, one.now, one.replayed, *apart, one.versions.all, one.rejects.all, len(one.holds)]


def _details(result: Replayed) -> Iterator[RenderableType]:
    """Record by record, one row a field: old -> new."""
    from ipaas_dagster.cli.tables import table

    rows = [row for compared in result.compared for one in compared.shown for row in _rows(one)]
    for reject in (r for compared in result.compared for r in compared.rejects_shown):
        rows.append([reject.record, "rejected", "reasons", "; ".join(reject.now), "; ".join(reject.replayed)])
    if rows:
        yield table("differences", ["record", "kind", "field", "now", "replayed"], rows)


def _rows(one: Difference) -> list[list[Any]]:
    """The fields of a record, or of its versions where only these are different; one row where it stands alone."""
    if one.kind == "same":
        return [
            [one.hub_id, f"version {version.version}", name, field.now, field.replayed]
            for version in one.versions
            for name, field in version.fields.items()
        ]
    kind = one.kind.replace("_", " ")
    if one.kind != "different":
        return [[one.hub_id, kind, None, None, None]]
    return [[one.hub_id, kind, name, field.now, field.replayed] for name, field in one.fields.items()]
