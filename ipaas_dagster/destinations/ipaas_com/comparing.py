"""What iPaaS.com holds beside what it was sent. A few records are asked for one by one, many are read page by page:
calls are what its plans count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.destinations.base import Entry, Shape
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.ipaas_com.api import Api, Record
from ipaas_dagster.destinations.ipaas_com.bodies import Bodies
from ipaas_dagster.destinations.ipaas_com.objects import BY_NAME, COMPANY, CUSTOMER, PAYMENT, TRANSACTION, Object
from ipaas_dagster.destinations.ipaas_com.payments import PARENT, find, split

PAGE = 100
FEW = 20
"""Up to so many are asked for one by one."""


@dataclass(frozen=True)
class Comparing:
    api: Api
    bodies: Bodies

    def held(self, entries: Sequence[Entry], shape: Shape) -> dict[int, Held]:
        """Raises Unreachable, Throttled, Paused."""
        if shape.object == PAYMENT:
            return self._payments(entries)
        object_ = BY_NAME[shape.object]
        there = self._by_id(object_, [entry.external_id or "" for entry in entries])
        found = {e.entry_id: self._record(object_, e, there[str(e.external_id)], shape) for e in entries
                 if e.external_id in there}  # fmt: skip
        return self._with_companies(entries, found) if object_ is CUSTOMER else found

    def ours(self, shape: Shape) -> Iterator[tuple[str, str]]:
        """(hub id, id there) by our external ids."""
        for record in self._all(TRANSACTION if shape.object == PAYMENT else BY_NAME[shape.object]):
            listed = record.get("payments") or () if shape.object == PAYMENT else (record,)
            for one in listed:
                if (hub_id := self.bodies.external_id_of(one)) is not None:
                    number = f"{record['id']}|{one['id']}" if shape.object == PAYMENT else str(one["id"])
                    yield hub_id, number

    def _record(self, object_: Object, entry: Entry, record: Record, shape: Shape) -> Held:
        fields = self.bodies.fields(object_, entry, shape) if entry.payload else {}
        wanted, found = dict(fields), {name: record.get(name) for name in fields}
        if "custom_fields" in fields:
            wanted["custom_fields"] = _by_name(fields["custom_fields"])
            found["custom_fields"] = _by_name(record.get("custom_fields"))
        if "lines" in fields:
            wanted["lines"] = self._lines(fields["lines"])
            found["lines"] = self._lines(record.get("lines"))
        return Held(str(record["id"]), wanted, found)

    def _lines(self, lines: Any) -> dict[str, Record]:
        """Ours by external id; lines of others are theirs."""
        listed = lines if isinstance(lines, list) else []
        known = ((self.bodies.external_id_of(one), one) for one in listed)
        return {number: {k: v for k, v in one.items() if k != "external_ids"} for number, one in known if number}

    def _with_companies(self, entries: Sequence[Entry], found: dict[int, Held]) -> dict[int, Held]:
        """Each customer's Company stands beside it under the same external id."""
        wanted = {e.hub_id: company for e in entries if (company := self.bodies.company(e)) is not None}
        if not wanted or not found:
            return found
        there = self._companies(list(wanted))
        for entry in entries:
            if entry.entry_id in found and entry.hub_id in wanted:
                one = found[entry.entry_id]
                beside = {COMPANY.name: there.get(entry.hub_id)}
                company = {COMPANY.name: wanted[entry.hub_id]}
                found[entry.entry_id] = Held(one.external_id, {**one.wanted, **company}, {**one.found, **beside})
        return found

    def _companies(self, hub_ids: Sequence[str]) -> dict[str, Record]:
        if len(hub_ids) > FEW:
            wanted = set(hub_ids)
            every = ((self.bodies.external_id_of(record), record) for record in self._all(COMPANY))
            return {hub_id: record for hub_id, record in every if hub_id in wanted and hub_id is not None}
        linked = {hub_id: self.api.look_up(COMPANY, hub_id) for hub_id in hub_ids}
        asked = {hub_id: self.api.one(COMPANY, its) for hub_id, its in linked.items() if its and its.isdigit()}
        return {hub_id: record for hub_id, record in asked.items() if record is not None}

    def _payments(self, entries: Sequence[Entry]) -> dict[int, Held]:
        parents = {entry.entry_id: split(entry.external_id)[0] for entry in entries}
        there = self._by_id(TRANSACTION, list(parents.values()))
        found: dict[int, Held] = {}
        for entry in entries:
            parent = there.get(parents[entry.entry_id])
            one = find(self.bodies, parent, entry) if parent is not None else None
            if parent is not None and one is not None:
                fields = {name: value for name, value in (entry.payload or {}).items() if name != PARENT}
                wanted = {**fields, PARENT: (entry.payload or {}).get(PARENT)} if entry.payload else {}
                number = f"{parent['id']}|{one['id']}"
                found[entry.entry_id] = Held(number, wanted, {**_only(one, fields), PARENT: parent["id"]})
        return found

    def _by_id(self, object_: Object, numbers: Sequence[str]) -> dict[str, Record]:
        wanted = {number for number in numbers if number.isascii() and number.isdigit()}
        if len(wanted) > FEW:
            return {str(one["id"]): one for one in self._all(object_) if str(one.get("id")) in wanted}
        asked = {number: self.api.one(object_, number) for number in sorted(wanted)}
        return {number: record for number, record in asked.items() if record is not None}

    def _all(self, object_: Object) -> Iterator[Record]:
        """Page by page, until one brings nothing new."""
        seen: set[Any] = set()
        for number in range(1, 10**6):
            answered = self.api.page(object_.api, object_.many, pageNumber=str(number), pageSize=str(PAGE))
            fresh = [one for one in (answered or ((), None))[0] if one.get("id") not in seen]
            seen.update(one.get("id") for one in fresh)
            yield from fresh
            if not fresh or (answered is not None and answered[1] is not None and len(seen) >= answered[1]):
                return


def _only(record: Mapping[str, Any], names: Mapping[str, Any]) -> Record:
    return {name: record.get(name) for name in names}


def _by_name(custom: Any) -> dict[str, Any]:
    listed = custom if isinstance(custom, list) else []
    return {str(one.get("custom_field_name")): one.get("value") for one in listed if isinstance(one, dict)}
