"""From the words of a mapping file to checked templates: fields, nested children, and what the system knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.mapping.conditions import read_filter
from ipaas_dagster.mapping.declared import Declared, Where
from ipaas_dagster.mapping.kinds import Kind
from ipaas_dagster.mapping.known import KnownObjects, checked
from ipaas_dagster.mapping.nesting import WrongName, branch
from ipaas_dagster.mapping.targets import read_targets
from ipaas_dagster.mapping.template import Child, TargetField, Template, hub_columns

if TYPE_CHECKING:
    from ipaas_dagster.mapping.language import ChildWords, TemplateWords


def read_template(
    name: str, words: TemplateWords, kind: Kind, declared: Declared, known: KnownObjects | None = None
) -> Template:
    """Raises DeclarationError at the line of the first name that does not exist, or does not fit. `known` are the
    objects that a system of this kind has; None: it takes every name."""
    where: Where = (name,)
    collection = _collection(name, words, declared)
    targets = read_targets(words.fields, collection, declared, (*where, "fields"))
    key = words.key or kind.key
    if key is not None and not any(target.name == key for target in targets):
        targets.insert(0, TargetField(key, Type.TEXT, "hub_id", description="Id of the record in the hub"))
    for field, child in words.children.items():
        targets.append(_child(field, child, targets, collection, kind, declared, (*where, "children", field)))
    _check_nesting(targets, kind, declared, (*where, "fields"))
    object_ = words.object or collection.name
    targets = checked(known, targets, object_, kind, declared, where)
    row_filter = read_filter(words.filter, hub_columns(collection), declared, (*where, "filter"))
    return Template(name, collection.name, object_, key, tuple(targets), row_filter, kind.nests_fields)


def _collection(name: str, words: TemplateWords, declared: Declared) -> Collection:
    given, where = words.collection or name, (name, "collection") if words.collection else (name,)
    allowed = tuple(c.name for c in contracts.COLLECTIONS)
    if given not in allowed:
        note = "" if words.collection else "; a template of another name says `collection:`"
        raise declared.error(where, f"unknown hub collection {given!r}{note}", given=given, allowed=allowed)
    return contracts.collection(given)


def _child(
    name: str,
    words: ChildWords,
    others: list[TargetField],
    parent: Collection,
    kind: Kind,
    declared: Declared,
    where: Where,
) -> TargetField:
    children = {c.name: c for c in contracts.COLLECTIONS if c.parent == parent.name}
    if words.collection not in children:
        message = f"{words.collection!r} are no children of {parent.name}"
        raise declared.error((*where, "collection"), message, given=words.collection, allowed=tuple(children))
    if any(other.name == name for other in others):
        raise declared.error(where, f"{name!r} is a field of this template already")
    if any(other.child and other.child.collection == words.collection for other in others):
        raise declared.error((*where, "collection"), f"{words.collection} are nested here already")
    collection = children[words.collection]
    targets = read_targets(words.fields, collection, declared, (*where, "fields"))
    _check_nesting(targets, kind, declared, (*where, "fields"))
    row_filter = read_filter(words.filter, hub_columns(collection), declared, (*where, "filter"))
    child = Child(collection.name, str(collection.parent_column), tuple(targets), row_filter)
    return TargetField(name, Type.JSON, child=child)


def _check_nesting(targets: list[TargetField], kind: Kind, declared: Declared, where: Where) -> None:
    if not kind.nests_fields:
        return
    try:
        branch(target.name for target in targets if not target.read_only)
    except WrongName as wrong:
        raise declared.error((*where, wrong.name), str(wrong)) from None
