"""What is there already: of a batch's records, by their ids and by their keys, in one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.intacct.api import Api
from ipaas_dagster.destinations.intacct.objects import REVERSED, Kind, Record

PROMISED = "hole:"
"""How an id begins that a plan promises."""


@dataclass(frozen=True)
class There:
    """`by_key` holds the live ones, oldest first: a reversed one is no longer what its number stands for."""

    by_id: dict[str, Record] = field(default_factory=dict)
    by_key: dict[str, list[Record]] = field(default_factory=dict)

    def of(self, entry: Entry) -> Record | None:
        """By the id that it has there."""
        id = entry.external_id or ""
        if id.startswith(PROMISED):
            return {"RECORDNO": id}
        return self.by_id.get(id)

    def same(self, key: str, customer: str | None) -> list[Record]:
        """Live records of that key; of that customer, where there is one to a record."""
        found = self.by_key.get(key, [])
        return [one for one in found if customer is None or one.get("CUSTOMERID") == customer]


def key_of(kind: Kind, entry: Entry) -> str:
    return str((entry.payload or {}).get(kind.given) or "").strip()


def customer_of(kind: Kind, entry: Entry) -> str | None:
    """Whose an invoice or a payment is; None for the other kinds."""
    return None if kind.named else str((entry.payload or {}).get("customerid") or "")


def look(api: Api, kind: Kind, entries: Sequence[Entry]) -> There:
    """Raises Throttled, Unreachable."""
    ids = {id for one in entries if (id := one.external_id) and not id.startswith(PROMISED)}
    keys = {key for one in entries if (key := key_of(kind, one))}
    numbers = {id for id in ids if id.isdigit()}
    wanted = {kind.key: ids | keys} if kind.named else {"RECORDNO": numbers, kind.key: keys}
    there = There()
    for record in api.find(kind.name, kind.looked_at, wanted):
        if there.by_id.setdefault(record[kind.id], record) is record and record.get("STATE") != REVERSED:
            there.by_key.setdefault(record[kind.key].strip(), []).append(record)
    return there


def lines_there(api: Api, numbers: Sequence[str]) -> dict[str, int]:
    """How many lines each invoice has."""
    counts = dict.fromkeys(numbers, 0)
    for line in api.find("ARINVOICEITEM", ("RECORDNO", "RECORDKEY"), {"RECORDKEY": numbers}):
        counts[line["RECORDKEY"]] = counts.get(line["RECORDKEY"], 0) + 1
    return counts


def invoices_paid(api: Api, payments: Sequence[str]) -> dict[str, frozenset[str]]:
    """Payment -> the invoices that it is applied to, all by record number."""
    found: dict[str, set[str]] = {}
    for detail in api.find("ARPYMTDETAIL", ("PAYMENTKEY", "RECORDKEY"), {"PAYMENTKEY": payments}):
        found.setdefault(detail["PAYMENTKEY"], set()).add(detail["RECORDKEY"])
    return {number: frozenset(found.get(number, ())) for number in payments}
