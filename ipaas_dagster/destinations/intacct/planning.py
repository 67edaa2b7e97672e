"""A batch as the one request that delivers it: a function a record, after looking up what is there.

known id, there     -> update; an invoice by its lines' positions; a payment is reversed first, then booked anew
known id, gone      -> as a new record
no id               -> looked up by its key; ours is updated, so that nothing is there twice; else created
delete              -> deleted; a customer, contact or item that Intacct does not let go is made inactive by the next
                       attempt; invoices are deleted or reversed by the preset, payments reversed
"""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.destinations.base import Batch, Entry
from ipaas_dagster.destinations.intacct import invoices, masters, payments
from ipaas_dagster.destinations.intacct.envelope import request
from ipaas_dagster.destinations.intacct.looking import There, customer_of, key_of, look
from ipaas_dagster.destinations.intacct.markup import Refused
from ipaas_dagster.destinations.intacct.objects import (
    BY_NAME,
    INACTIVE,
    REVERSED,
    Kind,
    Record,
    flat_fields,
    is_marked,
    is_ours,
    marked_as,
)
from ipaas_dagster.destinations.intacct.upserts import UPSERTS
from ipaas_dagster.destinations.intacct.work import Ground, Work, note_of


def work_of(ground: Ground, batch: Batch) -> Work:
    """Asks, never writes. Raises Throttled, Unreachable."""
    kind = BY_NAME[batch.entries[0].object]
    work, there = Work(kind), look(ground.api, kind, batch.entries)
    if batch.entries[0].operation == "delete":
        for entry in batch.entries:
            _delete(ground, work, entry, there.of(entry))
    else:
        _upsert(ground, work, batch.entries, there)
    if work.items:
        functions, entries = [one.function for one in work.items], [one.entry.entry_id for one in work.items]
        work.request = request(ground.api.path, batch.batch_id, functions, entries)
    return work


def _upsert(ground: Ground, work: Work, entries: Sequence[Entry], there: There) -> None:
    chosen: list[tuple[Entry, Record | None]] = []
    for entry in entries:
        try:
            chosen.append((entry, _chosen(ground, work.kind, entry, there)))
        except Refused as refused:
            work.refuse(entry, refused)
    numbers = [found["RECORDNO"] for _, found in chosen if found and found["RECORDNO"].isdigit()]
    upsert = UPSERTS[work.kind.name](ground, work, numbers)
    for entry, found in chosen:
        try:
            upsert(entry, found)
        except Refused as refused:
            work.refuse(entry, refused)


def _chosen(ground: Ground, kind: Kind, entry: Entry, there: There) -> Record | None:
    """The record there that this entry is about. Raises Refused where its key is another's."""
    known = there.of(entry)
    if known is not None and known.get("STATE") != REVERSED:
        return known
    if known is not None and kind.name == "ARINVOICE":
        raise Refused(kind.given, f"the invoice {known['RECORDNO']} was reversed in Intacct, and stays so")
    same = there.same(key_of(kind, entry), customer_of(kind, entry))
    mine = ours_of(ground, kind, entry, same)
    if same and mine is None:
        raise _taken(kind, entry, same[0])
    return mine


def _taken(kind: Kind, entry: Entry, by: Record) -> Refused:
    """Where it is another record of the hub's, its delete or its new number may be on its way."""
    other = marked_as(kind, by)
    whose = (
        f"which is {other}: give one of them another"
        if other
        else "which is not ours: rename one of them, or set adopt"
    )
    said = f"{key_of(kind, entry)!r} is taken by {kind.name} {by['RECORDNO']}, {whose}"
    return Refused(kind.given, said, passing=other is not None)


def ours_of(ground: Ground, kind: Kind, entry: Entry, same: Sequence[Record]) -> Record | None:
    """Of the live records with its key, the one that came from it; or, where the preset says `adopt`, one that came
    from no record of the hub."""
    fields = flat_fields(entry.payload or {}, ground.setting.shapes[entry.collection].fields)
    mine = [one for one in same if is_ours(kind, entry, one, fields)]
    if ground.company.adopt:
        mine += [one for one in same if not is_marked(kind, one)]
    return mine[0] if mine else None


def _delete(ground: Ground, work: Work, entry: Entry, found: Record | None) -> None:
    id, today = entry.external_id, ground.setting.clock().date()
    if found is None or id is None or found.get("STATUS") == INACTIVE or found.get("STATE") == REVERSED:
        work.done(entry, id)
    elif work.kind.name == "ARINVOICE":
        work.add(entry, "delete", invoices.removed(id, how=ground.company.on_delete, today=today), id)
    elif work.kind.name == "ARPYMT":
        work.add(entry, "delete", payments.reversed_(id, today), id)
    elif ground.setting.notes.read(note_of(entry)) is not None:
        work.add(entry, "inactivate", masters.made_inactive(work.kind, id), id)
    else:
        work.add(entry, "delete", masters.deleted(work.kind, id), id)
