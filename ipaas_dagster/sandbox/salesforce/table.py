"""The records of one object, and the ways to find one: by id, by external id, by what it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ipaas_dagster.sandbox.salesforce.ids import make_id, whole_id
from ipaas_dagster.sandbox.salesforce.schema import Field, SObject

Row = dict[str, Any]
UNTRACKED = frozenset({"User"})
"""Everything refers to users, and no user is ever deleted."""


class Table:
    """Rows by id. A row holds what is not null, and is replaced by every write, never changed in place."""

    def __init__(self, sobject: SObject) -> None:
        self.sobject = sobject
        self.rows: dict[str, Row] = {}
        self.deleted: dict[str, Row] = {}
        self._index: dict[str, dict[str, list[str]]] = {one.name: {} for one in sobject.lookups}
        self._tracked = [one for one in sobject.references if one.reference_to not in UNTRACKED]
        self._referring: dict[str, dict[str, dict[str, None]]] = {one.name: {} for one in self._tracked}
        self._last = 0

    def new_id(self) -> str:
        self._last += 1
        return make_id(self.sobject.prefix, self._last)

    def find(self, field: Field, value: str) -> list[str]:
        """The ids of the live records with this value of a field that identifies; the oldest first."""
        if field.name == "Id":
            found = whole_id(value)
            return [found] if found in self.rows else []
        return self._index[field.name].get(field.key(value), [])

    def referring(self, field: str, parent: str) -> list[str]:
        """The ids of the live records whose reference field holds that id."""
        return list(self._referring[field].get(parent, ()))

    def put(self, row: Row) -> None:
        """Store a row under its Id, new or instead of the one before."""
        known = self.rows.get(row["Id"])
        self._unindex(known, row) if known is not None else None
        self._enter(row, known or {})
        self.rows[row["Id"]] = row
        self.deleted.pop(row["Id"], None)

    def remove(self, record_id: str, *, keep: Row | None = None) -> None:
        """Take a row out; `keep` is what a search of deleted records too shall find of it."""
        self._unindex(self.rows.pop(record_id), {})
        if keep is not None:
            self.deleted[record_id] = keep

    def all_rows(self, *, deleted: bool = False) -> Iterator[Row]:
        yield from self.rows.values()
        if deleted:
            yield from self.deleted.values()

    def _unindex(self, old: Row, new: Row) -> None:
        for field in self.sobject.lookups:
            value = old.get(field.name)
            if value is not None and value != new.get(field.name):
                ids = self._index[field.name][field.key(value)]
                ids.remove(old["Id"])
                if not ids:
                    del self._index[field.name][field.key(value)]
        for field in self._tracked:
            parent = old.get(field.name)
            if parent is not None and parent != new.get(field.name):
                del self._referring[field.name][parent][old["Id"]]

    def _enter(self, new: Row, old: Row) -> None:
        for field in self.sobject.lookups:
            value = new.get(field.name)
            if value is not None and value != old.get(field.name):
                self._index[field.name].setdefault(field.key(value), []).append(new["Id"])
        for field in self._tracked:
            parent = new.get(field.name)
            if parent is not None and parent != old.get(field.name):
                self._referring[field.name].setdefault(parent, {})[new["Id"]] = None
