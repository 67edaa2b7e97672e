"""A Salesforce destination as the product connects it, with the ready templates, over a hub in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from ipaas_dagster.deliver import DeliverResult, Means, connect, deliver, setting
from ipaas_dagster.destinations.base import Batch, Entry, Setting
from ipaas_dagster.destinations.notes import MemoryNotes
from ipaas_dagster.destinations.salesforce.destination import SalesforceDestination
from ipaas_dagster.mapping.payload import payload_bytes
from ipaas_dagster.outbox.entry import batch_id, request_key
from ipaas_dagster.records import Call
from ipaas_dagster.sandbox import Fault, running_sandbox
from ipaas_dagster.sandbox.salesforce.behaviour import Behaviour
from ipaas_dagster.sandbox.salesforce.state import Salesforce
from ipaas_dagster_tests.outbox.world import World

SYSTEM = "salesforce"
NOWHERE = {
    "SALESFORCE_URL": "https://org.example",
    "SALESFORCE_CLIENT_ID": "a-client",
    "SALESFORCE_CLIENT_SECRET": "s3cret",
}
FEW = {"SALESFORCE_BATCH_SIZE": "4", "SALESFORCE_BULK_ABOVE": "4"}
"""More than four pending records of a route are a bulk job."""


class Stage:
    """`org` is the stand-in, if there is one. `calls` are the ledger's rows, `waits` what was waited for."""

    def __init__(self, folder: Path, org: Salesforce | None = None, environment: Mapping[str, str] = NOWHERE) -> None:
        self.org = org
        self.world = World(folder, environment=environment)
        self.hub = self.world.hub
        self.notes, self.calls = MemoryNotes(), list[Call]()

    def setting(self, **fields: str) -> Setting:
        real = setting(self.world.project, SYSTEM)
        shown = {**real.fields, **fields}
        return replace(real, fields=shown, notes=self.notes, record_call=self.calls.append, wait=self.world.clock.wait)

    @contextmanager
    def connected(self, **fields: str) -> Iterator[SalesforceDestination]:
        """A destination of its own, as another process would have it; notes are kept."""
        destination = SalesforceDestination(self.setting(**fields))
        try:
            yield destination
        finally:
            destination.close()

    def put(self, collection: str, hub_id: str, **columns: Any) -> str:
        self.hub.put(collection, hub_id, **columns)
        return hub_id

    def customer(self, which: int, **columns: Any) -> str:
        return self.put("customers", f"instagaze:accounts:{which}", **{"name": f"Customer {which}", **columns})

    def upsert(self, collection: str, hub_id: str) -> Entry:
        """What the outbox would give for the hub's record as it is now."""
        route = next(r for r in self.world.project.worksheet.routes(SYSTEM) if r.collection == collection)
        rendered = route.render(self.hub.now[collection, hub_id].record)
        assert rendered is not None
        return self._entry(collection, hub_id, "upsert", route.read_payload(payload_bytes(rendered)), None)

    def delete(self, collection: str, hub_id: str, own_id: str | None) -> Entry:
        return self._entry(collection, hub_id, "delete", None, own_id)

    def _entry(
        self, collection: str, hub_id: str, operation: Literal["upsert", "delete"], payload: Any, own_id: str | None
    ) -> Entry:
        change = self.hub.now[collection, hub_id]
        key = request_key(SYSTEM, collection, hub_id, "e", change.seq, operation)
        return Entry(
            change.seq, key, collection, "", hub_id, operation, change.seq, change.version, payload, own_id, "e"
        )

    def customers(self, *which: int, **columns: Any) -> Batch:
        return batch(*(self.upsert("customers", self.customer(n, **columns)) for n in which))

    def deliver(self) -> DeliverResult:
        """The whole of a delivery, which waits for nothing real."""
        return deliver(self.world.project, SYSTEM, self.means)

    @property
    def means(self) -> Means:
        return Means(connect, wait=self.world.clock.wait, chance=lambda: 0.5)

    def there(self, object: str = "Account") -> dict[str, dict[str, Any]]:
        """The org's records by hub id; one for each, or the test fails."""
        assert self.org is not None
        records = self.org.truth(object)
        found = {str(record["Ipaas_Hub_Id__c"]): record for record in records}
        assert len(found) == len(records), "a record is there twice"
        return found

    def requests(self) -> list[dict[str, Any]]:
        """The journal of the org: what it was asked, in the order in which that ended."""
        assert self.org is not None
        entries: list[dict[str, Any]] = self.org.journal.as_json(0)["entries"]
        return entries

    def urls(self, method: str = "") -> list[str]:
        return [one["url"] for one in self.requests() if one["method"].startswith(method)]


def batch(*entries: Entry) -> Batch:
    return Batch(batch_id(entry.request_key for entry in entries), entries[0].collection, entries, sending_id="s1")


@contextmanager
def staged(folder: Path, more: Mapping[str, str] | None = None, behaviour: Behaviour | None = None) -> Iterator[Stage]:
    """A stage with a stand-in of its own, whose bulk jobs are done at the first question."""
    org = Salesforce(behaviour=behaviour or Behaviour(bulk_polls=0))
    with running_sandbox(samples=None, salesforce=org) as sandbox:
        yield Stage(folder, org, {**org.environment(sandbox.origin), **(more or {})})


__all__ = ["FEW", "Behaviour", "Fault", "Stage", "batch", "staged"]
