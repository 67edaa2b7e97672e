"""What a landing says is gone, and the guard that holds a mass delete for a person.

Sources of deletes: a parent's complete set of children without one it had, a child marked deleted, a tombstone
(reconcile, an approval), a snapshot without a record it had. All pass the same guard. Scratch table: gone_<c>.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.matching import no
from ipaas_dagster.hub.tables import table
from ipaas_dagster.records import LandingNote

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection


@dataclass(frozen=True)
class Guard:
    """A mass delete: more than `records` and at least `share` of a collection's live records."""

    share: float
    records: int

    def holds(self, deletes: int, alive: int) -> bool:
        return deletes > self.records and deletes >= self.share * alive


def find_gone(
    connection: HubConnection, collection: Collection, parent: Collection | None, landing: LandingNote
) -> None:
    """Make gone_<c> of one collection; its parent's must be settled before (`parent` is None for the top)."""
    names = {"name": collection.name, "table": table(collection), "read": landing.observed_from.isoformat()}
    parts = [_TOMBSTONES]
    if landing.scope == "snapshot":
        parts.append(_ABSENT_FROM_SNAPSHOT)
    if parent is not None:
        names |= {"parent": parent.name, "column": collection.parent_column or ""}
        parts += [_MARKED_DELETED, _ABSENT_FROM_SET, _PARENT_GONE]
    _collect(connection, collection, [part.format(**names) for part in parts])


def _collect(connection: HubConnection, collection: Collection, parts: list[str]) -> None:
    """Only the living can go, and only by an observation that is not older than the row's own."""
    connection.execute(f"""
        CREATE TEMP TABLE gone_{collection.name} AS
        SELECT hub_id, max(observed_at) AS observed_at, min(line) AS line
        FROM ({" UNION ALL ".join(parts)}) g WHERE seen_at <= observed_at GROUP BY hub_id""")


# Each of a living row of the hub, with when that was seen last.
_TOMBSTONES = """
    SELECT c.hub_id, t.observed_at, t.line, c.observed_at AS seen_at
    FROM staged_tombstones t JOIN {table} c ON c.hub_id = t.hub_id WHERE c.deleted_at IS NULL"""

# The verdict was given by the same conditions.
_MARKED_DELETED = "SELECT hub_id, observed_at, line, observed_at FROM verdict_{name} WHERE verdict = 'delete'"

# A rejected record counts as present; one whose id cannot be read might be any, so then nothing is deleted.
_ABSENT_FROM_SNAPSHOT = """
    SELECT c.hub_id, TIMESTAMPTZ '{read}', 0, c.observed_at
    FROM {table} c WHERE c.deleted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM staged_lines l WHERE l.hub_id = c.hub_id)
    AND NOT EXISTS (SELECT 1 FROM staged_lines WHERE hub_id IS NULL)"""

# The hub's current parent decides: a child that moved to another parent stays with that one.
_ABSENT_FROM_SET = f"""
    SELECT c.hub_id, s.observed_at, s.line, c.observed_at
    FROM (
        SELECT * FROM staged_sets s WHERE collection = '{{name}}' AND {no("losers", "s")} AND {no("outdated", "s")}) s
    JOIN {{table}} c ON c."{{column}}" = s.parent_hub_id
    WHERE c.deleted_at IS NULL AND {no("present_{name}", "c", "hub_id")}
    AND NOT EXISTS (
        SELECT 1 FROM rejected_{{name}} r WHERE r.line = s.line AND r.hub_id IS NULL)"""

_PARENT_GONE = """
    SELECT c.hub_id, g.observed_at, g.line, c.observed_at FROM gone_{parent} g JOIN {table} c ON c."{column}" = g.hub_id
    WHERE c.deleted_at IS NULL"""


def note_present(connection: HubConnection, child: Collection) -> None:
    """Children that stand in any counted set of this landing, rejected ones included: present_<child>."""
    connection.execute(f"""
        CREATE TEMP TABLE present_{child.name} AS
        SELECT DISTINCT hub_id FROM (
            SELECT hub_id FROM verdict_{child.name} WHERE verdict <> 'stale'
            UNION ALL SELECT hub_id FROM rejected_{child.name} WHERE hub_id IS NOT NULL) seen""")


@dataclass(frozen=True)
class Held:
    """Deletes taken out of a landing's merge; `subjects` are [hub id, observed_at as ISO text] pairs, as JSON."""

    collection: str
    records: int
    alive: int
    subjects: str


def hold_back(connection: HubConnection, collection: Collection, guard: Guard | None) -> Held | None:
    """Take a mass delete out of gone_<c>. No guard: a person has approved it."""
    name = collection.name
    deletes = _count(connection, f"gone_{name}")
    if guard is None or deletes <= guard.records:
        return None
    alive = _count(connection, f"{table(collection)} WHERE deleted_at IS NULL")
    if not guard.holds(deletes, alive):
        return None
    gone = f"SELECT hub_id, {connection.sql.micros('observed_at')} FROM gone_{name} ORDER BY hub_id"
    subjects = [[hub_id, _iso(micros)] for hub_id, micros in connection.execute(gone).fetchall()]
    connection.execute(f"DELETE FROM gone_{name}")
    return Held(name, deletes, alive, json.dumps(subjects, ensure_ascii=False, separators=(",", ":")))


def _iso(micros: int) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}+00:00"


def _count(connection: HubConnection, source: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return int(row[0]) if row else 0
