"""From the declaration files to a checked worksheet; what the files mean together is checked here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.mapping.conditions import read_filter
from ipaas_dagster.mapping.declared import Declared, load
from ipaas_dagster.mapping.form import check_form
from ipaas_dagster.mapping.kinds import Kind, PresetField, kind, kind_names
from ipaas_dagster.mapping.known import known_objects
from ipaas_dagster.mapping.language import MappingFile, RowWords, SystemWords, WorksheetFile
from ipaas_dagster.mapping.pins import read_pin, template_of
from ipaas_dagster.mapping.pipeline import TEMPLATE
from ipaas_dagster.mapping.presets import Presets, load_presets
from ipaas_dagster.mapping.reading_template import read_template
from ipaas_dagster.mapping.receiving import RECEIVING
from ipaas_dagster.mapping.route import Route
from ipaas_dagster.mapping.template import Template, hub_columns
from ipaas_dagster.mapping.worksheet import FILE, NotCarried, PipelineRow, System, Worksheet
from ipaas_dagster.records import SOURCE_SYSTEM

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = ("hub", "instagaze_reference")
"""Names of asset groups, which a system's name would share."""

Templates = Mapping[str, Template]


def read_worksheet(folder: Path, trial: Mapping[str, Path] | None = None) -> Worksheet:
    """`trial`: a mapping file by system, whose templates stand for those of the same name."""
    declared = load(folder / FILE)
    words = check_form(WorksheetFile, declared)
    presets = load_presets(folder)
    systems = tuple(_system(name, one, declared) for name, one in words.systems.items())
    for system in systems:
        _check_preset(system, declared, presets)
        _check_webhooks(system, declared, presets)
    moved = [row for row in words.rows if row.direction != "none"]
    piped = {row.system for row in moved if row.template == TEMPLATE}
    piped -= {row.system for row in moved if row.template != TEMPLATE}
    files = {
        system.name: _templates(folder, system, words.systems[system.name], declared, needed=system.name not in piped)
        for system in systems
        if not system.is_source
    }
    for name, path in (trial or {}).items():
        files[name] = {**files[name], **read_templates(path, next(s.kind for s in systems if s.name == name))}
    reader = _Rows(declared, {system.name: system for system in systems}, files, folder)
    for number, row in enumerate(words.rows):
        reader.read(number, row)
    return reader.worksheet(presets)


def _system(name: str, words: SystemWords, declared: Declared) -> System:
    where = ("systems", name)
    if not _NAME.fullmatch(name) or name in _TAKEN:
        taken = " or ".join(_TAKEN)
        message = f"{name!r} cannot be a system's name: small letters, digits and _, and not {taken}"
        raise declared.error(where, message)
    if words.kind not in kind_names():
        raise declared.error((*where, "kind"), f"unknown kind {words.kind!r}", given=words.kind, allowed=kind_names())
    known = kind(words.kind)
    if known.is_source and name == SOURCE_SYSTEM:
        _check_source(words, declared)
        return System(name, known, None, words.enabled, words.webhooks)
    if name == SOURCE_SYSTEM:
        raise declared.error(where, f"{name!r} is the source's name; give this {words.kind} system another")
    return System(name, known, words.preset or name, words.enabled, words.webhooks)


def _check_source(words: SystemWords, declared: Declared) -> None:
    where = ("systems", SOURCE_SYSTEM)
    for field in ("preset", "templates"):
        if field in words.model_fields_set:
            message = f"the source has no {field}; INSTAGAZE_BASE_URL and INSTAGAZE_TOKEN connect it"
            raise declared.error((*where, field), message)


def _check_preset(system: System, declared: Declared, presets: Presets) -> None:
    if system.preset is None:
        return
    if system.preset not in presets.fields:
        where = ("systems", system.name, "preset")
        note = f"; the source, which has none, is named {SOURCE_SYSTEM!r}" if system.kind.is_source else ""
        message = f"system {system.name!r}: unknown preset {system.preset!r}{note}"
        raise declared.error(where, message, given=system.preset, allowed=tuple(presets.fields))
    _check_fields(system.preset, system.kind.name, system.kind.fields, presets)


