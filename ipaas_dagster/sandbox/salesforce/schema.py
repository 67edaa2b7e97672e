"""The objects of the sandbox's org and their fields, from org.json.

Standard objects have the fields, types and lengths that describes of real orgs show; the custom fields and
objects are those of an org that was set up for this sync.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ORG_FILE = Path(__file__).with_name("org.json")
OWNER = "owner"
"""A default that stands for the user who writes."""


@dataclass(frozen=True)
class Field:
    """One field. `default` means something only if `defaulted`; `values` are a picklist's.

    `on_delete` says what becomes of this record when the one that it refers to is deleted: the reference is
    cleared (`null`), or this record goes too (`cascade`).
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    readonly: bool = False
    defaulted: bool = False
    default: Any = None
    external_id: bool = False
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    name_field: bool = False
    reference_to: str | None = None
    relationship: str | None = None
    children: str | None = None
    on_delete: str = "null"
    compound: str | None = None
    values: tuple[str, ...] = ()
    restricted: bool = False

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def identifies(self) -> bool:
        """Whether records can be upserted and referred to by it."""
        return self.external_id or self.id_lookup

    def key(self, value: str) -> str:
        """What two values must share to be the same to this field."""
        return value if self.case_sensitive or self.type == "id" else value.casefold()


@dataclass(frozen=True)
class SObject:
    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field] = field(repr=False)

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @cached_property
    def by_lower(self) -> dict[str, Field]:
        """Names of fields do not heed case."""
        return {name.lower(): one for name, one in self.fields.items()}

    @cached_property
    def relationships(self) -> dict[str, Field]:
        """The reference field behind each relationship, by the relationship's name in lower case."""
        return {one.relationship.lower(): one for one in self.fields.values() if one.relationship}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Fields that a new record must be given."""
        chosen = (one for one in self.fields.values() if not (one.nillable or one.readonly or one.defaulted))
        return tuple(one.name for one in chosen)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What a new record has unless it is given: booleans are never null."""
        chosen = (one for one in self.fields.values() if one.defaulted and one.default is not None)
        return {one.name: one.default for one in chosen}

    @cached_property
    def lookups(self) -> tuple[Field, ...]:
        """The fields whose values are indexed: external ids and the like, but for Id itself."""
        return tuple(one for one in self.fields.values() if one.identifies and one.name != "Id")

    @cached_property
    def references(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields.values() if one.reference_to)

    def find(self, name: str) -> Field | None:
        return self.fields.get(name) or self.by_lower.get(name.lower())


class Schema:
    """The objects by name; like Salesforce's, names do not heed case."""

    def __init__(self, objects: Mapping[str, SObject]) -> None:
        self.objects = dict(objects)
        self._by_lower = {name.lower(): one for name, one in objects.items()}
        self.by_prefix = {one.prefix: one for one in objects.values()}

    def find(self, name: str) -> SObject | None:
        return self._by_lower.get(name.lower())


def read_schema(file: Path = ORG_FILE) -> Schema:
    document = json.loads(file.read_text(encoding="utf-8"))
    shared = document["every_object"]
    return Schema({name: _object(name, given, shared) for name, given in document["objects"].items()})


def _object(name: str, given: Mapping[str, Any], shared: Mapping[str, Any]) -> SObject:
    fields = {one: _field(one, words) for one, words in {**shared, **given["fields"]}.items()}
    return SObject(name, given["label"], given["plural"], given["prefix"], fields)


def _field(name: str, words: Mapping[str, Any]) -> Field:
    values = tuple(words.get("values", ()))
    return Field(name, **{**words, "values": values, "defaulted": "default" in words})
