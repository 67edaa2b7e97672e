"""What the hub and each system had of a record at a moment.

The hub had a version once its landing was merged. A system had what it had confirmed until then; an entry in doubt at
that time is named beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ipaas_dagster.trace.hub_side import Version
from ipaas_dagster.trace.source_side import Landed
from ipaas_dagster.trace.system_events import payload
from ipaas_dagster.trace.system_side import SystemSide


@dataclass(frozen=True)
class Had:
    """`record` is None where it had none (yet, or any more): `version` and `since` tell which."""

    record: Mapping[str, Any] | None
    version: int | None = None
    since: datetime | None = None
    entry_id: int | None = None
    in_doubt: Sequence[int] = ()


@dataclass(frozen=True)
class AsOf:
    at: datetime
    hub: Had
    systems: Mapping[str, Had]


def as_of(
    at: datetime, versions: Sequence[Version], landings: Mapping[str, Landed], sides: Sequence[SystemSide]
) -> AsOf:
    return AsOf(at, _hub_had(at, versions, landings), {side.system: _system_had(at, side) for side in sides})


def _hub_had(at: datetime, versions: Sequence[Version], landings: Mapping[str, Landed]) -> Had:
    merged = [(version, _merged_at(version, landings)) for version in versions]
    had = [(version, since) for version, since in merged if since <= at]
    if not had:
        return Had(None)
    version, since = had[-1]
    record = None if version.operation == "delete" else version.record
    return Had(record, version.version, since)


def _merged_at(version: Version, landings: Mapping[str, Landed]) -> datetime:
    landing = landings.get(version.landing_id)
    return landing.merged_at if landing and landing.merged_at else version.changed_at


def _system_had(at: datetime, side: SystemSide) -> Had:
    doubtful = tuple(entry["entry_id"] for entry in side.entries if _in_doubt(side, entry["entry_id"], at))
    entry = side.delivered(at)
    if entry is None:
        return Had(None, in_doubt=doubtful)
    record = payload(entry) if entry["operation"] == "upsert" else None
    return Had(record, entry["version"], entry["updated_at"], entry["entry_id"], doubtful)


def _in_doubt(side: SystemSide, entry_id: int, at: datetime) -> bool:
    """Sent by then, and not answered by then."""
    return any(
        attempt["started_at"] <= at and (attempt["ended_at"] is None or attempt["ended_at"] > at)
        for attempt in side.attempts.get(entry_id, ())
    )
