"""The inbound half of the balance, computed from the stores alone: operations' landings against the hub.

fetched  = inserted + updated + unchanged + stale + duplicate + rejected     per landing and collection
landed   = fetched                                                           lines written = lines merged
alive    = all inserted - all deleted                                        per hub collection
changes  = inserted + updated + deleted = versions                           per landing and hub collection
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub import Counts, Hub
from ipaas_dagster.hub.tables import table
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import landings

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection

_COUNTS = ", ".join(f"sum({f.name})::BIGINT" for f in fields(Counts))
_UNBALANCED = """
    SELECT landing_id, collection, fetched,
        inserted + updated + unchanged + stale + duplicate + rejected AS ended
    FROM hub.landing_counts
    WHERE fetched <> inserted + updated + unchanged + stale + duplicate + rejected"""
_MISCOUNTED = """
    WITH counted AS (
        SELECT landing_id, collection, inserted + updated + deleted AS counted
        FROM hub.landing_counts),
    changed AS (SELECT landing_id, collection, count(*) AS changed FROM hub.changes GROUP BY 1, 2),
    written AS (SELECT landing_id, collection, count(*) AS written FROM hub.versions GROUP BY 1, 2)
    SELECT landing_id, collection, counted, coalesce(changed, 0), coalesce(written, 0)
    FROM counted LEFT JOIN changed USING (landing_id, collection) LEFT JOIN written USING (landing_id, collection)
    WHERE collection IN ({versioned}) AND (counted <> coalesce(changed, 0) OR counted <> coalesce(written, 0))"""


@dataclass(frozen=True)
class CollectionBalance:
    """All landings of one hub collection together. `findings` name what does not add up; empty: true."""

    collection: str
    source_collection: str
    counts: Counts
    alive: int
    open_rejects: int
    findings: tuple[str, ...]


@dataclass(frozen=True)
class LandingBalance:
    collections: tuple[CollectionBalance, ...]
    waiting: int
    damaged: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def true(self) -> bool:
        return not self.findings and all(not c.findings for c in self.collections)


def landing_balance(operations: Operations, hub: Hub) -> LandingBalance:
    """Everything ever landed against the hub's books. Opens the hub for reading once."""
    with operations.read() as store:
        landed = {
            row.landing_id: row
            for row in store.execute(
                select(
                    landings.c.landing_id,
                    landings.c.collection,
                    landings.c.scope,
                    landings.c.records,
                    landings.c.state,
                )
            )
        }
    waiting = sum(row.state == "waiting" for row in landed.values())
    damaged = tuple(name for name, row in landed.items() if row.state == "damaged")
    with hub.reading() as connection:
        if connection is None:
            return LandingBalance((), waiting, damaged, ())
        findings = _not_all_merged(connection, landed)
        collections = tuple(
            _collection_balance(connection, collection) for collection in (*contracts.COLLECTIONS, *contracts.REFERENCE)
        )
    return LandingBalance(collections, waiting, damaged, findings)


def _not_all_merged(connection: HubConnection, landed: Mapping[str, Any]) -> tuple[str, ...]:
    """Landings whose lines and merged records differ in number, or that are called merged and are not."""
    rows = connection.execute("SELECT landing_id, fetched FROM hub.landing_counts WHERE level = 'record'").fetchall()
    merged = dict(rows)
    findings = []
    for landing_id, row in landed.items():
        if row.state != "merged" or row.scope == "baseline":  # its lines are the hub's own rows
            continue
        if landing_id not in merged:
            findings.append(f"landing {landing_id} of {row.collection} counts as merged, the hub does not list it")
        elif merged[landing_id] != (0 if row.scope == "tombstones" else row.records):
            findings.append(
                f"landing {landing_id} of {row.collection} has {row.records} records, {merged[landing_id]} were merged"
            )
    findings += [
        f"landing {landing_id}, {name}: {fetched} fetched, {ended} accounted for"
        for landing_id, name, fetched, ended in connection.execute(_UNBALANCED).fetchall()
    ]
    versioned = ", ".join(f"'{c.name}'" for c in contracts.COLLECTIONS)
    findings += [
        f"landing {landing_id}, {name}: {counted} changed, {changed} changes and {written} versions written"
        for landing_id, name, counted, changed, written in connection.execute(
            _MISCOUNTED.format(versioned=versioned)
        ).fetchall()
    ]
    return tuple(findings)


def _collection_balance(connection: HubConnection, collection: Collection) -> CollectionBalance:
    name = collection.name
    sums = _row(connection, f"SELECT {_COUNTS} FROM hub.landing_counts WHERE collection = ?", [name])
    counts = Counts(*(int(value or 0) for value in sums))
    (alive,) = _row(connection, f"SELECT count(*) FROM {table(collection)} WHERE deleted_at IS NULL", [])
    (rejects,) = _row(
        connection,
        "SELECT count(*) FROM hub.rejects WHERE collection = ? AND resolved_at IS NULL",
        [name],
    )
    findings = []
    if alive != counts.inserted - counts.deleted:
        findings.append(f"{name}: {alive} live records, but {counts.inserted} inserted - {counts.deleted} deleted")
    source = collection.source if collection.parent is None else collection.parent
    return CollectionBalance(name, source, counts, int(alive), int(rejects), tuple(findings))


def _row(connection: HubConnection, sql: str, values: list[Any]) -> tuple[Any, ...]:
    row = connection.execute(sql, values).fetchone()
    return tuple(row) if row else ()
