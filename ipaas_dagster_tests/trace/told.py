"""An installation with a past: whatever can happen to a record, and what was seen of it from outside."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ipaas_dagster.project import Project
from ipaas_dagster.sync import reconcile_all
from ipaas_dagster.trace import Trace, Wanted, find, trace
from ipaas_dagster_tests.flow.oracle import Rows
from ipaas_dagster_tests.flow.world import DATA, World

INBOUND = ("customers", "contacts", "items", "invoices", "invoice_lines", "subscriptions", "payments")
POLLED = ("accounts", "products", "invoices", "subscriptions", "transactions")
PAGE = 10


@dataclass(frozen=True)
class Moment:
    """What the hub and the `sql` system held, looked at by their own readers."""

    at: datetime
    hub: dict[str, Rows]
    sql: dict[str, Rows]


@dataclass
class Past:
    world: World
    moments: list[Moment] = field(default_factory=list)
    listed: dict[str, list[str]] = field(default_factory=dict)
    """The hub ids of each polled collection in the order of the source's list, when it was first read."""

    @cached_property
    def project(self) -> Project:
        return self.world.project()

    def trace(self, words: str, wanted: Wanted | None = None) -> Trace:
        return trace(self.project, find(self.project, words), wanted)

    def sync(self, names: Sequence[str] = POLLED) -> None:
        self.world.sync(names)

    def remember(self) -> None:
        self.moments.append(Moment(datetime.now(UTC), self.world.hub(), self.world.sql()))


def config(folder: Path, filters: dict[str, Any]) -> Path:
    """The worksheet with the one system `sql`, whose routes are filtered as given."""
    shutil.copytree(DATA / "mappings", folder / "mappings")
    shutil.copy(DATA / "presets.yaml", folder)
    rows: list[dict[str, Any]] = [{"collection": c, "system": "instagaze", "direction": "to"} for c in INBOUND]
    for name in INBOUND:
        row = {"collection": name, "system": "sql", "direction": "from", "deletes": "delete"}
        rows.append(row | ({"filter": filters[name]} if name in filters else {}))
    systems = {"instagaze": {"kind": "instagaze"}, "sql": {"kind": "sql", "preset": "sql"}}
    (folder / "worksheet.yaml").write_text(json.dumps({"systems": systems, "rows": rows}))
    return folder


def live_through(past: Past, faults: Callable[[float], None]) -> None:
    """First reading, changes, rejects and their repair, deletes, a kill -9 in the middle of all, reconcile."""
    source = past.world.sandbox.instagaze
    for name in POLLED:
        past.listed[name] = [f"instagaze:{name}:{record['id']}" for record in source.truth(name)]
    faults(0.0125)  # of each kind: in all, a tenth
    past.sync()
    faults(0.0)
    past.remember()
    for round_ in range(2):
        for name in POLLED:
            source.mutate(name, insert=2, change=6, seed=round_)
        source.change("accounts", source.usable_ids("accounts")[3 + round_], {"contacts": "none"})
        past.sync()
        past.remember()
    source.change("accounts", source.usable_ids("accounts")[3], {"contacts": []})
    for name in POLLED:
        source.mutate(name, change=4, seed=9)
    _killed_sync(past.world)
    faults(0.0125)
    past.sync()
    faults(0.0)
    for name in ("accounts", "invoices", "transactions"):
        source.mutate(name, delete=2, seed=3)
    project = past.world.project()
    reconcile_all(project, POLLED, ["sql"])
    project.operations.dispose()
    past.remember()


def _killed_sync(world: World) -> None:
    process = world.command("sync", *POLLED)
    try:
        process.communicate(timeout=1.6)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
