"""A batch as the one request that delivers it: create, update, delete or void, after looking up what is there.

known id   -> update with the SyncToken of this moment; where it is gone by now, as a new record
no id      -> looked up by its natural key; ours is updated, so that nothing is there twice; else created
delete     -> Customer and Item are made inactive; Invoice and Payment are deleted, or made void by the preset
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import NAMESPACE_OID, uuid5

from ipaas_dagster.destinations.base import Batch, Entry, Outcome
from ipaas_dagster.destinations.quickbooks.api import JSON, Api
from ipaas_dagster.destinations.quickbooks.bodies import Bodies, Body, Refused, encode
from ipaas_dagster.destinations.quickbooks.entities import BY_NAME, SUFFIX, Entity, is_marked, is_ours
from ipaas_dagster.destinations.quickbooks.preset import Company
from ipaas_dagster.destinations.requests import Hole, Request, hole

Operation = Literal["create", "update", "delete", "void"]
MADE_ANEW = "it was gone in QuickBooks and was made anew"


@dataclass(frozen=True)
class Item:
    """One of a batch. `note` is what a person is told beside its success."""

    entry: Entry
    operation: Operation
    body: Body = field(repr=False)
    note: str = ""


@dataclass
class Work:
    """`outcomes` are of entries that nothing is sent for. `tokens` fill the request's holes. `repeat`: the bytes are
    those of an earlier sending."""

    entity: Entity
    items: list[Item] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    holes: list[Hole] = field(default_factory=list)
    request: Request | None = None
    repeat: bool = False


@dataclass(frozen=True)
class Planner:
    """Asks, never writes. `request_id` is what QuickBooks knows the batch by: the same bytes under it are done once."""

    api: Api
    company: Company
    bodies: Bodies

    def work(self, batch: Batch, request_id: str) -> Work:
        work = Work(BY_NAME[batch.entries[0].object])
        planning = _Planning(self, batch, work)
        if batch.entries[0].operation == "delete":
            planning.deletes()
        else:
            planning.upserts()
        if work.items:
            work.request = self.request(work, request_id)
        return work

    def request(self, work: Work, request_id: str) -> Request:
        items = [_item(number, one, work.entity) for number, one in enumerate(work.items, 1)]
        path = self.api.path("batch", requestid=request_id)
        entries = [one.entry.entry_id for one in work.items]
        return Request("POST", path, encode({"BatchItemRequest": items}), JSON, entries, work.holes)


def request_id_of(batch: Batch, again: str = "") -> str:
    """At most 36 characters. The batch's own id at first; another one for each later attempt, and where the answer to
    an earlier one is no longer relied on (`again` says which)."""
    if batch.attempt == 1 and not again:
        return batch.batch_id
    return str(uuid5(NAMESPACE_OID, f"{batch.batch_id}:{batch.attempt}:{again}"))


def _item(number: int, item: Item, entity: Entity) -> dict[str, Any]:
    """Void is an update with an option."""
    if item.operation == "void":
        return {"bId": str(number), "operation": "update", "optionsData": "void", entity.name: item.body}
    return {"bId": str(number), "operation": item.operation, entity.name: item.body}


@dataclass(frozen=True)
class _Planning:
    planner: Planner
    batch: Batch
    work: Work

    @property
    def entity(self) -> Entity:
        return self.work.entity

    def upserts(self) -> None:
        there = self._there(entry.external_id for entry in self.batch.entries)
        new = [entry for entry in self.batch.entries if not _is_there(entry, there)]
        found = self._found(new)
        for entry in self.batch.entries:
            try:
                if _is_there(entry, there):
                    self._update(entry, str(entry.external_id), there)
                elif (record := found.get(entry.entry_id)) is not None:
                    self._update(entry, str(record["Id"]), {str(record["Id"]): record})
                else:
                    self._create(entry)
            except Refused as refused:
                self.work.outcomes.append(
                    Outcome(entry.entry_id, "rejected", reason=refused.reason, field=refused.field)
                )

    def deletes(self) -> None:
        there = self._there(entry.external_id for entry in self.batch.entries)
        for entry in self.batch.entries:
            id = entry.external_id
            record = there.get(id or "")
            if record is None or record.get("Active") is False:
                self.work.outcomes.append(Outcome(entry.entry_id, "delivered", external_id=id))
                continue
            token = self._token(str(id), record)
            if self.entity.lists:
                self._add(entry, "update", self.planner.bodies.inactive(str(id), token))
            else:
                void = self.planner.company.on_delete == "void"
                body = {"Id": id, "SyncToken": token, **({"sparse": True} if void else {})}
                self._add(entry, "void" if void else "delete", body)

    def _create(self, entry: Entry) -> None:
        note = MADE_ANEW if entry.external_id is not None else ""
        self._add(entry, "create", self.planner.bodies.create(self.entity, entry), note)

    def _update(self, entry: Entry, id: str, there: Mapping[str, Body]) -> None:
        """The token's hole is made first and kept only if the record can be sent."""
        marker = self._hole(id).marker
        body = self.planner.bodies.update(self.entity, entry, id, marker)
        self._token(id, there.get(id))
        self._add(entry, "update", body)

    def _hole(self, id: str) -> Hole:
        return hole(self.batch.batch_id, "lock_token", f"{self.entity.name} {id}", len(self.work.holes) + 1)

    def _token(self, id: str, record: Body | None) -> str:
        """A hole, filled with the record's token; one that is only planned yet has none."""
        made = self._hole(id)
        self.work.holes.append(made)
        if record is not None:
            self.work.tokens[made.marker] = str(record["SyncToken"])
        return made.marker

    def _add(self, entry: Entry, operation: Operation, body: Body, note: str = "") -> None:
        self.work.items.append(Item(entry, operation, body, note))

    def _there(self, ids: Iterable[str | None]) -> dict[str, Body]:
        """Those that QuickBooks still has, inactive ones too, with their tokens."""
        wanted = sorted({id for id in ids if id and id.isdigit()}, key=int)
        if not wanted:
            return {}
        fields = "Id, SyncToken, Active" if self.entity.lists else "Id, SyncToken"
        records = self.planner.api.select_in(fields, self.entity.name, "Id", wanted, *self.entity.inactive_too)
        return {str(record["Id"]): record for record in records}

    def _found(self, new: Sequence[Entry]) -> dict[int, Body]:
        """Entry id -> the record that is there already, by natural key."""
        names = {entry.entry_id: natural_of(self.entity, entry) for entry in new}
        records = look_up(self.planner.api, self.entity, names.values())
        found: dict[int, Body] = {}
        for entry in new:
            same = records.get(folded(names[entry.entry_id]), [])
            if (record := choose(self.entity, entry, same, adopt=self.planner.company.adopt)) is not None:
                found[entry.entry_id] = record
        return found


