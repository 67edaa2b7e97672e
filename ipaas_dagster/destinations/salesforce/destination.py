"""Deliver into a Salesforce org: upserts by external id and deletes by id, each safe to repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ipaas_dagster.destinations.base import (
    Batch,
    Capabilities,
    Entry,
    Outcome,
    Setting,
    Throttled,
    Unreachable,
)
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.destinations.salesforce import rest, setup, soql
from ipaas_dagster.destinations.salesforce.api import Api
from ipaas_dagster.destinations.salesforce.bulk import Bulk
from ipaas_dagster.destinations.salesforce.layout import Layout, kept, read_layouts, same
from ipaas_dagster.destinations.salesforce.pieces import Piece, Plan, plan_deletes, plan_upserts
from ipaas_dagster.destinations.salesforce.preset import BULK_ABOVE, MOST_A_CALL, read_org
from ipaas_dagster.destinations.salesforce.problems import SEVERAL
from ipaas_dagster.records import SOURCE_SYSTEM

BULK_SIZE = 20_000
"""Records of one bulk job: two of Salesforce's internal batches; about 60 MB here while it is made."""
CAPABILITIES = Capabilities(
    batch_size=MOST_A_CALL,
    bulk_above=BULK_ABOVE,
    bulk_size=BULK_SIZE,
    refers_by_hub_id=True,
    settles_doubt="resend",
    reads_back=True,
)


