"""The fields of a template, read: each becomes a TargetField, every name in it checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping.declared import Declared, Where
from ipaas_dagster.mapping.modifiers import Modifier, is_decimal, read_modifiers
from ipaas_dagster.mapping.ready_made import WrongModifier
from ipaas_dagster.mapping.template import TargetField, hub_columns

if TYPE_CHECKING:
    from ipaas_dagster.mapping.language import FieldWords, ReferenceWords

_FINDABLE = (Type.TEXT, Type.INTEGER)
"""Types by whose values another record can be found."""


def read_targets(
    words: Mapping[str, FieldWords] | None, collection: Collection, declared: Declared, where: Where
) -> list[TargetField]:
    """The fields that stand at `where`; None: every column by its own name. Raises DeclarationError."""
    if words is None:
        return [
            TargetField(c.name, c.type, c.name, c.references, description=c.description) for c in collection.columns
        ]
    return [_target(name, field, collection, declared, (*where, name)) for name, field in words.items()]


def _target(name: str, words: FieldWords, collection: Collection, declared: Declared, here: Where) -> TargetField:
    given = words.model_fields_set & {"source", "reference", "constant"}
    if len(given) != 1:
        raise declared.error(here, f"{name!r} needs exactly one of from, reference and constant")
    made = {"source": _from_column, "reference": _reference, "constant": _constant}[given.pop()]
    target = made(name, words, collection, declared, here)
    if words.default is None or target.by is not None:
        return target
    if not _fits(words.default, target.type):
        raise declared.error((*here, "default"), f"the default of {name!r} must be {target.type}, as its value is")
    return replace(target, default=Decimal(words.default)) if target.type == Type.DECIMAL else target


def _from_column(name: str, words: FieldWords, collection: Collection, declared: Declared, here: Where) -> TargetField:
    column = _known(words.source, "from", collection, declared, here)
    modifiers: tuple[Modifier, ...] = ()
    type_ = hub_columns(collection)[column]
    if type_ == Type.REFERENCE:
        type_ = Type.TEXT  # the hub id itself; `reference` gives the id in the system
    if type_ == Type.MONEY and words.type == "real":
        message = f"{name!r} is money, which is never a fraction of binary places; say `type: decimal`"
        raise declared.error((*here, "type"), message)
    if words.modifier is not None:
        modifiers = _modifiers(words, type_, collection, declared, here)
        type_ = modifiers[-1].gives
    elif words.type is not None:
        raise declared.error((*here, "type"), f"{name!r} has the type of its column; `type` is for modifiers")
    return _target_of(name, type_, words, column=column, modifiers=modifiers)


def _reference(name: str, words: FieldWords, collection: Collection, declared: Declared, here: Where) -> TargetField:
    if words.modifier is not None or words.type is not None:
        raise declared.error(here, f"the reference {name!r} can have no modifier or type")
    given: str | ReferenceWords | None = words.reference
    if given is not None and not isinstance(given, str):
        return _found(name, words, given, collection, declared, here)
    if words.default is not None:
        raise declared.error(here, f"the reference {name!r} can have no default, unless it is found by a value")
    column = _known(given, "reference", collection, declared, here)
    if column not in collection.references:
        allowed = tuple(collection.references)
        raise declared.error((*here, "reference"), f"{column!r} refers to no other record", allowed=allowed)
    return _target_of(name, Type.REFERENCE, words, column=column, references=collection.references[column])


def _found(
    name: str, words: FieldWords, found: ReferenceWords, collection: Collection, declared: Declared, here: Where
) -> TargetField:
    """A reference to the record whose column `by` holds what ours does."""
    here, names = (*here, "reference"), tuple(c.name for c in contracts.COLLECTIONS)
    if found.collection not in names:
        message = f"unknown hub collection {found.collection!r}"
        raise declared.error((*here, "collection"), message, given=found.collection, allowed=names)
    other = contracts.collection(found.collection)
    by, column = _known(found.by, "by", other, declared, here), _known(found.source, "from", collection, declared, here)
    types = hub_columns(other)[by], hub_columns(collection)[column]
    if types[0] not in _FINDABLE or types[0] != types[1]:
        message = f"{by!r} is {types[0]} and {column!r} is {types[1]}: both must be text, or both whole numbers"
        raise declared.error((*here, "by"), message)
    default = None if words.default is None else str(words.default)
    target = _target_of(name, Type.REFERENCE, words, column=column, references=other.name, by=by)
    return replace(target, default=default)


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
