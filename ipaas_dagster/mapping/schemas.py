"""JSON Schemas of the declaration files, so that editors complete names and mark mistakes while one types.

They are made from the words of the files and from the hub's contracts, and stand in `data/schemas/`; a test
holds them equal. After a change of either: `python -m ipaas_dagster.mapping.schemas data/schemas`.
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.mapping.kinds import KINDS
from ipaas_dagster.mapping.language import MappingFile, PresetsFile, WorksheetFile
from ipaas_dagster.mapping.ready_made import READY_MADE
from ipaas_dagster.mapping.receiving import RECEIVING
from ipaas_dagster.mapping.template import hub_columns

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """File name -> JSON Schema (draft 2020-12)."""
    return {
        "worksheet.schema.json": _worksheet(),
        "presets.schema.json": _presets(),
        "mapping.schema.json": _mapping(),
    }


def write_schemas(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_text(schema_text(schema), encoding="utf-8")


def schema_text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _titled(schema: Schema, title: str) -> Schema:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_plain(schema), "title": title}


def _plain(schema: Any) -> Any:
    """Without pydantic's titles, which only repeat the names."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _plain(one) for name, one in schema.items() if not (name == "title" and isinstance(one, str))}


def _names(names: Any) -> Schema:
    return {"type": "string", "enum": list(names)}


def _worksheet() -> Schema:
    schema = WorksheetFile.model_json_schema()
    row, system = schema["$defs"]["RowWords"]["properties"], schema["$defs"]["SystemWords"]["properties"]
    row["collection"] = _names(collection.name for collection in contracts.COLLECTIONS)
    described = "; ".join(f"{kind.name}: {kind.description}" for kind in KINDS)
    system["kind"] = {**_names(kind.name for kind in KINDS), "description": described}
    return _titled(schema, "Worksheet")


def _presets() -> Schema:
    """The fields of every kind are offered; which of them fit is known only with the system that uses it."""
    schema = PresetsFile.model_json_schema()
    fields = {field.name: field.description for kind in KINDS for field in kind.fields}
    fields = {field.name: field.description for field in RECEIVING} | fields
    preset = schema["additionalProperties"]
    preset["properties"] = {
        name: {"type": ["string", "integer", "boolean"], "description": description}
        for name, description in sorted(fields.items())
    }
    return _titled(schema, "Presets")


def _mapping() -> Schema:
    schema = MappingFile.model_json_schema()
    defs = schema["$defs"]
    defs["modifier"] = _modifier()
    defs["FieldWords"]["properties"]["modifier"]["$ref"] = "#/$defs/modifier"
    schema["properties"] = {}
    defs["ReferenceWords"]["properties"]["collection"] = _names(c.name for c in contracts.COLLECTIONS)
    for collection in contracts.COLLECTIONS:
        defs[f"{collection.name}_field"] = _field_of(collection, defs["FieldWords"])
        if collection.parent is not None:
            defs[f"{collection.name}_child"] = _child_of(collection, defs["ChildWords"])
        defs[f"{collection.name}_template"] = _template_of(collection, defs["TemplateWords"])
        schema["properties"][collection.name] = {"$ref": f"#/$defs/{collection.name}_template"}
    return _titled(schema, "Templates of one system")


def _field_of(collection: Collection, words: Schema) -> Schema:
    schema = copy.deepcopy(words)
    described = {name: words["properties"][name]["description"] for name in ("from", "reference")}
    found = {"$ref": "#/$defs/ReferenceWords"}
    refers = {"anyOf": [_names(collection.references), found]} if collection.references else found
    schema["properties"]["from"] = {**_names(hub_columns(collection)), "description": described["from"]}
    schema["properties"]["reference"] = {**refers, "description": described["reference"]}
    return schema


def _template_of(collection: Collection, words: Schema) -> Schema:
    schema = _with_columns(collection, words)
    children = [c.name for c in contracts.COLLECTIONS if c.parent == collection.name]
    if children:
        nested = {"anyOf": [{"$ref": f"#/$defs/{name}_child"} for name in children]}
        schema["properties"]["children"]["additionalProperties"] = nested
    else:
        del schema["properties"]["children"]
    schema["description"] = collection.description
    return schema


def _child_of(collection: Collection, words: Schema) -> Schema:
    schema = _with_columns(collection, words)
    schema["properties"]["collection"] = _names([collection.name])
    return schema


def _with_columns(collection: Collection, words: Schema) -> Schema:
    """The words of a template, or of nested children, with the names of this collection's columns."""
    schema = copy.deepcopy(words)
    columns = hub_columns(collection)
    for form in schema["properties"]["fields"]["anyOf"]:
        if form.get("type") == "object":
            field = {"$ref": f"#/$defs/{collection.name}_field"}
            form["additionalProperties"] = {"anyOf": [_names(columns), field]}
    schema["properties"]["filter"]["propertyNames"] = _names(columns)
    return schema


def _modifier() -> Schema:
    javascript = {"type": "string", "pattern": "=>|function", "description": "data => data.substring(0, 15)"}
    plain = [
        {"const": ready.name, "description": ready.description} for ready in READY_MADE if not ready.needs_argument
    ]
    with_argument = [
        {
            "type": "object",
            "properties": {ready.name: ready.argument},
            "required": [ready.name],
            "additionalProperties": False,
            "description": ready.description,
        }
        for ready in READY_MADE
        if ready.argument is not None
    ]
    one: Schema = {"anyOf": [*plain, *with_argument, javascript]}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
