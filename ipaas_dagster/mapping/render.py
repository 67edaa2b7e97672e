"""Hub records into what one system is sent, and stored payloads back into typed values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.mapping.conditions import Filter
from ipaas_dagster.mapping.javascript import ModifierFailed
from ipaas_dagster.mapping.payload import Rendered, payload_fields
from ipaas_dagster.mapping.template import TargetField

Resolve = Callable[[str, str], Any]
"""resolve(hub collection, hub id) -> the id of that record in the system."""
Values = Callable[[Mapping[str, Any]], Any]


class RenderError(Exception):
    """This record cannot be rendered: `field` of the target and the reason, for its dead letter."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def keep_hub_id(collection: str, hub_id: str) -> str:
    """The `resolve` of systems that store references as hub ids."""
    return hub_id


class Renderer:
    """Renders the records of one route. Read-only fields are left out; empty values are sent as empty."""

    def __init__(self, targets: Sequence[TargetField], filter: Filter) -> None:
        sent = [target for target in targets if not target.read_only]
        plain = [target for target in sent if target.is_plain]
        self._filter = filter
        self._plain = tuple(target.name for target in plain)
        self._columns = tuple(str(target.column) for target in plain)
        self._made = tuple(target for target in sent if not target.is_plain)
        self._references = tuple((t.references, t.name) for t in sent if t.references)
        self._names = frozenset(target.name for target in sent)
        self._times = tuple(target.name for target in sent if target.type == Type.TIME)
        self._decimals = tuple(target.name for target in sent if target.type == Type.DECIMAL)

    def many(self, records: Iterable[Mapping[str, Any]]) -> list[Rendered | RenderError | None]:
        """One result per record, in order: the rendered record, why it cannot be rendered, or None where
        the filter leaves it out. JavaScript modifiers run in engines that live for this call only."""
        values = _getter(self._columns)
        made = [(target.name, _value(target)) for target in self._made]
        return [self._one(record, values, made) for record in records]

    def _one(
        self,
        record: Mapping[str, Any],
        values: Callable[[Mapping[str, Any]], tuple[Any, ...]],
        made: Sequence[tuple[str, Values]],
    ) -> Rendered | RenderError | None:
        try:
            if self._filter and not self._filter.passes(record):
                return None
            payload = dict(zip(self._plain, values(record), strict=True))
            for name, value in made:
                payload[name] = value(record)
            for name in self._times:
                if (time := payload[name]) is not None and time.tzinfo is not UTC:
                    payload[name] = time.astimezone(UTC)
        except RenderError as error:
            return error
        except KeyError as missing:
            return RenderError(str(missing.args[0]), "the hub record has no such column; merge it again")
        references = [(to, id_) for to, name in self._references if (id_ := payload[name]) is not None]
        return Rendered(payload, tuple(references))

    def read(self, payload: bytes, resolve: Resolve) -> dict[str, Any]:
        """Typed values of a stored payload, references resolved. Raises RenderError where it was rendered
        by a template with other fields: it has to be rendered anew."""
        fields = payload_fields(payload)
        if fields.keys() != self._names:
            name = min(fields.keys() ^ self._names)
            raise RenderError(name, "the template's fields have changed since this was queued; retry renders it anew")
        for name in self._times:
            if (text := fields[name]) is not None:
                fields[name] = datetime.fromisoformat(text)
        for name in self._decimals:
            if (text := fields[name]) is not None:
                fields[name] = Decimal(text)
        for collection, name in self._references:
            if (hub_id := fields[name]) is not None:
                fields[name] = resolve(str(collection), hub_id)
        return fields


def _getter(columns: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda record: tuple(record[column] for column in columns)


def _value(target: TargetField) -> Values:
    """The function that makes this field's value for the records of one batch."""
    applies = [modifier.start() for modifier in target.modifiers]

    def value(record: Mapping[str, Any]) -> Any:
        found = target.constant if target.column is None else record[target.column]
        try:
            for apply in applies:
                if found is not None:
                    found = apply(found, record)
        except ModifierFailed as failed:
            raise RenderError(target.name, str(failed)) from None
        found = target.default if found is None else found
        if found is None and target.required:
            raise RenderError(target.name, f"is required, and {target.column or 'its constant'} is empty")
        return found

    return value
