"""Hub records into what one system is sent, and stored payloads back into typed values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.mapping.conditions import Filter
from ipaas_dagster.mapping.nested import Lists, NestedLists
from ipaas_dagster.mapping.nesting import branch
from ipaas_dagster.mapping.payload import Rendered, payload_fields
from ipaas_dagster.mapping.related import NOTHING, Related
from ipaas_dagster.mapping.rendered_value import RenderError as RenderError
from ipaas_dagster.mapping.rendered_value import Value, found_by, value_of
from ipaas_dagster.mapping.template import TargetField

Resolve = Callable[[str, str], Any]
"""resolve(hub collection, hub id) -> the id of that record in the system."""
Records = Iterable[Mapping[str, Any]]


def keep_hub_id(collection: str, hub_id: str) -> str:
    """The `resolve` of systems that store references as hub ids."""
    return hub_id


class Renderer:
    """Renders the records of one route. Read-only fields are left out; empty values are sent as empty. `nests`:
    dotted names are objects within the payload."""

    def __init__(self, targets: Sequence[TargetField], filter: Filter, *, nests: bool = False) -> None:
        sent = [target for target in targets if not target.read_only]
        fields = [target for target in sent if target.child is None]
        plain = [target for target in fields if target.is_plain]
        self._filter = filter
        self._plain = tuple(target.name for target in plain)
        self._columns = tuple(str(target.column) for target in plain)
        self._made = tuple(target for target in fields if not target.is_plain)
        self._references = tuple((str(t.references), t.name) for t in fields if t.references)
        self._names = frozenset(target.name for target in sent)
        self._times = tuple(target.name for target in fields if target.type == Type.TIME)
        self._decimals = tuple(target.name for target in fields if target.type == Type.DECIMAL)
        self._lengths = tuple((t.name, t.length) for t in fields if t.length and t.type == Type.TEXT)
        dotted = nests and any("." in name for name in self._names)
        self._branch = branch(target.name for target in sent) if dotted else None
        self._lists = tuple(NestedLists(t.name, t.child, _renderer(t, nests)) for t in sent if t.child)

    def many(self, records: Records, related: Related = NOTHING) -> list[Rendered | RenderError | None]:
        """One result per record, in order: the rendered record, why it cannot be rendered, or None where
        the filter leaves it out. JavaScript modifiers run in engines that live for this call only."""
        records = records if isinstance(records, list) else list(records)
        values = _getter(self._columns)
        found = found_by(self._made, records, related)
        made = [(target.name, value_of(target, found)) for target in self._made]
        lists = [nested.of(records, related) for nested in self._lists]
        return [self._one(record, values, made, lists) for record in records]

    def _one(
        self,
        record: Mapping[str, Any],
        values: Callable[[Mapping[str, Any]], tuple[Any, ...]],
        made: Sequence[tuple[str, Value]],
        lists: Sequence[Lists],
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
            for name, length in self._lengths:
                if payload[name] is not None and len(payload[name]) > length:
                    raise _too_long(name, payload[name], length)
            references = [(to, id_) for to, name in self._references if isinstance(id_ := payload[name], str)]
            for nested in lists:
                references += nested.put(record, payload)
        except RenderError as error:
            return error
        except KeyError as missing:
            return RenderError(str(missing.args[0]), "the hub record has no such column; merge it again")
        return Rendered(self._branch.nested(payload) if self._branch else payload, tuple(references))

    def read(self, payload: bytes, resolve: Resolve) -> dict[str, Any]:
        """Typed values of a stored payload, references resolved. Raises RenderError where it was rendered
        by a template with other fields: it has to be rendered anew."""
        return self.read_fields(payload_fields(payload), resolve)

    def read_fields(self, fields: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
        """As `read`, of fields that are parsed; they are changed in place."""
        if self._branch is not None:
            fields = self._flat(fields)
        if fields.keys() != self._names:
            raise _changed(min(fields.keys() ^ self._names))
        for name in self._times:
            if (text := fields[name]) is not None:
                fields[name] = datetime.fromisoformat(text)
        for name in self._decimals:
            if (text := fields[name]) is not None:
                fields[name] = Decimal(text)
        for collection, name in self._references:
            if (hub_id := fields[name]) is not None:
                fields[name] = resolve(collection, hub_id) if isinstance(hub_id, str) else hub_id["id"]
        for nested in self._lists:
            fields[nested.name] = nested.read(fields[nested.name], resolve)
        return self._branch.nested(fields) if self._branch is not None else fields

    def _flat(self, fields: dict[str, Any]) -> dict[str, Any]:
        assert self._branch is not None
        try:
            return self._branch.flat(fields)
        except KeyError as error:
            raise _changed(str(error.args[0])) from None


def _renderer(target: TargetField, nests: bool) -> Renderer:
    assert target.child is not None
    return Renderer(target.child.targets, target.child.filter, nests=nests)


def _changed(name: str) -> RenderError:
    return RenderError(name, "the template's fields have changed since this was queued; retry renders it anew")


def _too_long(name: str, text: str, length: int) -> RenderError:
    advice = f"add the modifier `truncate: {length}` if the rest may be lost"
    return RenderError(name, f"is {len(text)} characters long, {name} takes {length}; {advice}")


def _getter(columns: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda record: tuple(record[column] for column in columns)
