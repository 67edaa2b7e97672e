"""What Intacct holds beside what it was sent.

CUSTOMER, CONTACT, ITEM     field by field, but those that an update leaves alone
ARINVOICE                   customer, number, days, and the amounts of its lines in their order
ARPYMT                      customer, amount, day, and the invoices that it is applied to
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.intacct.api import Api
from ipaas_dagster.destinations.intacct.invoices import decimal, lines_of
from ipaas_dagster.destinations.intacct.looking import invoices_paid
from ipaas_dagster.destinations.intacct.markup import Refused
from ipaas_dagster.destinations.intacct.objects import BY_NAME, INACTIVE, REVERSED, Kind, Record, flat_fields, is_mark
from ipaas_dagster.destinations.intacct.payments import shown_day
from ipaas_dagster.destinations.intacct.work import Ground

_INVOICE = {"customerid": "CUSTOMERID", "invoiceno": "RECORDID", "ponumber": "DOCNUMBER", "termname": "TERMNAME"}
_DAYS = {"datecreated": "WHENCREATED", "datedue": "WHENDUE"}
_PAYMENT = {"customerid": "CUSTOMERID", "paymentamount": "TRX_TOTALENTERED"}


def held(ground: Ground, entries: Sequence[Entry]) -> dict[int, Held]:
    """By their ids there. Raises Throttled, Unreachable."""
    kind = BY_NAME[entries[0].object]
    there = live(ground.api, kind, [entry.external_id or "" for entry in entries])
    mine = [(entry, there[entry.external_id or ""]) for entry in entries if entry.external_id in there]
    if kind.name == "ARINVOICE":
        amounts = _amounts(ground.api, [record["RECORDNO"] for _, record in mine])
        return {e.entry_id: _invoice(e, record, amounts.get(record["RECORDNO"], [])) for e, record in mine}
    if kind.name == "ARPYMT":
        paid = invoices_paid(ground.api, [record["RECORDNO"] for _, record in mine])
        return {e.entry_id: _payment(e, record, paid[record["RECORDNO"]]) for e, record in mine}
    return {e.entry_id: _master(ground, kind, e, record) for e, record in mine}


def live(api: Api, kind: Kind, ids: Sequence[str]) -> dict[str, Record]:
    """By id; what is inactive or reversed is not there any more."""
    asked = [one for one in ids if one and (kind.named or one.isdigit())]
    found = api.find(kind.name, ("*",), {kind.id: asked}) if asked else []
    return {one[kind.id]: one for one in found if one.get("STATUS") != INACTIVE and one.get("STATE") != REVERSED}


def ours(api: Api, kind: Kind) -> Iterator[tuple[str, str]]:
    """(hub id, id there) of the live records that carry our mark."""
    if kind.mark is None:
        return
    for record in api.marked(kind.name, kind.looked_at, kind.mark):
        if record.get("STATUS") == INACTIVE or record.get("STATE") == REVERSED:
            continue
        marks = (word for word in record.get(kind.mark, "").split() if word.startswith("ipaas:"))
        if (mark := next(marks, None)) is not None:
            yield mark.removeprefix("ipaas:"), record[kind.id]


def _master(ground: Ground, kind: Kind, entry: Entry, record: Record) -> Held:
    fields = flat_fields(entry.payload or {}, ground.setting.shapes[entry.collection].fields) if entry.payload else {}
    left = {kind.key, *kind.create_only}
    wanted = {name: value for name, value in fields.items() if name not in left and not is_mark(value, entry)}
    return Held(record[kind.id], wanted, {name: record.get(name) for name in wanted})


def _invoice(entry: Entry, record: Record, amounts: list[Any]) -> Held:
    payload = entry.payload or {}
    wanted, found = _named(payload, record, _INVOICE)
    for name, there in _DAYS.items():
        if payload.get(name) is not None:
            wanted[name], found[name] = shown_day(payload[name]), record.get(there)
    if payload:
        try:
            lines = [line["amount"] for line in lines_of(payload)]
        except Refused:
            return Held(record["RECORDNO"], wanted, found)
        wanted["invoiceitems"] = [amount for amount in lines if amount]
        found["invoiceitems"] = [amount for amount in amounts if amount]
    return Held(record["RECORDNO"], wanted, found)


def _payment(entry: Entry, record: Record, paid: frozenset[str]) -> Held:
    payload = entry.payload or {}
    wanted, found = _named(payload, record, _PAYMENT)
    if payload.get("datereceived") is not None:
        wanted["datereceived"], found["datereceived"] = shown_day(payload["datereceived"]), record.get("RECEIPTDATE")
    if payload:
        wanted["invoicekey"] = [str(payload["invoicekey"])] if payload.get("invoicekey") else []
        found["invoicekey"] = sorted(paid)
    return Held(record["RECORDNO"], wanted, found)


def _named(
    payload: Mapping[str, Any], record: Record, names: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    wanted = {name: payload[name] for name in names if name in payload}
    return wanted, {name: record.get(names[name]) for name in wanted}


def _amounts(api: Api, numbers: Sequence[str]) -> dict[str, list[Any]]:
    """Invoice -> the amounts of its lines, in their order."""
    asked = ("RECORDNO", "RECORDKEY", "LINE_NO", "TRX_AMOUNT")
    lines: dict[str, dict[int, Any]] = {}
    for line in api.find("ARINVOICEITEM", asked, {"RECORDKEY": numbers}) if numbers else ():
        lines.setdefault(line["RECORDKEY"], {})[int(line["LINE_NO"])] = decimal(line["TRX_AMOUNT"])
    return {number: [found[place] for place in sorted(found)] for number, found in lines.items()}
