"""`ipaas template check`, `render`: templates, looked at without sending anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.mapping import TargetField
    from ipaas_dagster.preview import CheckedRoute, Preview
    from ipaas_dagster.project import Project


def check(
    system: Annotated[str | None, typer.Argument(help="A system of the worksheet; all of them if absent.")] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check every name in worksheet, presets and templates, and render one record of each route."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import table
        from ipaas_dagster.preview import check_templates

        checked = check_templates(project, system)
        rows = [[r.system, r.collection, r.object, r.template, len(r.fields), _sample(r)] for r in checked]
        columns = ["system", "collection", "object", "template", "fields", "one record rendered"]
        parts: list[Any] = [] if as_json else [table("routes", columns, rows), *_fields(checked)]
        report.show({"routes": [_document(route) for route in checked]}, *parts)
        report.findings([f"{r.system}/{r.collection}: {r.sample}: {r.error}" for r in checked if r.sample and r.error])


def _sample(route: CheckedRoute) -> str:
    which = route.sample or "a made-up one, for the hub has none"
    return f"{which}: {route.error}" if route.error else which


def _fields(checked: list[CheckedRoute]) -> Iterator[Any]:
    from ipaas_dagster.cli.tables import table

    for route in checked:
        rows = [[name, field.type, _source(field), _marks(field)] for name, field in _listed(route.fields)]
        yield table(f"{route.system}: {route.collection} -> {route.object}", ["field", "type", "from", ""], rows)


def _listed(fields: tuple[TargetField, ...], before: str = "") -> Iterator[tuple[str, TargetField]]:
    for field in fields:
        yield before + field.name, field
        if field.child is not None:
            yield from _listed(field.child.targets, f"{before}{field.name}.")


def _source(field: TargetField) -> str:
    if field.child is not None:
        return f"list of {field.child.collection}"
    if field.by is not None:
        return f"{field.references} whose {field.by} is {field.column}"
    return field.column if field.column is not None else repr(field.constant)


def _marks(field: TargetField) -> str:
    told = ("required", field.required), ("read-only", field.read_only), ("custom", field.custom)
    marks = [word for word, holds in told if holds]
    marks += [f"refers to {field.references}"] if field.references else []
    marks += [f"at most {field.length} characters"] if field.length else []
    return ", ".join([*marks, *(modifier.words for modifier in field.modifiers)])


def _document(route: CheckedRoute) -> dict[str, Any]:
    fields = [
        {"name": name, "type": field.type, "from": _source(field), "says": _marks(field)}
        for name, field in _listed(route.fields)
    ]
    said = {"sample": route.sample or None, "error": route.error or None}
    of = {"system": route.system, "collection": route.collection}
    return {**of, "object": route.object, "template": route.template, "fields": fields, **said}


HubId = Annotated[str, typer.Argument(help="The record's hub id, such as instagaze:accounts:42.", metavar="HUB_ID")]
System = Annotated[str, typer.Argument(help="A system of the worksheet.")]
Trial = Annotated[
    Path | None,
    typer.Option("--template", help="A mapping file whose templates stand for those of the same name.", exists=True),
]


def render(
    hub_id: HubId, system: System, template: Trial = None, as_json: AsJson = False, debug: Debug = False
) -> None:
    """The payload that a system would be sent for one record now. Sends nothing, writes nothing."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.preview import preview
        from ipaas_dagster.trace.subject import find

        subject = find(project, hub_id)
        shown = preview(_with(project, system, template), subject.collection.name, subject.hub_id, system)
        report.show(_said(shown), *([] if as_json else _parts(shown)))
        report.findings([f"{system}/{shown.collection}: {shown.says}"] if shown.outcome == "error" else [])


def _with(project: Project, system: str, file: Path | None) -> Project:
    if file is not None:
        from ipaas_dagster.mapping import load_worksheet

        project.worksheet.system(system)
        project.__dict__["worksheet"] = load_worksheet(project.settings.config, {system: file})
    return project


def _said(shown: Preview) -> dict[str, Any]:
    of = {"hub_id": shown.hub_id, "system": shown.system, "collection": shown.collection, "object": shown.object}
    said = {"template": shown.template, "outcome": shown.outcome, "says": shown.says, "delivered": shown.delivered}
    return {**of, **said, "payload": shown.payload, "references": list(shown.references)}


_DELIVERED = {
    "same": "the system has confirmed this payload",
    "differs": "the system has confirmed another payload",
    "never": "the system has confirmed none yet",
}


def _parts(shown: Preview) -> Iterator[Any]:
    from rich.markup import escape

    from ipaas_dagster.cli.tables import table

    of = f"{shown.hub_id} -> {shown.system} {shown.object} (template {shown.template})"
    yield escape(f"{of}: {shown.outcome}" + (f": {shown.says}" if shown.says else ""))
    if shown.payload is not None:
        yield escape(_json(shown.payload))
    if shown.references:
        rows = [[one.collection, one.hub_id, one.id or "not there yet"] for one in shown.references]
        yield table("references", ["collection", "hub id", "id there"], rows)
    if shown.delivered is not None:
        yield _DELIVERED[shown.delivered]


def _json(payload: Any) -> str:
    import json

    from ipaas_dagster.cli.report import plain

    return json.dumps(payload, default=plain, ensure_ascii=False, indent=2)
