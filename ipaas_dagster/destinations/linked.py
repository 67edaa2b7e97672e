"""Which records of a system the hub knows by their ids there: for systems that have no field for an id of ours, so
that what nobody is linked to can be told from what is somebody else's copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol


class Linked(Protocol):
    """Of one system, as committed so far. Records that the hub deleted there are not among them."""

    def ids(self, collection: str, hub_ids: Sequence[str]) -> Mapping[str, str]:
        """Hub id -> its id in the system; without those that it does not hold."""
        ...

    def taken(self, collection: str) -> AbstractSet[str]:
        """Ids in the system of all the records of a hub collection."""
        ...


@dataclass
class MemoryLinked:
    """For a destination that is connected to try it, and for tests: (hub collection, hub id) -> id there."""

    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def ids(self, collection: str, hub_ids: Sequence[str]) -> Mapping[str, str]:
        return {one: self.known[collection, one] for one in hub_ids if (collection, one) in self.known}

    def taken(self, collection: str) -> AbstractSet[str]:
        return {its_id for (of, _), its_id in self.known.items() if of == collection}
