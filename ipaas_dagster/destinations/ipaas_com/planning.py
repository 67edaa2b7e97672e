"""An entry as the requests that deliver it. Asks, never writes; what it finds is in the requests.

known id     -> PUT; where it is gone by now, as if there were none
no id        -> our external id is looked up: found, PUT; not linked, or linked to what was deleted, POST
delete       -> DELETE, or by the preset only the link to our external id goes
Customer     -> its Company in the same way, beside it; an equal one is left alone
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from ipaas_dagster.destinations.base import Entry, Outcome, Shape
from ipaas_dagster.destinations.ipaas_com.api import DELETED, JSON, Api, Record
from ipaas_dagster.destinations.ipaas_com.bodies import Bodies
from ipaas_dagster.destinations.ipaas_com.objects import BY_NAME, COMPANY, CUSTOMER, Object
from ipaas_dagster.destinations.requests import Request

Kind = Literal["create", "update", "delete", "payment", "no_payment"]


@dataclass(frozen=True)
class Step:
    """One request. `sends` are the names of its fields, to find them in an error. `main`: its record's id is the
    entry's. `there` is the transaction that a payment's request changes, as it was right before; None where it is
    only promised yet."""

    kind: Kind
    object: Object
    request: Request
    sends: tuple[str, ...] = ()
    main: bool = True
    there: Record | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Work:
    """`settled` stands where nothing is to be sent."""

    entry: Entry
    steps: tuple[Step, ...] = ()
    settled: Outcome | None = None


@dataclass(frozen=True)
class Planner:
    api: Api
    bodies: Bodies

    def work(self, entry: Entry, shape: Shape) -> Work:
        """Raises Unreachable, Throttled, Paused."""
        make = self._deleting if entry.operation == "delete" else self._writing
        return make(BY_NAME[shape.object], entry, shape)

    def _writing(self, object_: Object, entry: Entry, shape: Shape) -> Work:
        steps = [self._written(object_, entry, self.bodies.fields(object_, entry, shape), entry.external_id)]
        company = self.bodies.company(entry) if object_ is CUSTOMER else None
        if company is not None:
            steps += self._company(entry, company)
        return Work(entry, tuple(steps))

    def _company(self, entry: Entry, fields: Record) -> Iterator[Step]:
        there = self.there(COMPANY, entry.hub_id, None)
        if there is None or not self.bodies.same(fields, there):
            yield self._step(COMPANY, entry, fields, there, main=False)

    def _written(self, object_: Object, entry: Entry, fields: Record, known: str | None) -> Step:
        return self._step(object_, entry, fields, self.there(object_, entry.hub_id, known), main=True)

    def _step(self, object_: Object, entry: Entry, fields: Record, there: Record | None, *, main: bool) -> Step:
        entries, names = [entry.entry_id], tuple(fields)
        if there is None:
            body = self.bodies.create(fields, entry.hub_id)
            request = Request("POST", self.api.path(object_.api, object_.path), body, JSON, entries)
            return Step("create", object_, request, names, main)
        body = self.bodies.update(object_, fields, there, entry.hub_id)
        request = Request("PUT", put_path(self.api, object_, str(there["id"])), body, JSON, entries)
        return Step("update", object_, request, names, main)

    def there(self, object_: Object, hub_id: str, known: str | None) -> Record | None:
        """What is there of this record now: by its id, else by our external id."""
        if known is not None and is_number(known) and (found := self.api.one(object_, known)) is not None:
            return found
        linked = self.api.look_up(object_, hub_id)
        if linked is None or linked.startswith(DELETED) or linked == known:
            return None
        return self.api.one(object_, linked)

    def _deleting(self, object_: Object, entry: Entry, shape: Shape) -> Work:
        steps = [self._deleted(object_, entry, entry.external_id, main=True)] if entry.external_id else []
        if object_ is CUSTOMER and any(name.startswith(f"{COMPANY.name}.") for name in shape.fields):
            linked = self.api.look_up(COMPANY, entry.hub_id)
            if linked is not None and not linked.startswith(DELETED):
                steps.append(self._deleted(COMPANY, entry, linked, main=False))
        if not steps:
            return Work(entry, settled=Outcome(entry.entry_id, "delivered", external_id=entry.external_id))
        return Work(entry, tuple(steps))

    def _deleted(self, object_: Object, entry: Entry, number: str, *, main: bool) -> Step:
        account = self.api.account
        rest = f"{object_.path}/{number}"
        if account.on_delete == "unlink":
            table = quote(self.api.table(object_), safe="")
            values = {"{id}": number, "{system_id}": str(account.system_id), "{table}": table}
            rest = account.unlink_path
            for name, value in values.items():
                rest = rest.replace(name, value)
        request = Request("DELETE", self.api.path(object_.api, rest), b"", JSON, [entry.entry_id])
        return Step("delete", object_, request, (), main)


def put_path(api: Api, object_: Object, number: str) -> str:
    return api.path(object_.api, f"{object_.path}/{number}" if api.account.id_in_path else object_.path)


def is_number(id: str) -> bool:
    """What is none is an id that a plan only promises."""
    return not id.startswith("hole:")
