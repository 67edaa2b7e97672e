"""What becomes of each staged record: exactly one verdict a record, decided against the hub's current rows.

    duplicate   the same id again in this landing; the later read counts
    rejected    does not meet the contract
    stale       older than what the hub has seen of it
    unchanged   same content (or a tombstone of what is not alive)
    insert, update, delete

The tables made here live in the scratch database: losers, outdated (of lines), verdict_<c> (with the `place` of the
hub's row), rejected_<c>.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.hub.matching import no
from ipaas_dagster.hub.tables import table

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection


def classify(connection: HubConnection, family: tuple[Collection, ...]) -> None:
    """Give every record of a landing its verdict; `family` is the collection and then its children."""
    parent, *children = family
    _find_repeated_lines(connection)
    _find_outdated_lines(connection, parent)
    _judge(connection, parent, _RECORDS.format(name=parent.name))
    _keep_rejects(connection, parent, "TRUE")
    for child in children:
        _find_repeated_elements(connection, parent, child)
        elements = _ELEMENTS.format(name=child.name)
        _judge(connection, child, elements)
        _keep_rejects(connection, child, _NOT_REPEATED_ELEMENT.format(name=child.name))


# The later read of an id counts: by the time its page was asked for, then by its place in the landing.
def _find_repeated_lines(connection: HubConnection) -> None:
    connection.execute("""
        CREATE TEMP TABLE losers AS
        WITH again AS (
            SELECT hub_id FROM staged_lines WHERE hub_id IS NOT NULL GROUP BY hub_id HAVING count(*) > 1)
        SELECT line FROM (
            SELECT line, row_number() OVER (PARTITION BY hub_id ORDER BY observed_at DESC, line DESC) AS place
            FROM staged_lines WHERE hub_id IN (SELECT hub_id FROM again)) placed
        WHERE place > 1""")


def _find_outdated_lines(connection: HubConnection, parent: Collection) -> None:
    connection.execute(f"""
        CREATE TEMP TABLE outdated AS
        SELECT s.line FROM staged_lines s
        JOIN (SELECT hub_id, observed_at FROM {table(parent)}) c ON c.hub_id = s.hub_id
        WHERE c.observed_at > s.observed_at AND {no("losers", "s")}""")


def _find_repeated_elements(connection: HubConnection, parent: Collection, child: Collection) -> None:
    """An element's id may stand in two parents (it was moved meanwhile): the later read counts. What a rejected
    parent says of its children touches none of them."""
    connection.execute(f"""
        CREATE TEMP TABLE losers_{child.name} AS
        WITH seen AS (
            SELECT line, element, hub_id, observed_at FROM staged_{child.name}
            UNION ALL
            SELECT line, element, hub_id, observed_at FROM staged_rejects
            WHERE collection = '{child.name}' AND hub_id IS NOT NULL),
        counted AS (
            SELECT s.* FROM seen s
            WHERE {no("losers", "s")} AND {no("outdated", "s")} AND {no(f"rejected_{parent.name}", "s")}),
        again AS (SELECT hub_id FROM counted GROUP BY hub_id HAVING count(*) > 1)
        SELECT line, element FROM (
            SELECT line, element, row_number() OVER (
                PARTITION BY hub_id ORDER BY observed_at DESC, line DESC, element DESC) AS place
            FROM counted WHERE hub_id IN (SELECT hub_id FROM again)) placed
        WHERE place > 1""")


_RECORDS = f"""
    SELECT line, element, hub_id, observed_at, content_hash, removed, FALSE AS outdated
    FROM staged_{{name}} s WHERE {no("losers", "s")}"""

_ELEMENTS = f"""
    SELECT s.line, s.element, s.hub_id, s.observed_at, s.content_hash, s.removed, o.line IS NOT NULL AS outdated
    FROM staged_{{name}} s LEFT JOIN outdated o ON o.line = s.line
    WHERE {no("losers", "s")} AND {no("losers_{name}", "s", "line", "element")}"""

_NOT_REPEATED_ELEMENT = no("losers_{name}", "r", "line", "element")


def _judge(connection: HubConnection, collection: Collection, candidates: str) -> None:
    connection.execute(f"""
        CREATE TEMP TABLE verdict_{collection.name} AS
        WITH candidates AS ({candidates}),
        known AS (
            SELECT {connection.sql.place} AS place, hub_id, content_hash, observed_at, version, deleted_at
            FROM {table(collection)})
        SELECT s.line, s.element, s.hub_id, s.observed_at, c.place, coalesce(c.version, 0) + 1 AS version, CASE
            WHEN s.outdated OR c.observed_at > s.observed_at THEN 'stale'
            WHEN s.removed AND (c.hub_id IS NULL OR c.deleted_at IS NOT NULL) THEN 'unchanged'
            WHEN s.removed THEN 'delete'
            WHEN c.hub_id IS NULL OR c.deleted_at IS NOT NULL THEN 'insert'
            WHEN c.content_hash = s.content_hash THEN 'unchanged'
            ELSE 'update' END AS verdict
        FROM candidates s LEFT JOIN known c ON c.hub_id = s.hub_id""")


def _keep_rejects(connection: HubConnection, collection: Collection, condition: str) -> None:
    """Rejects that count: not repeated, and not an answer older than what the hub has seen."""
    connection.execute(f"""
        CREATE TEMP TABLE rejected_{collection.name} AS
        SELECT r.* FROM staged_rejects r
        WHERE r.collection = '{collection.name}' AND {no("losers", "r")} AND {no("outdated", "r")} AND {condition}""")
