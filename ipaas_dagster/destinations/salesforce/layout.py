"""A record of one object as JSON, as a row of CSV, and read back by SOQL into the types of its payload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.destinations.base import Setting, Shape
from ipaas_dagster.errors import SettingsError

NULL = "#N/A"
"""What empties a field in a job's CSV; an empty cell would leave it as it is."""
_json = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True)
class Parent:
    """Another record, named by its external id: `Account` (or `Account__r`) and that object's field."""

    relationship: str
    key: str

    @property
    def path(self) -> str:
        return f"{self.relationship}.{self.key}"


@dataclass(frozen=True)
class Field:
    name: str
    type: Type
    parent: Parent | None = None

    @property
    def column(self) -> str:
        """Its name in CSV and SOQL."""
        return self.parent.path if self.parent else self.name


@dataclass(frozen=True)
class Layout:
    """`key` is the external id that records are upserted by; `hub_id` the field that holds the hub id, if any."""

    collection: str
    object: str
    key: str
    hub_id: str | None
    fields: tuple[Field, ...]

    def body(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The fields as JSON; not the key, which stands in the path of a single upsert."""
        made: dict[str, Any] = {}
        for field in self.fields:
            if field.name == self.key or field.name not in payload:
                continue
            value = payload[field.name]
            if field.parent is None:
                made[field.name] = _as_json(field, value)
            elif value is None:
                made[field.name] = None
            else:
                made[field.parent.relationship] = {field.parent.key: value}
        return made

    def member(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """One record of a collections call."""
        return {"attributes": {"type": self.object}, self.key: payload[self.key], **self.body(payload)}

    @property
    def columns(self) -> list[str]:
        return [self.key, *(field.column for field in self.fields if field.name != self.key)]

    def cells(self, payload: Mapping[str, Any]) -> list[str]:
        """In the order of `columns`. A field that an older payload lacks is left as it is there."""
        rest = [field for field in self.fields if field.name != self.key]
        cells = [_as_cell(field, payload[field.name]) if field.name in payload else "" for field in rest]
        return [self.key_of(payload) or "", *cells]

    def key_of(self, payload: Mapping[str, Any]) -> str | None:
        """The external id's value as text; None where the record has none."""
        value = payload.get(self.key)
        return None if value is None or value == "" else str(value)

    def typed(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record as SOQL gives it, with the names and types of a payload; references as the parent's key."""
        return {field.name: _typed(field, _found(field, record)) for field in self.fields}


def read_layouts(setting: Setting) -> dict[str, Layout]:
    """By hub collection. Raises SettingsError for a template that cannot be expressed in Salesforce."""
    return {name: _layout(setting, shape) for name, shape in setting.shapes.items()}


def _layout(setting: Setting, shape: Shape) -> Layout:
    if shape.key is None:
        raise SettingsError(f"{setting.system}: {shape.collection} need a key, the external id of {shape.object}")
    fields = tuple(
        Field(name, type_, _parent(setting, shape, name, shape.references[name]) if name in shape.references else None)
        for name, type_ in shape.fields.items()
    )
    return Layout(shape.collection, shape.object, shape.key, shape.hub_id_field, fields)


def _parent(setting: Setting, shape: Shape, name: str, collection: str) -> Parent:
    there = setting.shapes.get(collection)
    if there is None:
        raise SettingsError(f"{setting.system}: {shape.collection}.{name} refers to {collection}, which are not sent")
    if there.hub_id_field is None:
        raise SettingsError(
            f"{setting.system}: {shape.collection}.{name} refers to {collection} by hub id, and no field of "
            f"{there.object} holds it; add `Ipaas_Hub_Id__c: hub_id` to the template of {collection}"
        )
    if name.endswith("__c"):
        return Parent(f"{name[:-1]}r", there.hub_id_field)
    if name.endswith("Id") and name != "Id":
        return Parent(name[:-2], there.hub_id_field)
    raise SettingsError(
        f"{setting.system}: {shape.collection}.{name} is a reference; Salesforce's are named AccountId or Account__c"
    )


def _as_json(field: Field, value: Any) -> Any:
    if isinstance(value, datetime):
        return as_time(value)
    if field.type is Type.DECIMAL and isinstance(value, str):
        return Decimal(value)
    if isinstance(value, dict | list):
        return _json.encode(value).decode()
    return value


def _as_cell(field: Field, value: Any) -> str:
    if value is None or value == "":
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(_as_json(field, value))


def as_time(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def _found(field: Field, record: Mapping[str, Any]) -> Any:
    if field.parent is None:
        return record.get(field.name)
    parent = record.get(field.parent.relationship)
    return parent.get(field.parent.key) if isinstance(parent, dict) else None


def _typed(field: Field, value: Any) -> Any:
    if value is None:
        return False if field.type is Type.BOOLEAN else None
    if field.type is Type.TIME:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    if field.type is Type.DECIMAL:
        return Decimal(str(value))
    if field.type in (Type.INTEGER, Type.MONEY):
        return int(value)
    if field.type is Type.REAL:
        return float(value)
    if field.type is Type.JSON:
        return _parsed(value)
    return value


def _parsed(value: Any) -> Any:
    try:
        return msgspec.json.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError:
        return value


def same(sent: Sequence[Any], there: Sequence[Any]) -> bool:
    """Whether what is there is what was sent, as far as Salesforce keeps it: no blanks around text, empty text as
    null, e-mail addresses in small letters, two decimal places, whole seconds."""
    return all(kept(mine) == kept(theirs) for mine, theirs in zip(sent, there, strict=True))


def kept(value: Any) -> Any:
    """A value as Salesforce keeps it."""
    if isinstance(value, str):
        text = value.strip()
        return (text.lower() if "@" in text else text) or None
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=0)
    if isinstance(value, Decimal | float):
        return round(Decimal(str(value)), 2)
    return value