def natural_of(entity: Entity, entry: Entry) -> str:
    return str((entry.payload or {}).get(entity.natural) or "")


def look_up(api: Api, entity: Entity, names: Iterable[str]) -> dict[str, list[Body]]:
    """Records by natural key, in small letters; one that was made inactive stands by the name that it had."""
    wanted = list(dict.fromkeys(stripped for name in names if (stripped := name.strip())))
    if entity.lists:
        wanted += [name + SUFFIX for name in wanted]
    found: dict[str, list[Body]] = {}
    for record in api.select_in("*", entity.name, entity.natural, wanted, *entity.inactive_too):
        name = str(record.get(entity.natural, ""))
        if record.get("Active") is False:
            name = name.removesuffix(SUFFIX)
        found.setdefault(folded(name), []).append(record)
    return found


def folded(name: str) -> str:
    """Names are compared without regard to case and to spaces around them."""
    return name.strip().casefold()


def choose(entity: Entity, entry: Entry, records: Sequence[Body], *, adopt: bool) -> Body | None:
    """Ours; or, where the preset says so, the only one there is, if it is of a name that must be unique."""
    ours = next((one for one in records if is_ours(entity, entry, one)), None)
    if ours is not None or not adopt or entity.name == "Payment":
        return ours
    free = [one for one in records if not is_marked(one)]
    return free[0] if len(free) == 1 else None


def _is_there(entry: Entry, there: Mapping[str, Body]) -> bool:
    """An id that is no number is one that a plan promises."""
    id = entry.external_id
    return id is not None and (id in there or not id.isdigit())
