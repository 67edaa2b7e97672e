"""A system's links, as its destination may ask for them: see `ipaas_dagster.destinations.linked`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import select

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import links
from ipaas_dagster.outbox.links import external_ids


@dataclass(frozen=True)
class StoredLinked:
    operations: Operations
    system: str

    def ids(self, collection: str, hub_ids: Sequence[str]) -> Mapping[str, str]:
        with self.operations.read() as connection:
            found = external_ids(connection, self.system, ((collection, hub_id) for hub_id in hub_ids))
        return {hub_id: its_id for (_, hub_id), its_id in found.items()}

    def taken(self, collection: str) -> AbstractSet[str]:
        mine = (links.c.system == self.system) & (links.c.collection == collection) & ~links.c.deleted
        query = select(links.c.external_id).where(mine, links.c.external_id.is_not(None))
        with self.operations.read() as connection:
            return {str(its_id) for its_id in connection.scalars(query)}
