"""The outbound half of the balance, computed from the stores alone: positions and outbox against the hub's changes.

changes = queued + coalesced + same_as_delivered + filtered + not_needed       per route, up to its position
queued  = delivered + superseded + pending + sending + waiting + blocked + in_doubt + dead      per route
changes - seeded = the hub's changes of the collection up to the position      per route of the hub's epoch
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.tables import CATALOG
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import positions
from ipaas_dagster.outbox.entry import State
from ipaas_dagster.outbox.sending import states_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class RouteBalance:
    """One route over all time. `hub_changes` is None where the hub is not the one that the position belongs to.
    `findings` name what does not add up; empty: true."""

    system: str
    collection: str
    changes: int
    queued: int
    coalesced: int
    same_as_delivered: int
    filtered: int
    not_needed: int
    seeded: int
    hub_changes: int | None
    states: Mapping[str, int]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class OutboxBalance:
    routes: tuple[RouteBalance, ...]
    findings: tuple[str, ...]

    @property
    def true(self) -> bool:
        return not self.findings


def outbox_balance(operations: Operations, hub: Hub) -> OutboxBalance:
    """Every route that ever read a change. Opens the hub for reading once, and not while operations is open."""
    with operations.read() as store:
        rows = store.execute(select(positions).order_by(positions.c.system, positions.c.collection)).mappings().all()
        states = {system: states_of(store, system) for system in {row["system"] for row in rows}}
    counted: dict[tuple[str, str], int] = {}
    if rows:
        with hub.reading() as connection:
            counted = {} if connection is None else _hub_changes(connection, rows)
    routes = tuple(
        _route(row, states[row["system"]].get(row["collection"], {}), counted.get((row["system"], row["collection"])))
        for row in rows
    )
    return OutboxBalance(routes, tuple(finding for route in routes for finding in route.findings))


def _hub_changes(connection: DuckDBPyConnection, rows: Any) -> dict[tuple[str, str], int]:
    """Changes of each route's collection up to its position, for the routes of this hub's epoch."""
    epoch = connection.execute(f"SELECT value FROM {CATALOG}.hub.meta WHERE name = 'epoch'").fetchone()
    found = {}
    for row in rows:
        if epoch is not None and row["epoch"] == epoch[0]:
            query = f"SELECT count(*) FROM {CATALOG}.hub.changes WHERE collection = ? AND seq <= ?"
            count = connection.execute(query, [row["collection"], row["seq"]]).fetchone()
            found[row["system"], row["collection"]] = int(count[0]) if count else 0
    return found


def _route(row: Any, states: Mapping[str, int], hub_changes: int | None) -> RouteBalance:
    name = f"{row['system']}/{row['collection']}"
    ended = ("queued", "coalesced", "same_as_delivered", "filtered", "not_needed")
    accounted, entries = sum(row[part] for part in ended), sum(states.get(state.value, 0) for state in State)
    findings = []
    if accounted != row["changes"]:
        findings.append(f"{name}: {row['changes']} changes read, {accounted} accounted for")
    if entries != row["queued"]:
        findings.append(f"{name}: {row['queued']} queued, {entries} entries in the outbox")
    if hub_changes is not None and hub_changes != row["changes"] - row["seeded"]:
        read = row["changes"] - row["seeded"]
        findings.append(f"{name}: {hub_changes} changes in the hub up to its position, {read} read")
    counts = {part: int(row[part]) for part in (*ended, "seeded")}
    return RouteBalance(
        row["system"],
        row["collection"],
        int(row["changes"]),
        **counts,
        hub_changes=hub_changes,
        states=dict(states),
        findings=tuple(findings),
    )
