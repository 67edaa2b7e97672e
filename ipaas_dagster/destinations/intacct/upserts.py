"""What is sent for a record that the hub holds, given what is there: found, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.intacct import invoices, masters, payments
from ipaas_dagster.destinations.intacct.looking import invoices_paid, lines_there
from ipaas_dagster.destinations.intacct.markup import Refused
from ipaas_dagster.destinations.intacct.objects import INACTIVE, Record, flat_fields, is_mark
from ipaas_dagster.destinations.intacct.work import MADE_ANEW, Ground, Work

Upsert = Callable[[Entry, Record | None], None]
"""Adds to the work. Raises Refused."""
BOOKED_ANEW = "it was reversed or gone in Intacct and was booked anew"


def of_masters(ground: Ground, work: Work, numbers: Sequence[str]) -> Upsert:
    """CUSTOMER, CONTACT, ITEM."""
    kind, shapes = work.kind, ground.setting.shapes

    def upsert(entry: Entry, found: Record | None) -> None:
        fields = flat_fields(entry.payload or {}, shapes[entry.collection].fields)
        if found is None:
            note = MADE_ANEW if entry.external_id else ""
            work.add(entry, "create", masters.created(kind, fields), str(fields[kind.key]), note)
            return
        id = entry.external_id or found[kind.key]
        note = "" if fields.get(kind.key) == id else f"{kind.key} stays {id}: Intacct does not change it"
        changed = {name: value for name, value in fields.items() if not is_mark(value, entry)}
        if found.get("STATUS") == INACTIVE and entry.external_id is None:
            changed = {"STATUS": "active", **changed}  # it was deleted here, and comes back
        work.add(entry, "update", masters.updated(kind, id, changed), id, note)

    return upsert


def of_invoices(ground: Ground, work: Work, numbers: Sequence[str]) -> Upsert:
    lines = lines_there(ground.api, numbers)

    def upsert(entry: Entry, found: Record | None) -> None:
        company, payload = ground.company, entry.payload or {}
        if found is None:
            body = invoices.created(company, payload, ground.setting.clock().date())
            work.add(entry, "create", body, note=MADE_ANEW if entry.external_id else "")
            return
        number, marks = found["RECORDNO"], [name for name, value in payload.items() if is_mark(value, entry)]
        there = lines.get(number, len(invoices.lines_of(payload)))
        work.add(entry, "update", invoices.updated(company, payload, number, there, keep=marks), number)

    return upsert


def of_payments(ground: Ground, work: Work, numbers: Sequence[str]) -> Upsert:
    """One that differs is reversed; its next attempt finds it reversed, and books it anew."""
    paid, company = invoices_paid(ground.api, numbers), ground.company

    def upsert(entry: Entry, found: Record | None) -> None:
        payload, today = entry.payload or {}, ground.setting.clock().date()
        if found is None:
            note = BOOKED_ANEW if entry.external_id else ""
            work.add(entry, "create", payments.created(company, payload, today), note=note)
            return
        number = found["RECORDNO"]
        if payments.is_same(payload, found, paid.get(number, frozenset())):
            work.done(entry, number)
        elif entry.external_id is None and not company.adopt:
            raise Refused("refid", f"the payment {number} of this customer has it already, and is another one")
        else:
            work.add(entry, "reverse", payments.reversed_(number, today), number)

    return upsert


UPSERTS: dict[str, Callable[[Ground, Work, Sequence[str]], Upsert]] = {
    **dict.fromkeys(("CUSTOMER", "CONTACT", "ITEM"), of_masters),
    "ARINVOICE": of_invoices,
    "ARPYMT": of_payments,
}
