"""Approved mappings of pipelines, each pinned as a file: `mappings/pipelines/<system>.<collection>.yaml`.

It holds what the pipeline said when it was approved, with a digest of that. A file that was changed by hand is refused:
what is sent must be what was approved.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping.declared import Declared, Where, load
from ipaas_dagster.mapping.kinds import Kind
from ipaas_dagster.mapping.known import known_objects
from ipaas_dagster.mapping.pipeline import TEMPLATE, MappedField, Pipeline, Unusable, digest_of, template_words
from ipaas_dagster.mapping.template import Template

_HEAD = """\
# What Instagaze's pipeline says, as it was approved. Not edited by hand: `ipaas pipelines diff` shows what has
# changed there since, `ipaas pipelines approve {name}` takes it over.
"""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True)
class Pin:
    """`digest` is that of the other fields."""

    pipeline: str
    module: str
    object: str
    external_object: str
    digest: str
    fields: tuple[MappedField, ...]


def pin_of(pipeline: Pipeline) -> Pin:
    own = pipeline.module, pipeline.object, pipeline.external_object
    return Pin(pipeline.id, *own, pipeline.digest, pipeline.fields)


def pin_file(folder: Path, system: str, collection: str) -> Path:
    return folder / "mappings" / "pipelines" / f"{system}.{collection}.yaml"


def read_pin(folder: Path, system: str, collection: str) -> tuple[Pin, Declared] | None:
    """None where nothing is pinned. Raises DeclarationError at the line of what is wrong."""
    from ipaas_dagster.mapping.form import check_form
    from ipaas_dagster.mapping.pin_words import PinFile

    path = pin_file(folder, system, collection)
    if not path.is_file():
        return None
    declared = load(path)
    words = check_form(PinFile, declared)
    fields = tuple(
        MappedField(name, one.field, one.push_modifier, one.read_only, one.custom, one.required)
        for name, one in words.fields.items()
    )
    own = words.pipeline.module, words.pipeline.object, words.pipeline.external_object
    if digest_of(*own, fields) != words.pipeline.digest:
        message = (
            f"this was changed after it was approved; `ipaas pipelines approve {system}/{collection}` makes it anew"
        )
        raise declared.error(("pipeline", "digest"), message)
    return Pin(str(words.pipeline.id), *own, words.pipeline.digest, fields), declared


def write_pin(folder: Path, system: str, collection: str, pin: Pin) -> Path:
    """Whole or not at all. Raises OSError."""
    own = {"id": pin.pipeline, "module": pin.module, "object": pin.object, "external_object": pin.external_object}
    lines = ["pipeline:", *(f"  {name}: {_text(value)}" for name, value in {**own, "digest": pin.digest}.items())]
    lines.append("fields:")
    for field in pin.fields:
        lines += [f"  {_text(field.external)}:", *(f"    {line}" for line in _words(field))]
    path = pin_file(folder, system, collection)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    head = _HEAD.format(name=f"{system}/{collection}")
    part.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    crash_point("pin.written")
    os.replace(part, path)
    crash_point("pin.replaced")
    return path


def _words(field: MappedField) -> Iterator[str]:
    yield f"field: {_text(field.field)}"
    if field.push_modifier is not None:
        yield f"push_modifier: {_text(field.push_modifier)}"
    yield from (f"{name}: true" for name in ("required", "read_only", "custom") if getattr(field, name))


def _text(value: str) -> str:
    """A YAML scalar that is this text, whatever is in it: plain where it can be, else in double quotes."""
    if _PLAIN.fullmatch(value) and value not in ("null", "true", "false"):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)


def template_of(pin: Pin, collection: str, kind: Kind, declared: Declared | None = None) -> Template:
    """Every name checked against the hub's contract and the system's objects, modifiers compiled. Raises
    DeclarationError; `declared` is the file that the pin stands in, None: it is not pinned yet."""
    from ipaas_dagster.mapping.form import check_form
    from ipaas_dagster.mapping.language import MappingFile
    from ipaas_dagster.mapping.reading_template import read_template

    file = declared.file if declared else f"pipeline {pin.pipeline}"
    try:
        words = template_words(pin.object, pin.external_object, pin.fields, collection, kind.name)
    except Unusable as unusable:
        raise DeclarationError(str(unusable), file=file) from None
    made = Declared(file, {TEMPLATE: words}, _moved(declared))
    template = check_form(MappingFile, made).root[TEMPLATE]
    return replace(read_template(TEMPLATE, template, kind, made, known_objects(kind.name)), name=TEMPLATE)


def _moved(declared: Declared | None) -> Mapping[Where, int]:
    """Lines of the pinned fields, as those of the template that they become."""
    if declared is None:
        return {}
    fields = {(TEMPLATE, *where): line for where, line in declared.lines.items() if where[:1] == ("fields",)}
    return {**fields, (TEMPLATE,): declared.lines.get(("pipeline",), 1), (): 1}
