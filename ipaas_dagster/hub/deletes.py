"""What a landing says is gone, and the guard that holds a mass delete for a person.

Sources of deletes: a parent's complete set of children without one it had, a child marked deleted, a tombstone
(reconcile, an approval), a snapshot without a record it had. All pass the same guard. Scratch table: gone_<c>.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.tables import table

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection


@dataclass(frozen=True)
class Guard:
    """A mass delete: more than `records` and at least `share` of a collection's live records."""

    share: float
    records: int

    def holds(self, deletes: int, alive: int) -> bool:
        return deletes > self.records and deletes >= self.share * alive


def find_gone(connection: HubConnection, collection: Collection, parent: Collection | None, scope: str) -> None:
    """Make gone_<c> of one collection; its parent's must be settled before (`parent` is None for the top)."""
    names = {"name": collection.name, "table": table(collection)}
    parts = [_TOMBSTONES]
    if scope == "snapshot":
        parts.append(_ABSENT_FROM_SNAPSHOT)
    if parent is not None:
        names |= {"parent": parent.name, "column": collection.parent_column or ""}
        parts += [_MARKED_DELETED, _ABSENT_FROM_SET, _PARENT_GONE]
    _collect(connection, collection, [part.format(**names) for part in parts])


def _collect(connection: HubConnection, collection: Collection, parts: list[str]) -> None:
    """Only the living can go, and only by an observation that is not older than the row's own."""
    connection.execute(f"""
        CREATE TEMP TABLE gone_{collection.name} AS
        SELECT c.hub_id, max(g.observed_at) AS observed_at, min(g.line) AS line
        FROM ({" UNION ALL ".join(parts)}) g JOIN (
            SELECT hub_id, observed_at, deleted_at FROM {table(collection)}) c ON c.hub_id = g.hub_id
        WHERE c.deleted_at IS NULL AND c.observed_at <= g.observed_at
        GROUP BY c.hub_id""")


_TOMBSTONES = "SELECT hub_id, observed_at, line FROM staged_tombstones"

_MARKED_DELETED = "SELECT hub_id, observed_at, line FROM verdict_{name} WHERE verdict = 'delete'"

# A rejected record counts as present; one whose id cannot be read might be any, so then nothing is deleted.
_ABSENT_FROM_SNAPSHOT = """
    SELECT c.hub_id, (SELECT min(observed_at) FROM snapshot_read) AS observed_at, 0 AS line
    FROM {table} c WHERE c.deleted_at IS NULL
    AND c.hub_id NOT IN (SELECT hub_id FROM staged_lines WHERE hub_id IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM staged_lines WHERE hub_id IS NULL)"""

# The hub's current parent decides: a child that moved to another parent stays with that one.
_ABSENT_FROM_SET = """
    SELECT c.hub_id, s.observed_at, s.line
    FROM (SELECT * FROM staged_sets WHERE collection = '{name}') s
    ANTI JOIN losers USING (line) ANTI JOIN outdated USING (line)
    JOIN {table} c ON c."{column}" = s.parent_hub_id
    WHERE c.deleted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM present_{name} p WHERE p.hub_id = c.hub_id)
    AND NOT EXISTS (
        SELECT 1 FROM rejected_{name} r WHERE r.line = s.line AND r.hub_id IS NULL)"""

_PARENT_GONE = """
    SELECT c.hub_id, g.observed_at, g.line FROM gone_{parent} g JOIN {table} c ON c."{column}" = g.hub_id
    WHERE c.deleted_at IS NULL"""


def note_present(connection: HubConnection, child: Collection) -> None:
    """Children that stand in any counted set of this landing, rejected ones included: present_<child>."""
    connection.execute(f"""
        CREATE TEMP TABLE present_{child.name} AS
        SELECT DISTINCT hub_id FROM (
            SELECT hub_id FROM verdict_{child.name} WHERE verdict <> 'stale'
            UNION ALL SELECT hub_id FROM rejected_{child.name} WHERE hub_id IS NOT NULL)""")


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
    row = connection.execute(
        f"""
        SELECT to_json(list([hub_id, strftime(observed_at, '%Y-%m-%dT%H:%M:%S.%f+00:00')] ORDER BY hub_id))
        FROM gone_{name}"""
    ).fetchone()
    connection.execute(f"DELETE FROM gone_{name}")
    return Held(name, deletes, alive, row[0] if row else "[]")


def _count(connection: HubConnection, source: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return int(row[0]) if row else 0
