"""`ipaas pipelines`: what Instagaze's pipelines say now against what was approved, and taking it over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command, say
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ipaas_dagster.pipelines import Standing

Name = Annotated[str | None, typer.Argument(metavar="[SYSTEM/COLLECTION]", help="None: every row that follows one.")]


def diff(name: Name = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Field by field, what a pipeline says now and what was approved. Ends with 1 where a person has to look."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.errors import UsageError
        from ipaas_dagster.pipelines import standings

        found = [one for one in standings(project) if name in (None, one.name)]
        if name is not None and not found:
            raise UsageError(f"{name} has no row with `template: instagaze`")
        report.show({"pipelines": [_document(one) for one in found]}, *_shown(found))
        report.findings([one.in_words() for one in found if one.waits])


def approve(name: Name = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Pin what the pipelines say now, after checking it. The next delivery compares every record of these routes."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.pipelines import approve as take_over

        project.say = say
        pinned, left = take_over(project, name)
        document = {"approved": [one.name for one in pinned], "refused": [one.name for one in left]}
        report.show(document, *_shown(pinned))
        if not pinned and not left:
            say("nothing waits: every mapping is as approved")
        report.findings([one.in_words() for one in left])


def _document(one: Standing) -> dict[str, Any]:
    return {
        "system": one.system,
        "collection": one.collection,
        "pipeline": one.pipeline.id if one.pipeline else None,
        "state": one.state,
        "reason": one.reason or None,
        "differences": list(one.differences),
    }


def _shown(found: list[Standing]) -> Iterator[RenderableType]:
    from rich.markup import escape

    from ipaas_dagster.cli.tables import table

    for one in found:
        if not one.differences:
            yield escape(one.in_words())
            continue
        rows = [[each.field or "(all)", each.what, _text(each.approved), _text(each.now)] for each in one.differences]
        title = f"{one.name}: {one.pipeline}, {one.state}"
        yield table(title, ["field", "what", "approved", "now"], rows)


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