class SalesforceDestination:
    compared_at_once = 2_000

    def __init__(self, setting: Setting) -> None:
        self._org = read_org(setting)
        self._layouts = read_layouts(setting)
        self._api = Api(setting, self._org)
        self._bulk = Bulk(self._api, setting.notes, setting.wait)
        org = self._org
        self.capabilities = replace(
            CAPABILITIES,
            batch_size=org.batch_size,
            bulk_above=max(org.bulk_above, org.batch_size),
            bulk_size=max(BULK_SIZE, org.batch_size),
        )

    def check(self) -> str:
        return setup.check(self._api, self._org, self._layouts)

    def requests(self, batch: Batch) -> list[Request]:
        return self._planned(batch).requests

    def deliver(self, batch: Batch) -> list[Outcome]:
        plan = self._planned(batch)
        found = {outcome.entry_id: outcome for outcome in plan.settled}
        for piece in plan.pieces:
            try:
                outcomes = self._send(batch, piece)
            except (Throttled, Unreachable) as problem:
                problem.outcomes = tuple(found.values())
                raise
            found |= {outcome.entry_id: outcome for outcome in self._completed(batch, piece, outcomes)}
        return [found[entry.entry_id] for entry in batch.entries]

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Asks for the records by hub id, and compares them: what is not there as it was sent did not arrive."""
        found: dict[int, Outcome] = {}
        for collection in dict.fromkeys(entry.collection for entry in entries):
            mine = [entry for entry in entries if entry.collection == collection]
            there = self._there(self._layouts[collection], mine)
            found |= {entry.entry_id: self._resolved(entry, there.get(entry.entry_id)) for entry in mine}
        return [found[entry.entry_id] for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        """By hub id (what the key's field holds), or by Salesforce's own ids; values as in payloads."""
        layout, found = self._layouts[collection], dict[str, Mapping[str, Any] | None].fromkeys(keys)
        own = [key for key in keys if soql.is_own_id(key)]
        others = [key for key in keys if not soql.is_own_id(key)]
        for field, some in (("Id", own), (layout.hub_id or layout.key, others)):
            for record in self._records(layout, field, some):
                found[str(record[field])] = layout.typed(record)
        return found

    def held(self, entries: Sequence[Entry]) -> dict[int, Held]:
        """By hub id, as they are upserted."""
        layout = self._layouts[entries[0].collection]
        by_id, there = {entry.entry_id: entry for entry in entries}, self._there(layout, entries)
        return {entry_id: _held(layout, by_id[entry_id], record) for entry_id, record in there.items()}

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        layout = self._layouts[collection]
        if layout.hub_id is None:
            return
        where = f"{layout.hub_id} LIKE '{SOURCE_SYSTEM}:%'"
        for record in soql.select(self._api, layout.object, ["Id", layout.hub_id], where):
            yield str(record[layout.hub_id]), str(record["Id"])

    def ledger_name(self, batch: Batch) -> None:
        """Every call of a batch is written down by itself."""
        return None

    def limits(self) -> list[str]:
        able = self.capabilities
        calls = f"{able.batch_size:,} records a call; above {able.bulk_above:,} owed, {able.bulk_size:,} a bulk job"
        return [calls, *self._api.usage.limits()]

    def close(self) -> None:
        self._api.close()

    def _planned(self, batch: Batch) -> Plan:
        layout, most = self._layouts[batch.collection], self._org.batch_size
        if batch.entries and batch.entries[0].operation == "delete":
            return plan_deletes(self._api, layout, batch, self._own_ids(layout, batch.entries), most)
        return plan_upserts(self._api, layout, batch, most)

    def _send(self, batch: Batch, piece: Piece) -> list[Outcome]:
        part = Part(batch.sending_id or None, batch.attempt)
        if piece.kind != "bulk":
            return rest.send(self._api, piece, part)
        return self._bulk.send(batch, piece, part, deletes=piece.entries[0].operation == "delete")

    def _completed(self, batch: Batch, piece: Piece, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """With the ids that some answers lack, and the records that several matches are."""
        lacks = {o.entry_id for o in outcomes if o.kind == "delivered" and o.external_id is None}
        several = {o.entry_id for o in outcomes if o.kind == "rejected" and o.reason.startswith(SEVERAL)}
        concerned = [e for e in piece.entries if e.entry_id in lacks | several and e.payload is not None]
        if not concerned:
            return list(outcomes)
        layout = self._layouts[batch.collection]
        try:
            keys = {layout.key_of(e.payload or {}) or "": e.entry_id for e in concerned}
            there: dict[int, list[str]] = {}
            for record in soql.records(self._api, layout.object, ["Id", layout.key], layout.key, list(keys)):
                there.setdefault(keys.get(str(record.get(layout.key)), 0), []).append(str(record["Id"]))
        except (Throttled, Unreachable) as problem:
            return [replace(o, kind="in_doubt", reason=str(problem)) if o.entry_id in lacks else o for o in outcomes]
        return [_with_ids(outcome, there.get(outcome.entry_id, [])) for outcome in outcomes]

    def _own_ids(self, layout: Layout, entries: Sequence[Entry]) -> dict[int, str | None]:
        ids = {entry.entry_id: entry.external_id for entry in entries}
        unknown = {entry.hub_id: entry.entry_id for entry in entries if entry.external_id is None}
        field = layout.hub_id or layout.key
        for record in soql.records(self._api, layout.object, ["Id", field], field, list(unknown)) if unknown else ():
            ids[unknown[str(record[field])]] = str(record["Id"])
        return ids

    def _there(self, layout: Layout, entries: Sequence[Entry]) -> dict[int, dict[str, Any]]:
        """By entry id: the record as SOQL gives it."""
        field = layout.hub_id or layout.key
        by_key = {entry.hub_id: entry.entry_id for entry in entries}
        return {by_key[str(r[field])]: r for r in self._records(layout, field, list(by_key)) if str(r[field]) in by_key}

    def _records(self, layout: Layout, field: str, values: Sequence[str]) -> list[dict[str, Any]]:
        columns = ["Id", field, *layout.columns]
        return list(soql.records(self._api, layout.object, columns, field, values)) if values else []

    def _resolved(self, entry: Entry, there: Mapping[str, Any] | None) -> Outcome:
        if entry.payload is None:
            if there is None:
                return Outcome(entry.entry_id, "delivered", external_id=entry.external_id)
            return Outcome(entry.entry_id, "retry", reason="it is still there")
        if there is None:
            return Outcome(entry.entry_id, "retry", reason="it is not there")
        found = self._layouts[entry.collection].typed(there)
        names = [name for name in entry.payload if name in found]
        if same([entry.payload[name] for name in names], [found[name] for name in names]):
            return Outcome(entry.entry_id, "delivered", external_id=str(there["Id"]))
        return Outcome(entry.entry_id, "retry", reason="what is there is something else")


def _held(layout: Layout, entry: Entry, record: Mapping[str, Any]) -> Held:
    """Both sides as Salesforce keeps values."""
    wanted = {name: kept(value) for name, value in (entry.payload or {}).items()}
    found = {name: kept(value) for name, value in layout.typed(record).items()}
    return Held(str(record["Id"]), wanted, found)


def _with_ids(outcome: Outcome, there: Sequence[str]) -> Outcome:
    if outcome.kind == "delivered" and outcome.external_id is None and there:
        return replace(outcome, external_id=there[0])
    if outcome.kind == "rejected" and outcome.reason.startswith(SEVERAL) and there:
        return replace(outcome, reason=f"{outcome.reason} ({', '.join(there)})")
    return outcome
