"""A webhook destination as the product connects it, over a hub in memory, and the receiver that takes its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipaas_dagster.deliver import DeliverResult, Means, connect, deliver
from ipaas_dagster.destinations.webhook import WebhookDestination
from ipaas_dagster.sandbox import Fault, running_sandbox
from ipaas_dagster.sandbox.webhook import Webhook
from ipaas_dagster.sandbox.webhook.folding import Event
from ipaas_dagster_tests.outbox.world import World

SYSTEM = "webhook"
OTHER_SECRET = "whsec_YW5vdGhlci1zZWNyZXQtb2YtYWxzby0zMi1ieXRlcyE="


class Stage:
    """Both clocks begin with the real one; only waits move the product's."""

    def __init__(self, folder: Path, there: Webhook, environment: Mapping[str, str]) -> None:
        self.there, self.environment = there, dict(environment)
        self.world = World(folder, environment=environment)
        self.world.clock.now = datetime.now(UTC)
        self.hub = self.world.hub

    def put(self, collection: str, hub_id: str, **columns: Any) -> str:
        self.hub.put(collection, hub_id, **columns)
        return hub_id

    def customer(self, which: int, **columns: Any) -> str:
        return self.put("customers", f"instagaze:accounts:{which}", **{"name": f"Customer {which}", **columns})

    def drop(self, which: int) -> None:
        self.hub.drop("customers", f"instagaze:accounts:{which}")

    def deliver(self) -> DeliverResult:
        """The whole of a delivery, which waits for nothing real."""
        return deliver(self.world.project, SYSTEM, Means(connect, wait=self.wait, chance=lambda: 0.999))

    def wait(self, seconds: float) -> None:
        """The receiver's clock goes on as ours does."""
        self.world.clock.wait(seconds)
        self.there.clock.advance(seconds)

    def connected(self, **fields: str) -> WebhookDestination:
        from dataclasses import replace

        from ipaas_dagster.deliver import setting

        real = setting(self.world.project, SYSTEM)
        return WebhookDestination(replace(real, fields={**real.fields, **fields}))

    def entry(self, hub_id: str) -> Any:
        return self.world.entries(system=SYSTEM, hub_id=hub_id)[-1]

    @property
    def events(self) -> list[Event]:
        return self.there.fold.events

    def requests(self) -> int:
        return self.there.fold.arrivals.total()


@contextmanager
def staged(folder: Path, **environment: str) -> Iterator[Stage]:
    """A stage with a receiver of its own."""
    with running_sandbox(samples=None) as sandbox:
        there = sandbox.webhook
        yield Stage(folder, there, {**there.environment(sandbox.origin), **environment})


__all__ = ["OTHER_SECRET", "SYSTEM", "Fault", "Stage", "staged"]
