"""A pipeline of Instagaze as a template: which of its fields go under which name, through which function.

Only what is named here is read of a pipeline. Its `instance` has another system's credentials: of that, nothing but
the name and the address is looked at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ipaas_dagster.mapping.pipeline_fields import HUB_ID, Place, places

TEMPLATE = "instagaze"
"""The template that a row names to be mapped as the pipeline does."""
LONGEST_MODIFIER = 10_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}(\.[A-Za-z_][A-Za-z0-9_]{0,127}){0,4}")

Field = Callable[[Any, Any], str | None]
"""field(object's id, field's id) -> its name, by the landed schemas; for mappings that name it by its id only."""


class Unusable(Exception):
    """This pipeline cannot be a template; the message says what is wrong with which of its fields."""


@dataclass(frozen=True)
class MappedField:
    """`external` takes what Instagaze's `field` holds."""

    external: str
    field: str
    push_modifier: str | None = None
    read_only: bool = False
    custom: bool = False
    required: bool = False


@dataclass(frozen=True)
class Pipeline:
    """`object` is Instagaze's, `external_object` the other system's, `module` its kind (Salesforce)."""

    id: str
    module: str
    object: str
    external_object: str
    mode: str
    active: bool
    instance: str
    url: str
    fields: tuple[MappedField, ...]

    @property
    def digest(self) -> str:
        """Of what a template is made of. Its id, times and instance do not count."""
        return digest_of(self.module, self.object, self.external_object, self.fields)

    def __str__(self) -> str:
        return f"pipeline {self.id} ({self.object} to {self.module} {self.external_object})"


def digest_of(module: str, object_: str, external_object: str, fields: tuple[MappedField, ...]) -> str:
    ordered = sorted((asdict(field) for field in fields), key=lambda one: one["external"])
    words = json.dumps([module, object_, external_object, ordered], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def read_pipeline(record: Mapping[str, Any], field_name: Field, object_name: Callable[[Any], str | None]) -> Pipeline:
    """Of a record as it was landed. Raises Unusable where it is no pipeline, or a mapping of it is none."""
    its_id = str(record.get("id"))
    pp_object, integration = _object(record.get("pp_object")), _object(record.get("integration"))
    object_id = pp_object.get("id")
    mappings = record.get("mappings")
    if not isinstance(mappings, list):
        raise Unusable(f"pipeline {its_id} has no mappings")
    instance = _object(record.get("instance"))
    return Pipeline(
        its_id,
        _text(record.get("module") or integration.get("name")),
        _text(pp_object.get("name") or object_name(object_id)),
        _text(record.get("external_object")),
        _text(record.get("mode")).upper(),
        record.get("is_active") is True,
        _text(instance.get("name")),
        _text(instance.get("url")),
        tuple(_mapped(its_id, _object(one), object_id, field_name) for one in mappings),
    )


def _mapped(pipeline: str, mapping: Mapping[str, Any], object_id: Any, field_name: Field) -> MappedField:
    field = _object(mapping.get("pp_field"))
    external, modifier = _text(mapping.get("external")), mapping.get("push_modifier")
    name = _text(field.get("field") or field_name(object_id, field.get("id")))
    if not external or not name:
        raise Unusable(
            f"pipeline {pipeline}: a mapping ({external or '?'} from {name or '?'}) names only one of its sides"
        )
    if modifier is not None and not isinstance(modifier, str):
        raise Unusable(f"pipeline {pipeline}: {external}: its push_modifier is no text")
    return MappedField(
        external,
        name,
        modifier.strip() or None if modifier is not None else None,
        mapping.get("read_only") is True,
        mapping.get("is_custom") is True,
        field.get("is_required") is True,
    )


def template_words(
    object_: str, external_object: str, fields: tuple[MappedField, ...], collection: str, kind: str
) -> dict[str, Any]:
    """The words of the template. Raises Unusable naming the field."""
    known = places(collection)
    if not _NAME.fullmatch(external_object):
        raise Unusable(f"its external object {external_object[:60]!r} is no name")
    if not fields:
        raise Unusable("it maps no fields")
    words: dict[str, Any] = {}
    for field in fields:
        if field.field not in known:
            raise Unusable(
                f"{field.external}: the hub's {collection} have nothing for {object_}'s field {field.field!r} "
                f"(there is: {', '.join(sorted(known))})"
            )
        name = _external(field, known[field.field], kind)
        if name in words:
            raise Unusable(f"{name}: two of its fields go to it")
        words[name] = _words(field, known[field.field])
    return {"collection": collection, "object": external_object, "fields": words}


def _external(field: MappedField, place: Place, kind: str) -> str:
    """Salesforce's `Account.Id` reads the parent's id; it is written as `AccountId`."""
    if not _FIELD.fullmatch(field.external):
        raise Unusable(f"{field.external[:60]!r} is no name of a field")
    if kind == "salesforce" and place.word == "reference" and field.external.endswith(".Id"):
        return field.external.removesuffix(".Id") + "Id"
    return field.external


def _words(field: MappedField, place: Place) -> dict[str, Any]:
    """The id in the other system is the link's to know, never sent."""
    made: dict[str, Any] = {place.word: place.column}
    if place.column == HUB_ID or field.read_only:
        return {**made, "read_only": True, **({"custom": True} if field.custom else {})}
    if field.push_modifier is not None:
        if place.word == "reference":
            raise Unusable(f"{field.external}: a reference to another record can have no modifier")
        if len(field.push_modifier) > LONGEST_MODIFIER:
            raise Unusable(f"{field.external}: its modifier is longer than {LONGEST_MODIFIER:,} characters")
        made["modifier"] = javascript(field)
        made["type"] = "text" if place.is_text else "json"
    if field.required:
        made["required"] = True
    if field.custom:
        made["custom"] = True
    return made


def javascript(field: MappedField) -> str:
    """Raises Unusable for what is not written as a function, so that no ready-made modifier is meant by accident."""
    source = field.push_modifier or ""
    if "=>" not in source and "function" not in source:
        raise Unusable(f"{field.external}: its modifier {source[:60]!r} is no function: data => ...")
    return source


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
