"""Payments: elements of their transaction's `payments`, put there by a PUT of the transaction.

The PUT replaces the list, so it holds the other payments too, and by the preset (`updates: whole`) everything else of
the transaction. These are read right before it goes out: a plan shows ours, and a hole for the rest.

A payment is known here as `<transaction's id>|<its own id>`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipaas_dagster.destinations.base import Batch, Entry, Outcome
from ipaas_dagster.destinations.ipaas_com.api import JSON, Api, Record
from ipaas_dagster.destinations.ipaas_com.bodies import OF_SERVER, Bodies, as_id, encode
from ipaas_dagster.destinations.ipaas_com.objects import TRANSACTION
from ipaas_dagster.destinations.ipaas_com.planning import Kind, Step, Work, is_number, put_path
from ipaas_dagster.destinations.requests import Request, hole

PARENT = "transaction_id"
"""The template's field for the transaction."""


@dataclass(frozen=True)
class Payments:
    api: Api
    bodies: Bodies
    batch: Batch

    def work(self, place: int, entry: Entry) -> Work:
        """`place` is the entry's in the batch, from 1. Raises Unreachable, Throttled, Paused."""
        parent, own = split(entry.external_id)
        if entry.operation == "delete":
            steps = self._removed(place, entry, parent, own)
            done = Outcome(entry.entry_id, "delivered", external_id=entry.external_id)
            return Work(entry, steps) if steps else Work(entry, settled=done)
        wanted = str((entry.payload or {}).get(PARENT) or "")
        there = self.api.one(TRANSACTION, wanted) if is_number(wanted) else None
        if there is None and is_number(wanted):
            reason = f"its transaction {wanted} is not in iPaaS.com any more"
            return Work(entry, settled=Outcome(entry.entry_id, "retry", reason=reason, field=PARENT))
        moved = self._removed(place, entry, parent, own) if parent and parent != wanted else ()
        return Work(entry, (*moved, self._put(place, entry, wanted, there)))

    def _put(self, place: int, entry: Entry, parent: str, there: Record | None) -> Step:
        payload = entry.payload or {}
        fields = {name: value for name, value in payload.items() if name != PARENT}
        mine = find(self.bodies, there, entry)
        if mine is None:
            ours = {name: value for name, value in fields.items() if value is not None}
            ours["external_ids"] = self.bodies.external_ids(entry.hub_id)
        else:
            around = {name: value for name, value in mine.items() if name not in OF_SERVER} if self.bodies.whole else {}
            ours = {"id": mine["id"], **around, **fields}
        return self._step("payment", place, entry, parent, encode(ours), there, tuple(payload))

    def _removed(self, place: int, entry: Entry, parent: str, own: str) -> tuple[Step, ...]:
        there = self.api.one(TRANSACTION, parent) if parent and is_number(parent) else None
        if there is None or all(str(one.get("id")) != own for one in there.get("payments") or ()):
            return ()
        return (self._step("no_payment", place, entry, parent, b"", there, ()),)

    def _step(
        self,
        kind: Kind,
        place: int,
        entry: Entry,
        parent: str,
        ours: bytes,
        there: Record | None,
        names: tuple[str, ...],
    ) -> Step:
        number = 2 * place - (kind == "payment")
        rest = hole(self.batch.batch_id, "lock_token", f"what else {TRANSACTION.name} {parent} holds", number)
        body = b'{"id":' + encode(as_id(parent)) + b',"payments":[' + ours + rest.marker.encode() + b"}"
        path = put_path(self.api, TRANSACTION, parent)
        request = Request("PUT", path, body, JSON, [entry.entry_id], [rest])
        return Step(kind, TRANSACTION, request, names, kind == "payment", there)


def rest_of(bodies: Bodies, step: Step, entry: Entry) -> dict[str, str]:
    """What fills the hole: the other payments, the end of the list, and what else the transaction holds."""
    there = step.there or {}
    _, own = split(entry.external_id)
    gone = {own, str((find(bodies, there, entry) or {}).get("id"))}
    others = [encode(one).decode() for one in there.get("payments") or () if str(one.get("id")) not in gone]
    around = {k: v for k, v in there.items() if k not in OF_SERVER and k != "payments"} if bodies.whole else {}
    listed = ",".join(others)
    before = "," if listed and step.kind == "payment" else ""
    after = f",{encode(around).decode()[1:-1]}" if around else ""
    return {step.request.holes[0].marker: f"{before}{listed}]{after}"}


def find(bodies: Bodies, there: Record | None, entry: Entry) -> Record | None:
    """Ours among the transaction's: by our external id, else by the id that it had."""
    listed = [one for one in (there or {}).get("payments") or () if isinstance(one, dict)]
    parent, own = split(entry.external_id)
    for one in listed:
        if bodies.has(one, entry.hub_id):
            return one
    same = parent and there is not None and parent == str(there.get("id"))
    return next((one for one in listed if same and str(one.get("id")) == own), None)


def split(external_id: str | None) -> tuple[str, str]:
    """(the transaction's id, its own); empty where it has none yet."""
    parent, _, own = (external_id or "").partition("|")
    return (parent, own) if own else ("", "")
