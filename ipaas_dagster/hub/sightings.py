"""Sightings: where each record stood in each landing, and what the merge made of it there, line by line.

Versions tell what a record became; sightings also tell when it was seen and nothing came of it. They are written in
the merge's own transaction, from the tables that classification made, so that a trace reads verdicts and guesses none.

    insert update delete      a version of this landing
    unchanged stale duplicate rejected        as the balance counts them
    held                      its delete waits for a person
    no_effect                 a tombstone of what was not alive, or is held

In clear text, in the order of the lines, they take 8 bytes each; a record is found among five million in 0.1 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.matching import no, some
from ipaas_dagster.hub.tables import table

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection

SIGHTINGS = "hub.sightings"
UNSIGHTED = "hub.unsighted_landings"


@dataclass(frozen=True)
class Sighting:
    """`element` counts from 1 in the parent's array, 0 for what is no child (or is absent from its array)."""

    landing_id: str
    line: int
    element: int
    verdict: str


def write_sightings(connection: HubConnection, collection: Collection, landing_id: str) -> None:
    """Note every record of this landing with a readable id; before the collection's rows are written."""
    parts = _OF_ELEMENTS if collection.parent else _OF_RECORDS
    rows = " UNION ALL ".join((*parts, *_OF_ANY)).format(name=collection.name, table=table(collection))
    connection.execute(
        f"""
        INSERT INTO {SIGHTINGS}
        SELECT '{collection.name}', hub_id, ?, line, element, verdict FROM ({rows}) r
        WHERE hub_id IS NOT NULL""",
        [landing_id],
    )


_OF_RECORDS = (
    f"SELECT hub_id, line, 0 AS element, 'duplicate' AS verdict FROM staged_lines s WHERE {some('losers', 's')}",
)

_SEEN = """(
    SELECT line, element, hub_id FROM staged_{name}
    UNION ALL SELECT line, element, hub_id FROM staged_rejects WHERE collection = '{name}') s"""

_OF_ELEMENTS = (
    f"SELECT hub_id, line, element, 'duplicate' AS verdict FROM {_SEEN} WHERE {some('losers', 's')}",
    f"SELECT hub_id, line, element, 'duplicate' FROM {_SEEN} WHERE {some('losers_{name}', 's', 'line', 'element')}",
)

# A child marked deleted stands in its array and among the gone, unless its delete is held.
_OF_ANY = (
    f"""SELECT s.hub_id, s.line, s.element,
        CASE WHEN s.verdict = 'delete' AND {no("gone_{name}", "s", "hub_id")} THEN 'held' ELSE s.verdict END
        FROM verdict_{{name}} s""",
    "SELECT hub_id, line, element, 'rejected' FROM rejected_{name}",
    f"SELECT hub_id, line, element, 'stale' FROM staged_rejects s "
    f"WHERE collection = '{{name}}' AND {some('outdated', 's')}",
    f"""SELECT s.hub_id, s.line, 0, 'delete' FROM gone_{{name}} s
        WHERE {no("(SELECT hub_id FROM verdict_{name} WHERE verdict = 'delete')", "s", "hub_id")}""",
    f"""SELECT s.hub_id, s.line, 0, 'no_effect' FROM staged_tombstones s
        WHERE {some("{table}", "s", "hub_id")} AND {no("gone_{name}", "s", "hub_id")}""",
)


def read_sightings(connection: HubConnection, collection: str, hub_id: str) -> list[Sighting]:
    """Every sighting of one record, oldest landing first, in the order of lines."""
    rows = connection.execute(
        f"""
        SELECT landing_id, line, element, verdict FROM {SIGHTINGS} WHERE hub_id = ? AND collection = ?
        ORDER BY landing_id, line, element""",
        [hub_id, collection],
    ).fetchall()
    return [Sighting(*row) for row in rows]


_FORGETTABLE = "verdict IN ('unchanged', 'duplicate')"
"""What tells least: that a record was there as before. A landing's file can be searched for it."""


def forgettable_landings(connection: HubConnection, before: str) -> list[tuple[str, int]]:
    """(landing id, how many of its sightings can be forgotten) of landings with ids below `before`, oldest first."""
    if not has_sightings(connection):
        return []
    rows = connection.execute(
        f"SELECT landing_id, count(*) FROM {SIGHTINGS} WHERE landing_id < ? AND {_FORGETTABLE} GROUP BY 1 ORDER BY 1",
        [before],
    ).fetchall()
    return [(landing_id, count) for landing_id, count in rows]


def forget_sightings(connection: HubConnection, landing_ids: Sequence[str]) -> int:
    """In the caller's transaction: the landings become unsighted. Returns how many sightings were forgotten."""
    connection.execute(
        f"INSERT INTO {UNSIGHTED} SELECT id FROM (SELECT unnest(?::VARCHAR[]) AS id) given "
        f"WHERE id NOT IN (SELECT landing_id FROM {UNSIGHTED})",
        [list(landing_ids)],
    )
    return connection.change(
        f"DELETE FROM {SIGHTINGS} WHERE {_FORGETTABLE} AND landing_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(landing_ids)],
    )


def has_sightings(connection: HubConnection) -> bool:
    """A hub of an older program has none until its next merge. Asked of the catalog: a table that is not there would
    be looked for among Python's own names."""
    found = connection.execute(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = 'hub' AND table_name = 'unsighted_landings'"
    ).fetchone()
    return found is not None


def unsighted_landings(connection: HubConnection) -> set[str]:
    """Landings that were merged before sightings were kept, or whose sightings were pruned."""
    return {row[0] for row in connection.execute(f"SELECT landing_id FROM {UNSIGHTED}").fetchall()}
