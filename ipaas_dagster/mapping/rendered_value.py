"""The value of one field of one record, where it is not simply a column's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ipaas_dagster.mapping.javascript import ModifierFailed
from ipaas_dagster.mapping.related import Related
from ipaas_dagster.mapping.template import TargetField

Value = Callable[[Mapping[str, Any]], Any]
Found = Mapping[tuple[str, str], Mapping[Any, Sequence[str]]]
"""(hub collection, column) -> value -> hub ids of the live records that hold it."""


class RenderError(Exception):
    """This record cannot be rendered: `field` of the target and the reason, for its dead letter."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def found_by(targets: Sequence[TargetField], records: Sequence[Mapping[str, Any]], related: Related) -> Found:
    """What the references by a value need: one question a column that is looked through, for all records."""
    wanted: dict[tuple[str, str], set[Any]] = {}
    for target in targets:
        if target.by is not None:
            held = {record.get(str(target.column)) for record in records} - {None}
            wanted.setdefault((str(target.references), target.by), set()).update(held)
    found: dict[tuple[str, str], dict[Any, list[str]]] = {}
    for (collection, column), values in wanted.items():
        holders: dict[Any, list[str]] = {}
        for value, hub_id in related.holders(collection, column, sorted(values)) if values else ():
            holders.setdefault(value, []).append(hub_id)
        found[collection, column] = holders
    return found


def value_of(target: TargetField, found: Found) -> Value:
    """The function that makes this field's value for the records of one batch."""
    if target.by is not None:
        return _reference(target, found[str(target.references), target.by])
    applies = [modifier.start() for modifier in target.modifiers]

    def value(record: Mapping[str, Any]) -> Any:
        made = target.constant if target.column is None else record[target.column]
        try:
            for apply in applies:
                if made is not None:
                    made = apply(made, record)
        except ModifierFailed as failed:
            raise RenderError(target.name, str(failed)) from None
        made = target.default if made is None else made
        if made is None and target.required:
            raise RenderError(target.name, f"is required, and {target.column or 'its constant'} is empty")
        return made

    return value


def _reference(target: TargetField, holders: Mapping[Any, Sequence[str]]) -> Value:
    """The hub id of the one record that holds the value; `{"id": default}`, an id there, where there is none."""
    says = f"live record of {target.references} whose {target.by} is what {target.column} says"

    def value(record: Mapping[str, Any]) -> Any:
        wanted = record[str(target.column)]
        ids = () if wanted is None else holders.get(wanted, ())
        if len(ids) > 1:
            some = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
            raise RenderError(target.name, f"there is more than one {says}: {some}")
        if ids:
            return ids[0]
        if target.default is not None:
            return {"id": target.default}
        if target.required:
            raise RenderError(target.name, f"is required, and there is no {says}")
        return None

    return value
