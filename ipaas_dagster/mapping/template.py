"""A template read against its hub collection: what each field of the record in the system is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping.conditions import Filter, read_filter
from ipaas_dagster.mapping.declared import Declared, Where
from ipaas_dagster.mapping.kinds import Kind
from ipaas_dagster.mapping.modifiers import Modifier, is_decimal, read_modifiers
from ipaas_dagster.mapping.ready_made import WrongModifier

if TYPE_CHECKING:
    from ipaas_dagster.mapping.language import FieldWords, TemplateWords

OWN_COLUMNS: dict[str, Type] = {
    "hub_id": Type.TEXT,
    "source_id": Type.TEXT,
    "source_system": Type.TEXT,
    "version": Type.INTEGER,
    "extra": Type.JSON,
}
"""What every hub record has beside the columns of its collection."""


@dataclass(frozen=True)
class TargetField:
    """One field of the record in the system. `type` is that of its value in a payload; a REFERENCE there is
    the hub id of a record of `references`. Without a `column` its value is `constant`. A read-only field is
    never sent."""

    name: str
    type: Type
    column: str | None = None
    references: str | None = None
    constant: Any = None
    default: Any = None
    modifiers: tuple[Modifier, ...] = ()
    required: bool = False
    read_only: bool = False
    custom: bool = False
    description: str = ""

    @property
    def is_plain(self) -> bool:
        """The column's value as it is; such fields are rendered together, fast."""
        return self.column is not None and not self.modifiers and self.default is None and not self.required


@dataclass(frozen=True)
class Template:
    """`key` is the target that identifies the record there (None: the system's own id does)."""

    name: str
    collection: str
    object: str
    key: str | None
    targets: tuple[TargetField, ...]
    filter: Filter


def hub_columns(collection: Collection) -> dict[str, Type]:
    """Every name a template of this collection may read, with its type."""
    return {**{c.name: c.type for c in collection.columns}, **OWN_COLUMNS}


def read_template(name: str, words: TemplateWords, kind: Kind, declared: Declared) -> Template:
    """Raises DeclarationError at the line of the first name that does not exist, or does not fit."""
    where: Where = (name,)
    collection = _collection(name, words, declared)
    if words.children is not None:
        raise declared.error((*where, "children"), "records nested in their parent are not supported yet")
    if words.fields is None:
        targets = [_whole_column(collection, column) for column in _names(collection)]
    else:
        targets = [_target(*field, collection, declared, (*where, "fields")) for field in words.fields.items()]
    key = words.key or kind.key
    if key is not None and not any(target.name == key for target in targets):
        targets.insert(0, TargetField(key, Type.TEXT, "hub_id", description="Id of the record in the hub"))
    row_filter = read_filter(words.filter, hub_columns(collection), declared, (*where, "filter"))
    return Template(name, collection.name, words.object or collection.name, key, tuple(targets), row_filter)


def _collection(name: str, words: TemplateWords, declared: Declared) -> Collection:
    given, where = words.collection or name, (name, "collection") if words.collection else (name,)
    allowed = tuple(c.name for c in contracts.COLLECTIONS)
    if given not in allowed:
        note = "" if words.collection else "; a template of another name says `collection:`"
        raise declared.error(where, f"unknown hub collection {given!r}{note}", given=given, allowed=allowed)
    return contracts.collection(given)


def _names(collection: Collection) -> list[str]:
    return [column.name for column in collection.columns]


def _whole_column(collection: Collection, name: str) -> TargetField:
    column = collection.column(name)
    return TargetField(name, column.type, name, column.references, description=column.description)


def _target(name: str, words: FieldWords, collection: Collection, declared: Declared, where: Where) -> TargetField:
    here, given = (*where, name), words.model_fields_set & {"source", "reference", "constant"}
    if len(given) != 1:
        raise declared.error(here, f"{name!r} needs exactly one of from, reference and constant")
    made = {"source": _from_column, "reference": _reference, "constant": _constant}[given.pop()]
    target = made(name, words, collection, declared, here)
    if words.default is not None and not _fits(words.default, target.type):
        raise declared.error((*here, "default"), f"the default of {name!r} must be {target.type}, as its value is")
    if target.type == Type.DECIMAL and words.default is not None:
        return replace(target, default=Decimal(words.default))
    return target


def _from_column(name: str, words: FieldWords, collection: Collection, declared: Declared, here: Where) -> TargetField:
    column = _known(words.source, "from", collection, declared, here)
    modifiers: tuple[Modifier, ...] = ()
    type_ = hub_columns(collection)[column]
    if type_ == Type.REFERENCE:
        type_ = Type.TEXT  # the hub id itself; `reference` gives the id in the system
    if words.modifier is not None:
        modifiers = _modifiers(words, type_, collection, declared, here)
        type_ = modifiers[-1].gives
    elif words.type is not None:
        raise declared.error((*here, "type"), f"{name!r} has the type of its column; `type` is for modifiers")
    return _target_of(name, type_, words, column=column, modifiers=modifiers)


def _reference(name: str, words: FieldWords, collection: Collection, declared: Declared, here: Where) -> TargetField:
    column = _known(words.reference, "reference", collection, declared, here)
    if column not in collection.references:
        allowed = tuple(collection.references)
        raise declared.error((*here, "reference"), f"{column!r} refers to no other record", allowed=allowed)
    if words.modifier is not None or words.default is not None or words.type is not None:
        raise declared.error(here, f"the reference {name!r} can have no modifier, default or type")
    return _target_of(name, Type.REFERENCE, words, column=column, references=collection.references[column])


def _constant(name: str, words: FieldWords, collection: Collection, declared: Declared, here: Where) -> TargetField:
    if words.modifier is not None or words.default is not None or words.type is not None:
        raise declared.error(here, f"the constant {name!r} can have no modifier, default or type")
    types = {bool: Type.BOOLEAN, int: Type.INTEGER, float: Type.REAL}
    return _target_of(name, types.get(type(words.constant), Type.TEXT), words, constant=words.constant)


def _target_of(name: str, type_: Type, words: FieldWords, **more: Any) -> TargetField:
    return TargetField(
        name,
        type_,
        default=words.default,
        required=words.required,
        read_only=words.read_only,
        custom=words.custom,
        **more,
    )


def _known(column: str | None, word: str, collection: Collection, declared: Declared, here: Where) -> str:
    columns = hub_columns(collection)
    if column not in columns:
        message = f"{collection.name} has no column {column!r}"
        raise declared.error((*here, word), message, given=column, allowed=tuple(columns))
    return column


def _modifiers(
    words: FieldWords, type_: Type, collection: Collection, declared: Declared, here: Where
) -> tuple[Modifier, ...]:
    problem: DeclarationError
    try:
        return read_modifiers(words.modifier, type_, collection, Type(words.type or "text"))
    except WrongModifier as wrong:
        problem = declared.error((*here, "modifier"), str(wrong), given=wrong.given, allowed=wrong.allowed)
    raise problem


def _fits(value: Any, type_: Type) -> bool:
    if type_ == Type.JSON:
        return True
    if type_ == Type.DECIMAL:
        return is_decimal(value)
    wanted = {Type.TEXT: str, Type.INTEGER: int, Type.MONEY: int, Type.BOOLEAN: bool, Type.REAL: float}.get(type_)
    return wanted is not None and type(value) is wanted
