"""What the stores take."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from ipaas_dagster.operations.tables import attempts, calls, landings, outbox

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


class Size(NamedTuple):
    """`bytes` None: of a store that is not a file here."""

    store: str
    bytes: int | None
    holds: str


def read_sizes(project: Project) -> list[Size]:
    with project.operations.read() as connection:
        kept = connection.execute(
            select(func.count(), func.sum(landings.c.bytes)).where(landings.c.state.not_in(["pruned"]))
        ).one()
        counts = {
            t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in (outbox, attempts, calls)
        }
    told = f"{counts['outbox']:,} entries, {counts['attempts']:,} attempts, {counts['calls']:,} calls"
    return [
        Size("landings", int(kept[1] or 0), f"{kept[0]:,} landings"),
        Size("hub", _file(project.settings.hub_url), "records, versions, changes, rejects"),
        Size("operations", _file(project.settings.operations_url), told),
    ]


def _file(url: str) -> int | None:
    """Of a store that is one file; its write-ahead log counts."""
    from pathlib import Path

    name = make_url(url).database if url.startswith(("sqlite:", "duckdb:")) else None
    if not name:
        return None
    files = [Path(name + suffix) for suffix in ("", "-wal", ".wal")]
    return sum(file.stat().st_size for file in files if file.exists()) or None
