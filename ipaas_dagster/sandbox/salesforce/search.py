"""A Query against the org: which rows it finds, and how each is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ipaas_dagster.sandbox.salesforce.conditions import Get, comparable, tester
from ipaas_dagster.sandbox.salesforce.org import Org
from ipaas_dagster.sandbox.salesforce.schema import Field, SObject
from ipaas_dagster.sandbox.salesforce.shown import attributes, value_of
from ipaas_dagster.sandbox.salesforce.soql import Comparison, Condition, Junction, Name, Query, problem_at
from ipaas_dagster.sandbox.salesforce.table import Row, Table

Test = Callable[[Row], bool]
_APPEND = (
    "If you are attempting to use a custom {0}, be sure to append the '__c' after the {1} name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


class Search:
    """Raises Problem where the query names what there is not, or compares what cannot be compared."""

    def __init__(self, org: Org, query: Query, *, deleted: bool = False) -> None:
        self._org, self._query, self._deleted = org, query, deleted
        self.table = self._source()
        self._where = self._test(query.where) if query.where else None
        self._order = [(self._get(one.name), one) for one in query.order]
        self._paths = [path for name in query.fields for path in self._selected(name)]

    @property
    def counts(self) -> bool:
        return not self._query.fields

    def found(self) -> list[Row]:
        rows: Iterable[Row] = self._candidates()
        if self._where:
            rows = filter(self._where, rows)
        chosen = list(rows)
        for get, order in reversed(self._order):
            null_rank = 0 if order.nulls_last == order.descending else 2
            chosen.sort(key=partial(_sortable, get, null_rank), reverse=order.descending)
        last = None if self._query.limit is None else self._query.offset + self._query.limit
        return chosen[self._query.offset : last]

    def shown(self, row: Row, version: str) -> dict[str, Any]:
        sobject = self.table.sobject
        shown: dict[str, Any] = {"attributes": attributes(sobject, row["Id"], version)}
        for path in self._paths:
            self._show(sobject, row, path, shown, version)
        return shown

    def columns(self) -> list[tuple[str, Get]]:
        """The selected fields as a CSV has them: Account.Name."""
        return [(".".join(_canonical(path)), self._getter(path)) for path in self._paths]

    def _source(self) -> Table:
        name = self._query.source
        sobject = self._org.schema.find(name.parts[0])
        if sobject is None or len(name.parts) > 1:
            message = f"sObject type '{'.'.join(name.parts)}' is not supported. {_APPEND.format('object', 'entity')}"
            raise problem_at(self._query.text, name.at, "INVALID_TYPE", message)
        return self._org.table(sobject)

    def _candidates(self) -> Iterable[Row]:
        """All rows, or those that an index names if the condition asks for certain values of a field that has one."""
        for one in () if self._deleted else _all_of(self._query.where):
            field = self.table.sobject.find(one.name.parts[0]) if len(one.name.parts) == 1 else None
            texts = [str(value.value) for value in one.values if value.kind == "text"]
            if field and field.identifies and one.sign in ("=", "in") and len(texts) == len(one.values):
                ids = {record_id: None for text in texts for record_id in self.table.find(field, text)}
                return (self.table.rows[record_id] for record_id in ids)
        return self.table.all_rows(deleted=self._deleted)

    def _selected(self, name: Name) -> list[tuple[Field, ...]]:
        if name.parts[0] == "FIELDS":
            scope = {"ALL": (True, False), "CUSTOM": (True,), "STANDARD": (False,)}.get(name.parts[1], ())
            return [(one,) for one in self.table.sobject.fields.values() if one.custom in scope]
        return [self._path(name)]

    def _path(self, name: Name) -> tuple[Field, ...]:
        """The reference fields to follow, then the field."""
        sobject, path = self.table.sobject, []
        for part in name.parts[:-1]:
            field = sobject.relationships.get(part.lower())
            target = self._org.schema.find(field.reference_to or "") if field else None
            if field is None or target is None:
                hint = _APPEND.format("relationship", "custom relationship").replace("__c", "__r")
                message = f"Didn't understand relationship '{part}' in field path. {hint}"
                raise problem_at(self._query.text, name.at, "INVALID_FIELD", message)
            path.append(field)
            sobject = target
        last = sobject.find(name.parts[-1])
        if last is None:
            hint = _APPEND.format("field", "custom field")
            message = f"No such column '{name.parts[-1]}' on entity '{sobject.name}'. {hint}"
            raise problem_at(self._query.text, name.at, "INVALID_FIELD", message)
        return (*path, last)

    def _get(self, name: Name) -> Get:
        return self._getter(self._path(name))

    def _getter(self, path: tuple[Field, ...]) -> Get:
        *parents, last = path
        sobject = self._owner(path)
        if not parents:
            return lambda row: value_of(sobject, row, last)

        def follow(row: Row) -> Any:
            found: Row | None = row
            for field in parents:
                found = self._parent(field, found) if found else None
            return value_of(sobject, found, last) if found else None

        return follow

    def _owner(self, path: tuple[Field, ...]) -> SObject:
        return self._org.schema.objects[path[-2].reference_to or ""] if len(path) > 1 else self.table.sobject

    def _parent(self, field: Field, row: Row) -> Row | None:
        return self._org.tables[field.reference_to or ""].rows.get(row.get(field.name, ""))

    def _show(self, sobject: SObject, row: Row, path: tuple[Field, ...], shown: dict[str, Any], version: str) -> None:
        field, rest = path[0], path[1:]
        if not rest:
            shown[field.name] = value_of(sobject, row, field)
            return
        relationship, parent = field.relationship or "", self._parent(field, row)
        target = self._org.schema.objects[field.reference_to or ""]
        if parent is None:
            shown[relationship] = None
            return
        inner = shown.setdefault(relationship, {"attributes": attributes(target, parent["Id"], version)})
        self._show(target, parent, rest, inner, version)

    def _test(self, condition: Condition) -> Test:
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        tests = [self._test(part) for part in condition.parts]
        if condition.word == "not":
            return lambda row: not tests[0](row)
        join = all if condition.word == "and" else any
        return lambda row: join(test(row) for test in tests)

    def _comparison(self, one: Comparison) -> Test:
        path = self._path(one.name)
        field, get = path[-1], self._getter(path)
        if field.length > 255 or field.type == "address":
            message = f"field '{field.name}' can not be filtered in a query call"
            raise problem_at(self._query.text, one.name.at, "INVALID_FIELD", message)
        return tester(field, get, one.sign, [comparable(field, value) for value in one.values])


def _all_of(condition: Condition | None) -> list[Comparison]:
    """Comparisons that every row must pass."""
    if isinstance(condition, Junction):
        return [one for one in condition.parts if isinstance(one, Comparison)] if condition.word == "and" else []
    return [condition] if condition else []


def _canonical(path: tuple[Field, ...]) -> list[str]:
    return [*(one.relationship or "" for one in path[:-1]), path[-1].name]


def _sortable(get: Get, null_rank: int, row: Row) -> tuple[int, Any]:
    value = get(row)
    if value is None:
        return (null_rank, "")
    return (1, value.casefold() if isinstance(value, str) else value)
