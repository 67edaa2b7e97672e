"""What the UI shows of hub collections: how many live records, a few of them, and the rejects.

No Dagster here. Opens the hub once, for reading; a hub that does not exist yet shows nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.hub.rejects import REJECTS
from ipaas_dagster.hub.tables import table
from ipaas_dagster.project import Project
from ipaas_dagster.status.collections import lag_of

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection

SAMPLE_ROWS = 5
REJECT_ROWS = 20


@dataclass(frozen=True)
class RejectShown:
    """A quarantined record by what a person finds it with; its content stays in the hub."""

    record: str
    reasons: tuple[str, ...]
    since: str
    """ISO time of the first observation."""
    new: bool


@dataclass(frozen=True)
class Look:
    """`sample` are live records as the hub's own columns say them, times as ISO text. `new_rejects` were
    opened by the landings asked for; `rejects` are open ones, new ones first, at most REJECT_ROWS."""

    rows: int = 0
    sample: tuple[Mapping[str, Any], ...] = ()
    open_rejects: int = 0
    new_rejects: int = 0
    rejects: tuple[RejectShown, ...] = field(default=())
    rejects_since: datetime | None = None
    lag_seconds: float | None = None
    """What the hub may be behind the source; None: never read."""


def look(project: Project, collections: Sequence[str], landings: Sequence[str]) -> dict[str, Look]:
    """One Look per collection; `landings` are those that this run merged."""
    with project.hub.reading() as connection:
        if connection is None:
            return {name: Look() for name in collections}
        seen = {name: _look(connection, contracts.collection(name), list(landings)) for name in collections}
    return {name: replace(one, lag_seconds=lag_of(project, name)) for name, one in seen.items()}


def _look(connection: "HubConnection", collection: Collection, landings: list[str]) -> Look:
    rows = connection.execute(f"SELECT count(*) FROM {table(collection)} WHERE deleted_at IS NULL").fetchone()
    totals = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE landing_id IN (SELECT unnest(?::VARCHAR[]))), min(rejected_at) "
        f"FROM {REJECTS} WHERE collection = ? AND resolved_at IS NULL",
        [landings, collection.name],
    ).fetchone()
    open_rejects, new_rejects, since = totals or (0, 0, None)
    rejects = _rejects(connection, collection.name, landings) if open_rejects else ()
    sample = _sample(connection, collection)
    return Look(rows[0] if rows else 0, sample, open_rejects, new_rejects, rejects, since)


def _sample(connection: "HubConnection", collection: Collection) -> tuple[dict[str, Any], ...]:
    """The first live records by hub id, as the JSON that the hub makes of their columns."""
    fields = [("hub_id", Type.TEXT), *((column.name, column.type) for column in collection.columns)]
    found = connection.execute(
        f"SELECT {connection.sql.json_text('c', fields)} FROM {table(collection)} c "
        f"WHERE c.deleted_at IS NULL ORDER BY c.hub_id LIMIT {SAMPLE_ROWS}"
    ).fetchall()
    return tuple(json.loads(text) for (text,) in found)


def _rejects(connection: "HubConnection", name: str, landings: list[str]) -> tuple[RejectShown, ...]:
    found = connection.execute(
        f"""
        SELECT coalesce(hub_id, concat('line ', line, ' of landing ', landing_id)), reasons::VARCHAR,
            rejected_at, landing_id IN (SELECT unnest(?::VARCHAR[])) AS new
        FROM {REJECTS} WHERE collection = ? AND resolved_at IS NULL
        ORDER BY 4 DESC, rejected_at DESC, hub_id LIMIT {REJECT_ROWS}""",
        [landings, name],
    ).fetchall()
    return tuple(
        RejectShown(record, tuple(json.loads(reasons)), f"{since:%Y-%m-%dT%H:%M:%SZ}", new)
        for record, reasons, since, new in found
    )
