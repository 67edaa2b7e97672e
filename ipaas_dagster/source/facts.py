"""What was proven about a server, kept in operations so that it is asked once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ipaas_dagster.records import SOURCE_SYSTEM

if TYPE_CHECKING:
    from ipaas_dagster.operations import Operations

ASK_AGAIN = timedelta(days=1)
"""A server that did not honour something may have learnt it; what it does honour it keeps honouring."""


def known(operations: Operations, base_url: str, collection: str, now: datetime) -> dict[str, Any]:
    """Facts by name. Those that are not good news are forgotten after a day."""
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import server_facts as table

    query = select(table.c.fact, table.c.value, table.c.proven_at).where(
        table.c.source_system == SOURCE_SYSTEM, table.c.base_url == base_url, table.c.collection == collection
    )
    with operations.read() as connection:
        rows = connection.execute(query).all()
    return {row.fact: row.value for row in rows if row.value or now - row.proven_at < ASK_AGAIN}


def remember(operations: Operations, base_url: str, collection: str, facts: Mapping[str, Any], now: datetime) -> None:
    from ipaas_dagster.operations.put import put
    from ipaas_dagster.operations.tables import server_facts as table

    with operations.write() as connection:
        for fact, value in facts.items():
            key = {"source_system": SOURCE_SYSTEM, "base_url": base_url, "collection": collection, "fact": fact}
            put(connection, table, **key, value=value, proven_at=now)
