"""What is known of a kind's objects: the fields they have, which must be filled, which only the system fills.

One data file a kind, `objects/<kind>.json`; a kind without one takes every name (tables and files are ours to name):

    {"source": where the facts are from, "custom_suffixes": ["__c"] (names that end so are the user's own),
     "objects": {object: {field: {"type", "length", "required", "read_only", "relationship"}}}}

Fields within objects have dotted names (`BillAddr.City`), those of nested records too (`Line.Amount`). A required field
within an object counts only where something of that object is filled, unless the object is required itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from ipaas_dagster.mapping.declared import Declared, Where
from ipaas_dagster.mapping.kinds import Kind
from ipaas_dagster.mapping.template import TargetField


@dataclass(frozen=True)
class KnownField:
    """`type` is the system's word for it; `length` the most characters of a text."""

    type: str = ""
    length: int | None = None
    required: bool = False
    read_only: bool = False
    relationship: str | None = None
    """What the system calls the record that this field refers to."""


@dataclass(frozen=True)
class KnownObjects:
    objects: Mapping[str, Mapping[str, KnownField]]
    custom_suffixes: tuple[str, ...] = ()
    source: str = ""

    def is_custom(self, name: str) -> bool:
        return name.endswith(self.custom_suffixes)


@cache
def known_objects(kind: str) -> KnownObjects | None:
    """None for a kind that has no table of them."""
    file = files(__package__) / "objects" / f"{kind}.json"
    return parse_objects(file.read_text(encoding="utf-8")) if file.is_file() else None


def parse_objects(text: str) -> KnownObjects:
    """A table as its file has it. Raises TypeError for a fact that is none."""
    data = json.loads(text)
    objects = {
        name: {field: KnownField(**facts) for field, facts in fields.items()}
        for name, fields in data["objects"].items()
    }
    return KnownObjects(objects, tuple(data.get("custom_suffixes", ())), data.get("source", ""))


def checked(
    known: KnownObjects | None,
    targets: Sequence[TargetField],
    object_: str,
    kind: Kind,
    declared: Declared,
    where: Where,
) -> list[TargetField]:
    """The targets with what the system says of their lengths. Raises DeclarationError for an object or a field that
    it does not have, one that it fills itself, and one that it needs and is not filled."""
    if known is None or (object_ not in known.objects and known.is_custom(object_)):
        return list(targets)
    if object_ not in known.objects:
        own = f"; objects of your own end in {known.custom_suffixes[0]}" if known.custom_suffixes else ""
        message = f"{kind.name} has no object {object_!r} that templates know{own}"
        raise declared.error((*where, "object"), message, given=object_, allowed=tuple(known.objects))
    table = _Table(known, object_, kind, declared)
    made = [table.checked(target, "", (*where, _part(target), target.name)) for target in targets]
    table.check_required(_filled(targets), where)
    return made


def _part(target: TargetField) -> str:
    return "children" if target.child else "fields"


@dataclass(frozen=True)
class _Table:
    known: KnownObjects
    object: str
    kind: Kind
    declared: Declared

    @property
    def fields(self) -> Mapping[str, KnownField]:
        return self.known.objects[self.object]

    def checked(self, target: TargetField, before: str, where: Where) -> TargetField:
        name = before + target.name
        if target.custom or self.known.is_custom(name):
            return target
        if name not in self.fields:
            message = f"{self.kind.name} {self.object} has no field {name!r}; a field of your own says `custom: true`"
            allowed = [one.removeprefix(before) for one in self.fields if one.startswith(before)]
            raise self.declared.error(where, message, given=target.name, allowed=allowed)
        known = self.fields[name]
        if known.read_only and not target.read_only:
            message = f"{self.kind.name} fills {self.object}.{name} itself; leave it out, or say `read_only: true`"
            raise self.declared.error(where, message)
        if target.child is None:
            return replace(target, length=known.length)
        below = tuple(self.checked(one, f"{name}.", (*where, "fields", one.name)) for one in target.child.targets)
        return replace(target, child=replace(target.child, targets=below))

    def check_required(self, filled: frozenset[str], where: Where) -> None:
        for name, field in self.fields.items():
            if field.required and name not in filled and self._is_needed(name, filled):
                message = f"{self.kind.name} needs {self.object}.{name}, which this template does not fill"
                raise self.declared.error((*where, "fields"), message)

    def _is_needed(self, name: str, filled: frozenset[str]) -> bool:
        """Not where the object around it is optional, and nothing of it is filled."""
        for around in _around(name):
            field = self.fields.get(around)
            if field is not None and not field.required and not any(one.startswith(f"{around}.") for one in filled):
                return False
        return True


def _filled(targets: Iterable[TargetField], before: str = "") -> frozenset[str]:
    return frozenset(_names(targets, before))


def _names(targets: Iterable[TargetField], before: str) -> Iterator[str]:
    """What is filled, the objects around it included."""
    for target in targets:
        if not target.read_only:
            yield before + target.name
            yield from _around(before + target.name)
            if target.child is not None:
                yield from _names(target.child.targets, f"{before}{target.name}.")


def _around(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
