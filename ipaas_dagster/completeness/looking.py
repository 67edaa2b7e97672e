"""One chunk of a route's records as the hub has them, beside what the system holds of them.

Not compared are records that a delivery is open or dead of (the outbox knows of them), and those that changed in the
hub since the route read it: their delivery is still to come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from ipaas_dagster.completeness.results import Comparison
from ipaas_dagster.destinations.base import Destination, Entry
from ipaas_dagster.destinations.held import Compares, Held
from ipaas_dagster.hub import ChangedRecord
from ipaas_dagster.mapping import Route
from ipaas_dagster.mapping.render import RenderError
from ipaas_dagster.outbox import differences
from ipaas_dagster.outbox.claim import as_it_is
from ipaas_dagster.outbox.differences import Difference
from ipaas_dagster.outbox.links import Ref, external_ids
from ipaas_dagster.outbox.queue import Candidate, Known, look_up
from ipaas_dagster.outbox.rendering import candidates
from ipaas_dagster.project import Project

_encode = msgspec.json.Encoder(order="sorted", enc_hook=str).encode


@dataclass
class Looking:
    """One route of a system under comparison. `since_us`: what the hub took later may not be queued yet, which is no
    difference."""

    project: Project
    route: Route
    destination: Destination
    reader: Compares
    since_us: int
    counts: Comparison = field(default_factory=Comparison)

    @property
    def system(self) -> str:
        return self.route.system

    def compare(self, records: Sequence[ChangedRecord]) -> list[Difference]:
        """Of live records; each is counted. Raises Unreachable, Throttled, Paused."""
        chunk = self._chunk(records)
        there = self.reader.held([entry for entry, _ in chunk.asked]) if chunk.asked else {}
        found, good = list(chunk.unsent), []
        for entry, known in chunk.asked:
            difference = self._difference(entry, known, there.get(entry.entry_id), chunk.hashes[entry.hub_id])
            remark = chunk.remarks.get(entry.hub_id)
            if difference is None:
                good += [entry.hub_id] if remark is not None else []
            elif remark is not None and _same(remark, difference):
                self.counts.remarks += 1
            else:
                found.append(difference)
        self.counts.compared += len(chunk.asked)
        self._keep(found, good)
        return found

    def _keep(self, found: Sequence[Difference], good: Sequence[str]) -> None:
        for one in found:
            setattr(self.counts, one.what, getattr(self.counts, one.what) + 1)
        if found or good:
            with self.project.operations.write() as connection:
                differences.drop(connection, self.system, self.route.collection, good)
                differences.keep(connection, found, self.project.run_id, self.project.clock())

    def _chunk(self, records: Sequence[ChangedRecord]) -> _Chunk:
        rendered = candidates(self.route, records, self.project.hub)
        ids = [candidate.hub_id for candidate in rendered]
        system, collection = self.system, self.route.collection
        with self.project.operations.read() as connection:
            known = look_up(connection, system, collection, ids)
            refs = {ref for candidate in rendered for ref in candidate.refs}
            names = external_ids(connection, system, {*refs, *((collection, hub_id) for hub_id in ids)})
            chunk = _Chunk(remarks=differences.remarks(connection, system, collection, ids))
        for number, candidate in enumerate(rendered, 1):
            if candidate.payload is not None or candidate.error is not None:
                self._sort(chunk, number, candidate, known.get(candidate.hub_id) or Known(), names)
        return chunk

    def _sort(self, chunk: _Chunk, number: int, candidate: Candidate, known: Known, names: Mapping[Ref, str]) -> None:
        state = _state(candidate, known)
        if state == "unsent" and (candidate.changed_us or 0) < self.since_us:
            hash_ = candidate.payload_hash
            chunk.unsent.append(Difference(self.system, self.route.collection, candidate.hub_id, "missing",
                                           entry_id=known.last, payload_hash=hash_))  # fmt: skip
        elif state == "sent" and (entry := self._entry(number, candidate, names)) is not None:
            chunk.asked.append((entry, known))
            chunk.hashes[candidate.hub_id] = candidate.payload_hash or ""
        else:
            self.counts.owed += 1

    def _entry(self, number: int, candidate: Candidate, names: Mapping[Ref, str]) -> Entry | None:
        """As it would be sent now; None where it refers to a record that has no id there."""
        able = self.destination.capabilities
        resolve = as_it_is if able.keeps_hub_ids or able.refers_by_hub_id else lambda c, i: names[c, i]
        try:
            payload = self.route.read_payload(candidate.payload or b"", resolve)
        except (KeyError, RenderError):
            return None
        own = names.get((self.route.collection, candidate.hub_id))
        return entry_of(self.route, number, candidate.hub_id, own, payload)

    def _difference(self, entry: Entry, known: Known, held: Held | None, payload_hash: str) -> Difference | None:
        one = Difference(self.system, entry.collection, entry.hub_id, "missing", external_id=entry.external_id,
                         entry_id=known.last, payload_hash=payload_hash)  # fmt: skip
        if held is None:
            return one
        values = held.differences()
        if not values and known.confirmed is not None:
            return None
        names = tuple(sorted(values))
        return replace(one, what="changed", fields=names, found_hash=_hash(values), external_id=held.external_id)


@dataclass
class _Chunk:
    """`asked` are looked for there; `unsent` have neither a link nor a delivery, so they are missing."""

    remarks: Mapping[str, Difference]
    asked: list[tuple[Entry, Known]] = field(default_factory=list)
    unsent: list[Difference] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)


def entry_of(route: Route, number: int, hub_id: str, external_id: str | None, payload: Any) -> Entry:
    """A record as a destination is asked about it; nothing of it is ever sent."""
    operation: Literal["upsert", "delete"] = "upsert" if payload is not None else "delete"
    return Entry(number, "", route.collection, route.object, hub_id, operation, 0, 0, payload, external_id)


def _state(candidate: Candidate, known: Known) -> Literal["sent", "unsent", "owed"]:
    if candidate.error is not None or known.replaceable or known.busy or known.dead:
        return "owed"
    if not known.holds:
        return "unsent"
    return "sent" if known.confirmed in (None, candidate.payload_hash) else "owed"


def _same(remark: Difference, now: Difference) -> bool:
    return (remark.payload_hash, remark.found_hash) == (now.payload_hash, now.found_hash)


def _hash(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(_encode(values)).hexdigest()
