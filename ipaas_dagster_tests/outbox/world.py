"""One installation in a folder: a hub in memory, real operations, the worksheet and templates given as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ipaas_dagster.deliver import DeliverResult, Means, connect, deliver
from ipaas_dagster.destinations.base import Destination
from ipaas_dagster.mapping import Worksheet
from ipaas_dagster.operations.tables import outbox, positions
from ipaas_dagster.project import Project
from ipaas_dagster.settings import Settings
from ipaas_dagster_tests import stores
from ipaas_dagster_tests.outbox.fake_hub import FakeHub
from ipaas_dagster_tests.outbox.fake_system import FakeSystem

CONFIG = Path(__file__).parents[2] / "data"


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    waited: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)


class World:
    """`system` is a destination in memory in the place of the worksheet's; None: the real one."""

    def __init__(
        self,
        folder: Path,
        *,
        system: Destination | None = None,
        config: Path = CONFIG,
        operations_url: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        state = folder / "state"
        settings = Settings(
            state=state,
            config=config,
            operations_url=operations_url or stores.operations_url(state),
            hub_url=f"duckdb:///{state}/hub.duckdb",
            environment=dict(environment or {}),
            lease_seconds=2.0,  # what a killed process held is free soon
        )
        self.clock, self.hub, self.system = Clock(), FakeHub(), system
        self.chunk = 10_000
        self.project = Project(settings, run_id="run-1", clock=self.clock)
        self.project.__dict__["hub"] = self.hub
        if system is not None:
            self.project.__dict__["worksheet"] = _of_kind(self.project, system.capabilities.keeps_hub_ids)

    def deliver(self, system: str = "sql") -> DeliverResult:
        return deliver(self.project, system, self.means)

    @property
    def means(self) -> Means:
        if self.system is None:
            return Means(connect, chunk=self.chunk)
        destination = self.system
        return Means(lambda project, name: destination, wait=self.clock.wait, chance=lambda: 0.999, chunk=self.chunk)

    def entries(self, **where: Any) -> list[Any]:
        query = select(outbox).order_by(outbox.c.entry_id)
        for name, value in where.items():
            query = query.where(outbox.c[name] == value)
        with self.project.operations.read() as connection:
            return list(connection.execute(query))

    def states(self, collection: str = "customers", system: str = "sql") -> list[str]:
        return [e.state for e in self.entries(collection=collection, system=system)]

    def counters(self, collection: str = "customers", system: str = "sql") -> dict[str, int]:
        names = ("changes", "queued", "coalesced", "same_as_delivered", "filtered", "not_needed", "seeded")
        query = select(*(positions.c[name] for name in names)).where(
            positions.c.system == system, positions.c.collection == collection
        )
        with self.project.operations.read() as connection:
            row = connection.execute(query).one_or_none()
        return dict(zip(names, row, strict=True)) if row else {}

    def assert_balanced(self) -> None:
        """Both per-route balances, counted from the tables here, not by the product."""
        entries = select(outbox.c.system, outbox.c.collection, func.count()).group_by(
            outbox.c.system, outbox.c.collection
        )
        with self.project.operations.read() as connection:
            counted = {(s, c): n for s, c, n in connection.execute(entries)}
            rows = list(connection.execute(select(positions)))
        for row in rows:
            ended = row.queued + row.coalesced + row.same_as_delivered + row.filtered + row.not_needed
            assert row.changes == ended, row
            assert row.queued == counted.get((row.system, row.collection), 0), row
            if row.epoch == self.hub.epoch:
                read = [c for c in self.hub.log if c.collection == row.collection and c.seq <= row.seq]
                assert row.changes - row.seeded == len(read), row


def _of_kind(project: Project, keeps_hub_ids: bool) -> Worksheet:
    """The worksheet with its systems of a kind that has, or has not, ids of its own."""
    worksheet = project.worksheet
    systems = [replace(s, kind=replace(s.kind, keeps_hub_ids=keeps_hub_ids)) for s in worksheet.systems]
    return replace(worksheet, systems=tuple(systems))


def config_of(folder: Path, mappings: Mapping[str, Any], *, deletes: Mapping[str, str] | None = None) -> Path:
    """A configuration with one system `sql`, whose templates are `mappings` (JSON is YAML)."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    inbound = [{"collection": c, "system": "instagaze", "direction": "to"} for c in mappings]
    rows = [
        {"collection": c, "system": "sql", "direction": "from", "deletes": (deletes or {}).get(c, "delete")}
        for c in mappings
    ]
    systems = {"instagaze": {"kind": "instagaze"}, "sql": {"kind": "sql"}}
    (folder / "worksheet.yaml").write_text(json.dumps({"systems": systems, "rows": inbound + rows}))
    (folder / "presets.yaml").write_text(json.dumps({"sql": {"url": "env:SQL_URL?sqlite:///${IPAAS_STATE}/sql.db"}}))
    (folder / "mappings" / "sql.yaml").write_text(json.dumps(dict(mappings)))
    return folder


def customers(hub: FakeHub, count: int, **columns: Any) -> list[str]:
    """Hub ids of `count` new customers, each with a name of its own."""
    ids = [f"instagaze:accounts:{n:06d}" for n in range(count)]
    for hub_id in ids:
        hub.put("customers", hub_id, **{"name": f"Customer {hub_id[-6:]}", **columns})
    return ids


__all__ = ["Clock", "FakeSystem", "World", "config_of", "customers"]
