"""The org: its tables, and one call's writes to them, which can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.salesforce.ids import make_id
from ipaas_dagster.sandbox.salesforce.problems import Refusal
from ipaas_dagster.sandbox.salesforce.rules import Rules
from ipaas_dagster.sandbox.salesforce.schema import OWNER, Field, Schema, SObject
from ipaas_dagster.sandbox.salesforce.table import UNTRACKED, Row, Table

ORG_ID = make_id("00D", 1)
USERNAME = "integration@sandbox.example.com"


class Org:
    def __init__(self, schema: Schema, clock: SandboxClock) -> None:
        self.schema, self.clock = schema, clock
        self.tables = {name: Table(sobject) for name, sobject in schema.objects.items()}
        self.broken: set[tuple[str, str]] = set()
        """References (object, field) through which no parent is found: a test breaks them."""
        self.rules = Rules()
        self.children = {name: self._references_to(name) for name in self.tables}
        """Which fields of which tables refer to an object."""
        self.user_id = self._make_user()

    def table(self, sobject: SObject) -> Table:
        return self.tables[sobject.name]

    def now(self) -> str:
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def writes(self) -> Writes:
        return Writes(self)

    def _references_to(self, name: str) -> list[tuple[Table, Field]]:
        pairs = ((table, field) for table in self.tables.values() for field in table.sobject.references)
        return [(table, field) for table, field in pairs if field.reference_to == name not in UNTRACKED]

    def _make_user(self) -> str:
        users, now = self.tables["User"], self.now()
        names = {"Username": USERNAME, "LastName": "Integration", "Email": USERNAME, "IsActive": True}
        times = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now, "IsDeleted": False}
        user = users.new_id()
        users.put({"Id": user, **names, **times, "CreatedById": user, "LastModifiedById": user})
        return user


class Writes:
    """What one call writes: all of one time. Each method raises Refusal before it has changed anything."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._now = org.now()
        self._undo: list[tuple[Table, str, Row | None]] = []

    def insert(self, table: Table, values: Mapping[str, Any]) -> str:
        sobject = table.sobject
        missing = [name for name in sobject.required if values.get(name) is None]
        if missing:
            raise _missing(missing)
        self._check(table, values, None)
        self._org.rules.check(sobject.name, values)
        record_id = table.new_id()
        row = {"Id": record_id, **sobject.defaults, **values, **self._stamps(created=True)}
        if row.get("OwnerId") == OWNER:
            row["OwnerId"] = self._org.user_id
        if sobject.custom:
            row["Name"] = row.get("Name") or record_id
        self._put(table, record_id, row)
        return record_id

    def update(self, table: Table, record_id: str, values: Mapping[str, Any]) -> None:
        row = table.rows.get(record_id)
        if row is None:
            raise gone_or_unknown(table, record_id)
        emptied = [name for name, value in values.items() if value is None and not table.sobject.fields[name].nillable]
        if emptied:
            raise _missing(emptied)
        self._check(table, values, record_id)
        changed = {**row, **values, **self._stamps()}
        self._org.rules.check(table.sobject.name, changed)
        self._put(table, record_id, changed)

    def delete(self, table: Table, record_id: str) -> None:
        """With what goes with it; other references to it are cleared."""
        if record_id not in table.rows:
            raise gone_or_unknown(table, record_id)
        for child, field in self._org.children[table.sobject.name]:
            for referring in child.referring(field.name, record_id):
                if field.on_delete == "cascade":
                    self.delete(child, referring)
                else:
                    self._put(child, referring, {**child.rows[referring], field.name: None, **self._stamps()})
        row = table.rows[record_id]
        self._undo.append((table, record_id, row))
        table.remove(record_id, keep={**row, "IsDeleted": True, **self._stamps()})

    def roll_back(self) -> None:
        """Everything as it was before this call. Ids that were given are not given again."""
        for table, record_id, row in reversed(self._undo):
            if row is None:
                table.remove(record_id)
            else:
                table.put(row)
        self._undo.clear()

    def _put(self, table: Table, record_id: str, row: Row) -> None:
        self._undo.append((table, record_id, table.rows.get(record_id)))
        table.put({name: value for name, value in row.items() if value is not None})

    def _stamps(self, *, created: bool = False) -> Row:
        user = self._org.user_id
        stamps = {"LastModifiedDate": self._now, "SystemModstamp": self._now, "LastModifiedById": user}
        return {**stamps, "CreatedDate": self._now, "CreatedById": user} if created else stamps

    def _check(self, table: Table, values: Mapping[str, Any], record_id: str | None) -> None:
        for field in table.sobject.lookups:
            value = values.get(field.name)
            if field.unique and value is not None:
                _refuse_twice(table, field, value, record_id)
        for field in table.sobject.references:
            parent = values.get(field.name)
            if parent is not None and parent != OWNER:
                self._check_reference(field, parent)

    def _check_reference(self, field: Field, parent: str) -> None:
        target = self._org.schema.by_prefix.get(parent[:3])
        if target is None or target.name != field.reference_to:
            raise Refusal("MALFORMED_ID", f"{field.label}: id value of incorrect type: {parent}", (field.name,))
        table = self._org.table(target)
        if parent in table.deleted:
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", (field.name,))
        if parent not in table.rows:
            raise Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))


def gone_or_unknown(table: Table, record_id: str) -> Refusal:
    if record_id in table.deleted:
        return Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404)
    return Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)


def _missing(names: list[str]) -> Refusal:
    return Refusal("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def _refuse_twice(table: Table, field: Field, value: str, record_id: str | None) -> None:
    others = [one for one in table.find(field, value) if one != record_id]
    if others:
        message = f"duplicate value found: {field.name} duplicates value on record with id: {others[0]}"
        raise Refusal("DUPLICATE_VALUE", message)