def _check_webhooks(system: System, declared: Declared, presets: Presets) -> None:
    if system.webhooks is None:
        return
    if system.webhooks not in presets.fields:
        where = ("systems", system.name, "webhooks")
        message = f"system {system.name!r}: unknown preset {system.webhooks!r}"
        raise declared.error(where, message, given=system.webhooks, allowed=tuple(presets.fields))
    _check_fields(system.webhooks, "webhooks", RECEIVING, presets)


def _check_fields(preset: str, what: str, known: Sequence[PresetField], presets: Presets) -> None:
    fields, allowed = presets.fields[preset], tuple(field.name for field in known)
    for name in fields:
        if name not in allowed:
            message = f"a {what} preset has no field {name!r}"
            raise presets.declared.error((preset, name), message, given=name, allowed=allowed)
    for field in known:
        if field.required and fields.get(field.name) is None:
            message = f"preset {preset!r} of a {what} system needs the field {field.name!r}"
            raise presets.declared.error((preset,), message)


def _templates(
    folder: Path, system: System, words: SystemWords, worksheet: Declared, *, needed: bool = True
) -> Templates:
    """A system that only pipelines map may have no file of its own."""
    path = folder / (words.templates or f"mappings/{system.name}.yaml")
    if not path.is_file() and not needed and words.templates is None:
        return {}
    if not path.is_file():
        message = f"system {system.name!r}: there is no mapping file {path.relative_to(folder)}"
        raise worksheet.error(("systems", system.name, "templates"), message)
    return read_templates(path, system.kind)


def read_templates(path: Path, of: Kind) -> Templates:
    """The templates of one mapping file, by name, checked against the kind of system they are for."""
    declared = load(path)
    found = check_form(MappingFile, declared).root
    known = known_objects(of.name)
    return {name: read_template(name, template, of, declared, known) for name, template in found.items()}


