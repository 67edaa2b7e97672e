"""A hub in memory with the reading side of the real one: changes in order, current records, another epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.hub import ChangedRecord, HubHead, Touched
from ipaas_dagster.hub.mass import MassChange


class FakeHub:
    """`put` and `drop` are changes; `put(..., record=None)` columns not given are null."""

    def __init__(self, epoch: str = "epoch-1") -> None:
        self.epoch = epoch
        self.log: list[ChangedRecord] = []
        self.now: dict[tuple[str, str], ChangedRecord] = {}

    def put(self, collection: str, hub_id: str, **columns: Any) -> ChangedRecord:
        before = self.now.get((collection, hub_id))
        record: dict[str, Any] = {column.name: None for column in contracts.collection(collection).columns}
        record |= before.record if before else {}
        record |= {"hub_id": hub_id, "source_id": hub_id.rsplit(":", 1)[1], "source_system": "instagaze"}
        record |= {"extra": record.get("extra") or {}, **columns}
        operation: Any = "update" if before and before.operation != "delete" else "insert"
        return self._change(collection, hub_id, operation, record)

    def drop(self, collection: str, hub_id: str) -> ChangedRecord:
        return self._change(collection, hub_id, "delete", self.now[collection, hub_id].record)

    def _change(self, collection: str, hub_id: str, operation: Any, record: dict[str, Any]) -> ChangedRecord:
        before = self.now.get((collection, hub_id))
        version = before.version + 1 if before else 1
        change = ChangedRecord(
            len(self.log) + 1, collection, hub_id, operation, version, {**record, "version": version}
        )
        self.log.append(change)
        self.now[collection, hub_id] = change
        return change

    def alive(self, collection: str) -> dict[str, dict[str, Any]]:
        return {c.hub_id: c.record for c in self.current(collection, None, 10**9)}

    def exists(self) -> bool:
        return True

    def head(self) -> HubHead:
        return HubHead(self.epoch, len(self.log))

    def changes(self, collection: str, after_seq: int, limit: int, upto: int | None = None) -> list[ChangedRecord]:
        last = len(self.log) if upto is None else upto
        return [c for c in self.log[after_seq:last] if c.collection == collection][:limit]

    def current(self, collection: str, after_hub_id: str | None, limit: int) -> list[ChangedRecord]:
        ids = sorted(
            i
            for (name, i), change in self.now.items()
            if name == collection and change.operation != "delete" and i > (after_hub_id or "")
        )
        return [self._as_of_now(self.now[collection, i]) for i in ids[:limit]]

    def records(self, collection: str, hub_ids: Sequence[str]) -> dict[str, ChangedRecord]:
        return {i: self._as_of_now(self.now[collection, i]) for i in hub_ids if (collection, i) in self.now}

    def children(self, collection: str, parents: Sequence[str]) -> list[dict[str, Any]]:
        child = contracts.collection(collection)
        wanted = [r for r in self.alive(collection).values() if r[child.parent_column] in parents]
        return sorted(wanted, key=lambda r: (r.get(child.number_column or "") or 0, r["hub_id"]))

    def holders(self, collection: str, column: str, values: Sequence[Any]) -> list[tuple[Any, str]]:
        return [(r[column], i) for i, r in sorted(self.alive(collection).items()) if r[column] in values]

    def mass_changes(self, collections: Sequence[str], after_seq: int, upto: int, more_than: int) -> list[MassChange]:
        """All that is here was brought by one landing."""
        found = []
        for name in collections:
            seqs = [c.seq for c in self.log[after_seq:upto] if c.collection == name and c.operation == "update"]
            found += [MassChange(name, "landing-1", seqs[0], seqs[-1], len(seqs))] if len(seqs) > more_than else []
        return sorted(found, key=lambda mass: mass.first_seq)

    def sizes(self) -> dict[str, int]:
        return {collection.name: len(self.alive(collection.name)) for collection in contracts.COLLECTIONS}

    def touched(self, collection: str, after_seq: int, limit: int, upto: int, parents_after: int) -> Touched:
        child = contracts.collection(collection)
        changes = self.changes(collection, after_seq, limit, upto)
        parents = {change.record[child.parent_column] for change in changes}
        for change in changes:
            earlier = [c for c in self.log[: change.seq - 1] if (c.collection, c.hub_id) == (collection, change.hub_id)]
            parents |= {earlier[-1].record[child.parent_column]} if earlier else set()
        parents -= {c.hub_id for c in self.log[parents_after:upto] if c.collection == child.parent}
        last = changes[-1].seq if len(changes) == limit else upto
        return Touched(len(changes), last, tuple(sorted(parents)))

    def _as_of_now(self, change: ChangedRecord) -> ChangedRecord:
        operation: Any = "delete" if change.operation == "delete" else "update"
        return ChangedRecord(len(self.log), change.collection, change.hub_id, operation, change.version, change.record)
