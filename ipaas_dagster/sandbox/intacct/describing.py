"""inspect and lookup: which objects there are, and the fields of one."""

from __future__ import annotations

from ipaas_dagster.sandbox.intacct.answers import around, element
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.objects import OBJECTS, ObjectType
from ipaas_dagster.sandbox.intacct.reading import custom_names
from ipaas_dagster.sandbox.intacct.refusals import GENERAL, Problem, Refused
from ipaas_dagster.sandbox.intacct.schema import Element

_TYPES = {"text": "string", "money": "decimal", "number": "decimal", "whole": "integer"} | {
    "flag": "boolean",
    "day": "date",
    "moment": "timestamp",
}


def inspect(job: Job, function: Element) -> str:
    """All objects for *; else the names of an object's fields, with `detail` more of each."""
    name = (function[0].text or "").strip()
    if name == "*":
        types = (around("type", kind.title, {"typename": kind.name}) for kind in OBJECTS.values())
        return around("data", "".join(types), {"listtype": "All", "count": len(OBJECTS)})
    kind = _kind(name)
    if function.get("detail") in (None, "", "0"):
        fields = "".join(element("Field", field) for field in _names(job, kind))
    else:
        fields = "".join(_detail(job, kind, field) for field in _names(job, kind))
    inner = around("Type", around("Fields", fields), {"Name": kind.name})
    return around("data", inner, {"listtype": "All", "count": 1})


def lookup(job: Job, function: Element) -> str:
    kind = _kind(text_of(function, "object"))
    fields = "".join(_field(job, kind, name) for name in _names(job, kind))
    inner = around("Type", around("Fields", fields), {"Name": kind.name, "DocumentType": ""})
    return around("data", inner, {"listtype": "All", "count": 1})


def _kind(name: str) -> ObjectType:
    if name not in OBJECTS:
        raise Refused(Problem(GENERAL, f"Object type {name} not found"))
    return OBJECTS[name]


def _names(job: Job, kind: ObjectType) -> list[str]:
    return [*kind.fields, *custom_names(job, kind)]


def _parts(job: Job, kind: ObjectType, name: str) -> dict[str, str]:
    values = kind.values.get(name, ())
    return {
        "type": _TYPES[kind.fields.get(name, "text")],
        "custom": "false" if name in kind.fields else "true",
        "required": "true" if name in kind.needed else "false",
        "readonly": "false" if kind.written and (kind.writable(name) or name not in kind.fields) else "true",
        "values": "".join(element("VALIDVALUE", value) for value in values),
    }


def _field(job: Job, kind: ObjectType, name: str) -> str:
    parts = _parts(job, kind, name)
    flat = {"ID": name, "LABEL": name, "DESCRIPTION": "", "REQUIRED": parts["required"]}
    flat |= {"READONLY": parts["readonly"], "DATATYPE": parts["type"].upper(), "ISCUSTOM": parts["custom"]}
    valid = around("VALIDVALUES", parts["values"]) if parts["values"] else ""
    return around("Field", "".join(element(key, text) for key, text in flat.items()) + valid)


def _detail(job: Job, kind: ObjectType, name: str) -> str:
    parts = _parts(job, kind, name)
    flat = {"Name": name, "DisplayLabel": name, "externalDataName": parts["type"], "isRequired": parts["required"]}
    flat |= {"isReadOnly": parts["readonly"], "maxLength": str(kind.longest.get(name, ""))}
    return around("Field", "".join(element(key, text) for key, text in flat.items()))
