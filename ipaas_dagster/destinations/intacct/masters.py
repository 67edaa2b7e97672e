"""CUSTOMER, CONTACT and ITEM: `create` and `update` take their fields in any order, upper case, nested by dots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ipaas_dagster.destinations.intacct.markup import Element, Refused, element, leaf
from ipaas_dagster.destinations.intacct.objects import INACTIVE, Kind


def created(kind: Kind, fields: Mapping[str, Any]) -> Element:
    """Empty values are left out. Raises Refused."""
    if not fields.get(kind.key):
        raise Refused(kind.key, "is empty: Intacct knows the record by it")
    return element("create", _object(kind.name, ((name, v) for name, v in fields.items() if v is not None)))


def updated(kind: Kind, id: str, fields: Mapping[str, Any]) -> Element:
    """What is not named stays, what is empty is emptied. Raises Refused."""
    changed = ((name, value) for name, value in fields.items() if name != kind.key and name not in kind.create_only)
    return element("update", _object(kind.name, ((kind.key, id), *changed)))


def made_inactive(kind: Kind, id: str) -> Element:
    return element("update", _object(kind.name, ((kind.key, id), ("STATUS", INACTIVE))))


def deleted(kind: Kind, id: str) -> Element:
    """By key; the generic delete knows record numbers only."""
    return element(f"delete_{kind.name.lower()}", **{kind.key.lower(): id})


def _object(name: str, fields: Iterable[tuple[str, Any]]) -> Element:
    root = element(name)
    around: dict[str, Element] = {"": root}
    for dotted, value in fields:
        way, _, last = dotted.rpartition(".")
        _within(around, way).append(leaf(last, value))
    return root


def _within(around: dict[str, Element], way: str) -> Element:
    """The element of that dotted name, made where there is none yet."""
    if way not in around:
        outer, _, name = way.rpartition(".")
        around[way] = element(name)
        _within(around, outer).append(around[way])
    return around[way]