class _Rows:
    """Collects the rows one after the other, since each is also checked against those before it."""

    def __init__(
        self, declared: Declared, systems: Mapping[str, System], files: Mapping[str, Templates], folder: Path
    ) -> None:
        self._declared, self._systems, self._files, self._folder = declared, systems, files, folder
        self._pipelines: list[PipelineRow] = []
        self._lines: dict[tuple[str, str], int | None] = {}
        self._inbound: list[str] = []
        self._routes: dict[tuple[str, str], tuple[int, Route]] = {}
        self._not_carried: list[NotCarried] = []

    def read(self, number: int, row: RowWords) -> None:
        names = tuple(collection.name for collection in contracts.COLLECTIONS)
        self._must_be(number, "collection", "hub collection", row.collection, names)
        self._must_be(number, "system", "system", row.system, tuple(self._systems))
        self._only_once(number, row)
        system = self._systems[row.system]
        if row.reason is not None and row.direction != "none":
            raise self._error(number, "reason", "`reason` is for rows that move nothing (`direction: none`)")
        if row.direction == "none":
            self._read_not_carried(number, row)
        elif system.is_source:
            self._read_inbound(number, row)
        elif (route := self._route(number, row, system)) is not None:
            self._routes[row.system, row.collection] = number, route

    def _must_be(self, number: int, field: str, what: str, given: str, allowed: tuple[str, ...]) -> None:
        if given not in allowed:
            raise self._error(number, field, f"unknown {what} {given!r}", given=given, allowed=allowed)

    def _only_once(self, number: int, row: RowWords) -> None:
        pair = row.collection, row.system
        if pair in self._lines:
            message = f"{row.collection} and {row.system} have a row already, on line {self._lines[pair]}"
            raise self._error(number, "collection", message)
        self._lines[pair] = self._declared.line(("rows", number))

    def _read_not_carried(self, number: int, row: RowWords) -> None:
        for field in ("template", "deletes", "filter", "pipeline"):
            if field in row.model_fields_set:
                raise self._error(number, field, f"{field!r} is for rows that move something")
        if not row.reason:
            message = f"say why {row.system} does not carry {row.collection}: `reason: ...`"
            raise self._error(number, "direction", message)
        self._not_carried.append(NotCarried(row.collection, row.system, row.reason))

    def _read_inbound(self, number: int, row: RowWords) -> None:
        if row.direction != "to":
            message = f"{row.system} is only read, `to` the hub; {row.direction!r} is not supported yet"
            raise self._error(number, "direction", message, allowed=("to",))
        for field in ("template", "deletes", "filter"):
            if field in row.model_fields_set:
                raise self._error(number, field, f"{field!r} is for rows from the hub")
        self._inbound.append(row.collection)

    def _route(self, number: int, row: RowWords, system: System) -> Route | None:
        """None where its pipeline's mapping is not pinned yet."""
        if row.direction != "from":
            message = f"reading from {row.system} ({row.direction!r}) is not supported yet"
            raise self._error(number, "direction", message, allowed=("from",))
        template = self._pinned(row, system) if row.template == TEMPLATE else self._template(number, row)
        if row.pipeline is not None and row.template != TEMPLATE:
            raise self._error(number, "pipeline", f"`pipeline` is for rows that say `template: {TEMPLATE}`")
        if template is None:
            return None
        columns = hub_columns(contracts.collection(row.collection))
        row_filter = read_filter(row.filter, columns, self._declared, ("rows", number, "filter"))
        deletes, name = row.deletes or "delete", system.kind.name
        return Route(row.system, name, row.collection, template, system.preset, deletes, template.filter + row_filter)

    def _pinned(self, row: RowWords, system: System) -> Template | None:
        found = read_pin(self._folder, row.system, row.collection)
        wanted = None if row.pipeline is None else str(row.pipeline)
        self._pipelines.append(PipelineRow(row.collection, row.system, wanted, found is not None))
        return None if found is None else template_of(found[0], row.collection, system.kind, found[1])

    def _template(self, number: int, row: RowWords) -> Template:
        name, templates = row.template or row.collection, self._files[row.system]
        if name not in templates:
            field = "template" if row.template else "collection"
            message = f"system {row.system!r} has no template {name!r}"
            raise self._error(number, field, message, given=name, allowed=tuple(templates))
        if templates[name].collection != row.collection:
            message = f"the template {name!r} is one of {templates[name].collection}, not of {row.collection}"
            raise self._error(number, "template", message)
        return templates[name]

    def worksheet(self, presets: Presets) -> Worksheet:
        for number, route in self._routes.values():
            self._check_nested(number, route)
            self._check_references(number, route)
        order = [collection.name for collection in contracts.COLLECTIONS]
        systems = list(self._systems)
        routes = sorted(
            (r for _, r in self._routes.values()),
            key=lambda r: (systems.index(r.system), order.index(r.collection)),
        )
        inbound = tuple(name for name in order if name in self._inbound)
        return Worksheet(
            self._declared.file,
            tuple(self._systems.values()),
            inbound,
            tuple(routes),
            presets,
            not_carried=tuple(self._not_carried),
            pipelines=tuple(self._pipelines),
        )

    def _check_nested(self, number: int, route: Route) -> None:
        """Each change of a nested record counts for its parent's route, so it can have none of its own."""
        for collection in route.nested:
            if (collection, route.system) in self._lines:
                message = (
                    f"the template {route.template.name!r} nests {collection} in {route.collection}; "
                    f"{collection} and {route.system} can have no row beside it (line "
                    f"{self._lines[collection, route.system]})"
                )
                raise self._error(number, "collection", message)

    def _check_references(self, number: int, route: Route) -> None:
        """A record that waits for one that is never sent would wait for ever."""
        if self._systems[route.system].kind.keeps_hub_ids:
            return
        waiting = {(one.system, one.collection) for one in self._pipelines}
        for collection in route.references:
            if (route.system, collection) not in {*self._routes, *waiting}:
                message = f"{route.collection} refer to {collection}, which have no row to {route.system}"
                raise self._error(number, "collection", message)

    def _error(self, number: int, field: str, message: str, **more: Any) -> Exception:
        return self._declared.error(("rows", number, field), message, **more)
