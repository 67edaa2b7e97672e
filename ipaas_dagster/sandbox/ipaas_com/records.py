"""The company's records: create, change, delete, and what they look like in an answer."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.ipaas_com.external import Links
from ipaas_dagster.sandbox.ipaas_com.models import MODELS, Model
from ipaas_dagster.sandbox.ipaas_com.problems import invalid, not_found
from ipaas_dagster.sandbox.ipaas_com.reading import Record, check_required, read_external_ids, read_record
from ipaas_dagster.sandbox.ipaas_com.settings import Settings

Elements = list[tuple[Record, Record]]
"""Of a list within a record: each as it is stored, and as it was sent."""
FIRST_ID = 1001
ON_CREATE, ON_CHANGE = "BIZL-1003", "BIZL-1005"


class Records:
    """Tables by name in small letters. A record that is refused leaves nothing behind."""

    def __init__(self, clock: SandboxClock, settings: Settings) -> None:
        self._clock, self.settings, self.links = clock, settings, Links()
        self.tables: dict[str, dict[int, Record]] = {model.table: {} for model in MODELS}
        self._next = FIRST_ID

    def create(self, model: Model, given: Any) -> Record:
        sent = read_record(model, given, self.settings)
        check_required(model, sent)
        record = {name: sent.get(name) for name in model.types} | {"custom_fields": sent.get("custom_fields", [])}
        self._check_references(model, record)
        self._check_links(model, sent, None, ON_CREATE)
        read = {name: self._read_elements(model, name, sent.get(name, []), [], ON_CREATE) for name in model.lists}
        number = self._number()
        lists = {name: self._numbered(model.lists[name], elements) for name, elements in read.items()}
        return self._store(model, {"id": number, **record, **lists}, sent, created=True)

    def change(self, model: Model, number: int, given: Any) -> Record:
        """Fields that are not named are emptied, or left, as the settings say; external ids are always left."""
        old = self.find(model, number)
        sent = read_record(model, given, self.settings)
        if "id" in given and given["id"] not in (None, number):
            raise invalid(f"The id {given['id']} in the body is not that of the path.")
        left = {} if self.settings.put == "replace" else old
        record = {name: sent.get(name, left.get(name)) for name in (*model.types, "custom_fields")}
        record["custom_fields"] = record["custom_fields"] or []
        check_required(model, record)
        self._check_references(model, record)
        self._check_links(model, sent, number, ON_CHANGE)
        named = [name for name in model.lists if name in sent]
        read = {name: self._read_elements(model, name, sent[name], old[name], ON_CHANGE) for name in named}
        lists = {name: left.get(name, []) for name in model.lists}
        lists |= {name: self._numbered(model.lists[name], elements) for name, elements in read.items()}
        self._drop_elements(model, old, lists)
        return self._store(model, {**record, **lists, "id": number}, sent, created=False)

    def delete(self, model: Model, number: int) -> Record:
        record = self.find(model, number)
        del self.tables[model.table][number]
        self._drop_elements(model, record, {})
        self.links.mark_deleted(model.table, number)
        return record

    def find(self, model: Model, number: int) -> Record:
        record = self.tables[model.table].get(number)
        if record is None:
            raise not_found(f"{model.name} {number}")
        return record

    def shown(self, model: Model, record: Mapping[str, Any]) -> Record:
        """With its external ids, and those of the records within it."""
        made = copy.deepcopy(dict(record))
        made["external_ids"] = [link.as_json() for link in self.links.of(model.table, record["id"])]
        for name, below in model.lists.items():
            made[name] = [self.shown(below, one) for one in record[name]]
        return made

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _store(self, model: Model, record: Record, sent: Record, *, created: bool) -> Record:
        if model.stamped:
            now = self._clock.now().isoformat(timespec="seconds")
            old = self.tables[model.table].get(record["id"], {})
            record["created_datetime"] = now if created else old.get("created_datetime", now)
            record["updated_datetime"] = now
        self._link(model, record["id"], sent)
        self.tables[model.table][record["id"]] = record
        return record

    def _check_references(self, model: Model, record: Record) -> None:
        for name, table in model.refers.items():
            number = record.get(name)
            if number is not None and number not in self.tables[table]:
                raise not_found(f"The record {number} that {name} refers to")

    # Records within a record

    def _read_elements(self, model: Model, name: str, given: list[Any], old: list[Record], code: str) -> Elements:
        """One that names an id is that one, changed; else it is new, and its external id must be free."""
        below, known = model.lists[name], {one["id"] for one in old}
        read: Elements = []
        for place, one in enumerate(given):
            where = f"{name}[{place}]."
            sent = read_record(below, one, self.settings, where)
            check_required(below, sent, where)
            number = one.get("id")
            if number is not None and number not in known:
                raise not_found(f"{where}id {number}")
            self._check_links(below, sent, number, code, where)
            fields = {field: sent.get(field) for field in below.types} | {
                "custom_fields": sent.get("custom_fields", [])
            }
            read.append(({"id": number, **fields}, sent))
        self._check_own([sent for _, sent in read], name)
        return read

    def _numbered(self, below: Model, read: Elements) -> list[Record]:
        for record, sent in read:
            record["id"] = record["id"] or self._number()
            self._link(below, record["id"], sent)
        return [record for record, _ in read]

    def _check_own(self, sent: Iterable[Record], name: str) -> None:
        seen: set[tuple[int, str]] = set()
        for one in sent:
            for pair in read_external_ids(one.get("external_ids", []), f"{name}."):
                if pair in seen:
                    raise invalid(f"Two of {name} have the external id {pair[1]}.")
                seen.add(pair)

    def _drop_elements(self, model: Model, old: Record, lists: Mapping[str, list[Record]]) -> None:
        for name, below in model.lists.items():
            kept = {one["id"] for one in lists.get(name, [])}
            for one in old[name]:
                if one["id"] not in kept:
                    self.links.mark_deleted(below.table, one["id"])

    # External ids

    def _check_links(self, model: Model, sent: Record, mine: int | None, code: str, where: str = "") -> None:
        for system_id, external_id in read_external_ids(sent.get("external_ids", []), where):
            self.links.check(system_id, model.table, external_id, mine, code, self.settings)

    def _link(self, model: Model, number: int, sent: Record) -> None:
        for system_id, external_id in read_external_ids(sent.get("external_ids", []), ""):
            self.links.put(system_id, model.table, external_id, number)
