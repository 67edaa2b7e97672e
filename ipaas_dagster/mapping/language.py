"""The words of the declaration files as pydantic models: their form is checked against these, and the JSON
Schemas for editors are made from them. What names mean (does this column exist?) is checked where they are
used.

Importing this costs pydantic (some 60 ms), so only loading does it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

Value = str | int | float | bool


class Words(BaseModel):
    """Fields of a fixed set of names; another name is an error that lists them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_names(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise PydanticCustomError("not_fields", "fields (name: value) must stand here")
        allowed = [field.alias or name for name, field in cls.model_fields.items()]
        for name in data:
            if name not in allowed:
                raise PydanticCustomError("unknown_field", "unknown", {"name": name, "allowed": allowed})
        return data


def _one_value(given: Any) -> Any:
    if isinstance(given, dict | list):
        raise PydanticCustomError("not_a_value", "one value must stand here: text, a number, true or false")
    return given


OneValue = Annotated[Any, BeforeValidator(_one_value, json_schema_input_type=Value | None)]


class ConditionWords(Words):
    """A condition on one column; several in one condition must all hold. Nothing equals an empty column."""

    equals: OneValue = None
    not_equals: OneValue = None
    one_of: list[OneValue] | None = Field(None, alias="in")
    none_of: list[OneValue] | None = Field(None, alias="not_in")
    at_least: OneValue = None
    at_most: OneValue = None
    not_null: bool | None = None


def _condition(given: Any) -> Any:
    return given if isinstance(given, dict) else {"equals": _one_value(given)}


Condition = Annotated[ConditionWords, BeforeValidator(_condition, json_schema_input_type=Value | ConditionWords)]
Filter = dict[str, Condition]


class ReferenceWords(Words):
    """The live record whose column holds the same value, instead of one that a column refers to."""

    collection: str = Field(description="hub collection of the record that is looked for")
    by: str = Field(description="column of that collection")
    source: str = Field(alias="from", description="column of this record that holds the same value")


def _column_or_words(given: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return given if isinstance(given, str) else check(given)


Reference = Annotated[ReferenceWords, WrapValidator(_column_or_words, json_schema_input_type=str | ReferenceWords)]
"""The name of a column (text), or ReferenceWords."""


class FieldWords(Words):
    """Where a target field's value comes from: exactly one of `from`, `reference` and `constant`."""

    source: str | None = Field(None, alias="from", description="column of the hub collection")
    reference: Reference | None = Field(
        None, description="column that refers to another record, or how to find that by a value: its id in this system"
    )
    constant: OneValue = Field(None, description="always this value")
    default: OneValue = Field(None, description="the value where the source is empty")
    required: bool = Field(False, description="a record without a value is rejected, by the name of this field")
    read_only: bool = Field(False, description="the system computes it: listed, never sent")
    custom: bool = Field(False, description="a custom field of that system")
    type: Literal["text", "integer", "decimal", "boolean", "real", "json"] | None = Field(
        None, description="what a JavaScript modifier gives (default text); decimal is given as text"
    )
    modifier: Any = Field(
        None,
        description="JavaScript (data => data.substring(0, 15)), a ready-made modifier, or a list of them",
    )


def _field(given: Any) -> Any:
    return {"from": given} if isinstance(given, str) else given


FieldOrColumn = Annotated[FieldWords, BeforeValidator(_field, json_schema_input_type=str | FieldWords)]


def _all_as_none(given: Any) -> Any:
    if given == "all":
        return None
    if not isinstance(given, dict) or not given:
        raise PydanticCustomError("not_fields", "`all` or the target fields (name: column) must stand here")
    return given


Fields = Annotated[
    dict[str, FieldOrColumn] | None,
    BeforeValidator(_all_as_none, json_schema_input_type=Literal["all"] | dict[str, FieldOrColumn]),
]


class ChildWords(Words):
    """Records that stand in their parent's, as a list under one of its fields."""

    collection: str = Field(description="hub collection whose records are children of the template's")
    fields: Fields = Field(description="`all` (every column by its own name) or target field: column")
    filter: Filter = Field(default_factory=dict, description="only children that meet all of these are sent")


class TemplateWords(Words):
    """How the records of one hub collection look in one system."""

    collection: str | None = Field(None, description="hub collection; the template's name if absent")
    object: str | None = Field(None, description="table, folder or object there; the collection's name if absent")
    key: str | None = Field(None, description="target field that identifies the record; it holds the hub id")
    fields: Fields = Field(description="`all` (every column by its own name) or target field: column")
    filter: Filter = Field(default_factory=dict, description="only records that meet all of these are sent")
    children: dict[str, ChildWords] = Field(
        default_factory=dict, description="target field: records that stand in it as a list"
    )


class MappingFile(RootModel[dict[str, TemplateWords]]):
    """Templates of one system, by name; the name of a hub collection where nothing else is said."""


class SystemWords(Words):
    """One connected instance of a kind."""

    kind: str
    preset: str | None = Field(None, description="connection in presets.yaml; the system's name if absent")
    templates: str | None = Field(None, description="mapping file; mappings/<system>.yaml if absent")
    enabled: bool = Field(True, description="false: nothing is queued for it or sent to it")
    webhooks: str | None = Field(None, description="preset by which its webhooks are taken in; none if absent")


class RowWords(Words):
    """One hub collection, one system, one direction."""

    collection: str
    system: str
    direction: Literal["to", "from", "both", "none"] = Field(
        description="to the hub, from the hub, or both; none: this system does not carry it, and `reason` says why"
    )
    template: str | None = Field(
        None,
        description="in the system's mapping file; the collection's name if absent. instagaze: as the active PUSH "
        "pipeline of Instagaze maps it",
    )
    deletes: Literal["delete", "keep"] | None = Field(
        None, description="what happens there when the hub's record is deleted (default delete)"
    )
    filter: Filter = Field(default_factory=dict, description="only records that meet all of these are sent")
    reason: str | None = Field(None, description="why this system does not carry the collection")
    pipeline: str | int | None = Field(
        None, description="with `template: instagaze`: id of the pipeline, where not the only active one is meant"
    )


class WorksheetFile(Words):
    """Which collection moves in which direction between the hub and which system."""

    systems: dict[str, SystemWords]
    rows: list[RowWords]


class PresetsFile(RootModel[dict[str, dict[str, OneValue]]]):
    """Connections by name. A secret stands as env:NAME, never as itself; others may say env:NAME?default."""
