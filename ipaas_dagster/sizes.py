"""How much is kept, store by store: rows, and bytes on disk where a store can tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from ipaas_dagster.operations.tables import landings, metadata
from ipaas_dagster.project import Project

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ipaas_dagster.operations import Operations

HUB_TABLES = ("versions", "changes", "rejects", "merged_landings", "sightings")


@dataclass(frozen=True)
class Size:
    """`rows` or `bytes` is None where that is not told. `settings` names what says how long it is kept."""

    store: str
    part: str
    rows: int | None
    bytes: int | None
    settings: str = ""


def sizes(project: Project) -> list[Size]:
    """Opens the hub for reading and counts; writes nothing."""
    return [_landings(project), *_hub(project), *_operations(project.operations), *_dagster(project)]


_KEPT_BY = {
    "calls": "IPAAS_LEDGER_DAYS",
    "call_bodies": "IPAAS_BODIES_DAYS",
    "outbox": "IPAAS_OUTBOX_DAYS",
    "attempts": "IPAAS_OUTBOX_DAYS",
    "payloads": "IPAAS_OUTBOX_DAYS",
    "inbox": "IPAAS_INBOX_DAYS",
}


def _landings(project: Project) -> Size:
    there = landings.c.state != "pruned"
    query = select(func.count(), func.coalesce(func.sum(landings.c.bytes), 0)).where(there)
    with project.operations.read() as connection:
        count, size = connection.execute(query).one()
    return Size("landings", "files", int(count), int(size), "IPAAS_LANDINGS_DAYS")


def _hub(project: Project) -> list[Size]:
    with project.hub.reading() as connection:
        if connection is None:
            return []
        counted = {
            name: int((connection.execute(f"SELECT count(*) FROM hub.{name}").fetchone() or (0,))[0])
            for name in HUB_TABLES
        }
    found = [Size("hub", name, count, None, "IPAAS_LEDGER_DAYS" if name == "sightings" else "")
             for name, count in counted.items()]  # fmt: skip
    if project.settings.hub_url.startswith("duckdb:"):
        found.insert(0, Size("hub", "file", None, _on_disk(project.hub.path)))
    return found


def _operations(operations: Operations) -> list[Size]:
    with operations.read() as connection:
        found = [
            Size("operations", table.name, connection.scalar(select(func.count()).select_from(table)), None,
                 _KEPT_BY.get(table.name, ""))
            for table in metadata.sorted_tables
        ]  # fmt: skip
        whole = _operations_bytes(connection, operations)
    return [Size("operations", "file", None, whole), *(one for one in found if one.rows)]


def _operations_bytes(connection: Connection, operations: Operations) -> int | None:
    if connection.dialect.name == "sqlite":
        return _on_disk(Path(operations.url.database)) if operations.url.database else None
    return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _dagster(project: Project) -> list[Size]:
    home = project.settings.dagster_home
    if not home.is_dir():
        return []
    whole = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    return [Size("dagster", "home", None, whole, "IPAAS_RUNS_DAYS")]


def _on_disk(file: Path) -> int:
    """With what stands beside it (a write-ahead log)."""
    beside = [file, file.with_name(file.name + "-wal"), file.with_name(file.name + ".wal")]
    return sum(one.stat().st_size for one in beside if one.exists())
