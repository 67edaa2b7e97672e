"""The books of one company: its records, what they are found by, and references between them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.quickbooks.problems import bad_reference, gone
from ipaas_dagster.sandbox.quickbooks.properties import Record
from ipaas_dagster.sandbox.quickbooks.settings import Settings

INDEXED: dict[str, tuple[str, ...]] = {
    "Customer": ("DisplayName",),
    "Vendor": ("DisplayName",),
    "Employee": ("DisplayName",),
    "Item": ("Name",),
    "Account": ("Name",),
    "Invoice": ("DocNumber",),
    "Payment": ("PaymentRefNum",),
    "CompanyInfo": (),
    "Preferences": (),
    "TaxCode": ("Name",),
    "Term": ("Name",),
    "PaymentMethod": ("Name",),
}
"""Every entity, and the properties that its records are found by without looking at all of them."""


class Books:
    """Records are replaced, never changed in place: what was answered stays as it was answered."""

    def __init__(self, clock: SandboxClock, settings: Settings) -> None:
        self._clock, self.settings = clock, settings
        self.tables: dict[str, dict[str, Record]] = {entity: {} for entity in INDEXED}
        self.deleted: dict[str, dict[str, str]] = {entity: {} for entity in INDEXED}
        """When each deleted record was deleted, by id."""
        self.unseen: set[tuple[str, str]] = set()
        """Made earlier in the batch that is being done: no other item of it can see them."""
        self._indexes: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        self._highest = dict.fromkeys(INDEXED, 0)
        self.last_doc_number = 1000

    def now(self) -> str:
        """The company's time, in whole seconds, as records carry it."""
        return self._local().isoformat(timespec="seconds")

    def answer_time(self) -> str:
        return self._local().isoformat(timespec="milliseconds")

    def today(self) -> str:
        return self._local().date().isoformat()

    def _local(self) -> datetime:
        return self._clock.now().astimezone(timezone(timedelta(hours=self.settings.utc_offset_hours)))

    def next_id(self, entity: str) -> str:
        return str(self._highest[entity] + 1)

    def put(self, entity: str, record: Record) -> None:
        """Store this in place of what has its id."""
        number = record["Id"]
        self._unindex(entity, number)
        self.tables[entity][number] = record
        self._highest[entity] = max(self._highest[entity], int(number) if number.isdigit() else 0)
        for field in INDEXED[entity]:
            if (value := record.get(field)) is not None:
                self._indexes.setdefault((entity, field), {}).setdefault(value.casefold(), {})[number] = None

    def remove(self, entity: str, number: str) -> None:
        self._unindex(entity, number)
        del self.tables[entity][number]
        self.deleted[entity][number] = self.now()

    def _unindex(self, entity: str, number: str) -> None:
        known = self.tables[entity].get(number, {})
        for field in INDEXED[entity]:
            if (value := known.get(field)) is not None:
                index = self._indexes[entity, field]
                numbers = index[value.casefold()]
                del numbers[number]
                if not numbers:
                    del index[value.casefold()]

    def find(self, entity: str, number: str) -> Record:
        """Raises Problem 610 if there is none, or none that this request can see."""
        record = self.tables[entity].get(number)
        if record is None or (entity, number) in self.unseen:
            raise gone()
        return record

    def found_by(self, entity: str, field: str, values: Iterable[str]) -> list[str] | None:
        """Ids of the records with one of these values in any case; None if there is no such index."""
        if field == "Id":
            return [value for value in values if value in self.tables[entity]]
        if field not in INDEXED[entity]:
            return None
        index = self._indexes.get((entity, field), {})
        return list(dict.fromkeys(number for value in values for number in index.get(value.casefold(), {})))

    def refer(self, entity: str, ref: Record, element: str) -> Record:
        """What is referred to. Raises Problem 2500 if there is none, 610 if it is inactive."""
        record = self.tables[entity].get(ref["value"])
        if record is None or (entity, ref["value"]) in self.unseen:
            raise bad_reference(entity, ref["value"], element)
        if record.get("Active") is False:
            raise gone()
        return record

    def touched(self, record: Record, changes: dict[str, Any]) -> Record:
        """The next version of a record."""
        meta = {**record["MetaData"], "LastUpdatedTime": self.now()}
        return {**record, **changes, "SyncToken": str(int(record["SyncToken"]) + 1), "MetaData": meta}
