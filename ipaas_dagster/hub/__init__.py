"""The hub: canonical records, their versions and changes, rejects, and which landings were merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipaas_dagster.errors import NotSetUp
from ipaas_dagster.hub.changes import (
    ChangedRecord,
    HubHead,
    read_changes,
    read_current,
    read_head,
    read_records,
)
from ipaas_dagster.hub.counts import Counts
from ipaas_dagster.hub.database import HubFile
from ipaas_dagster.hub.mass import MassChange, read_mass_changes
from ipaas_dagster.hub.related import (
    Touched,
    read_children,
    read_children_at,
    read_holders,
    read_sizes,
    read_touched,
)
from ipaas_dagster.hub.store import HubConnection, Store, transaction
from ipaas_dagster.locks import Locks

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["ChangedRecord", "Counts", "Hub", "HubHead", "Touched", "transaction"]


def open_store(url: str, locks: Locks, *, memory_limit: str = "300MB", folder: Path | None = None) -> Store:
    """The store that `url` names; nothing is opened yet. `folder` is where work that does not fit into memory goes,
    unless the store is a file: then it goes beside it. Raises SettingsError."""
    if url.startswith("postgresql"):
        from ipaas_dagster.hub.postgresql import HubServer

        return HubServer(url, locks, memory_limit=memory_limit, folder=folder)
    return HubFile(url, locks, memory_limit=memory_limit)


class Hub:
    """The hub as its readers see it, whatever keeps it; one that does not exist yet reads as empty. Writing is
    merge's alone."""

    def __init__(self, url: str, locks: Locks, *, memory_limit: str = "300MB", folder: Path | None = None) -> None:
        self.store = open_store(url, locks, memory_limit=memory_limit, folder=folder)

    @property
    def path(self) -> Path:
        """The hub's file. Raises NotSetUp where it is none."""
        if not isinstance(self.store, HubFile):
            raise NotSetUp(f"the hub {self.shown} is no file")
        return self.store.path

    @property
    def shared(self) -> bool:
        """Whether several processes may read and write it at once."""
        return not isinstance(self.store, HubFile)

    @property
    def shown(self) -> str:
        return self.store.shown

    def exists(self) -> bool:
        return self.store.exists()

    def head(self) -> HubHead:
        return self.store.head()

    def scratch(self, memory_factor: float = 1.0) -> AbstractContextManager[DuckDBPyConnection]:
        return self.store.scratch(memory_factor)

    def reading(self) -> AbstractContextManager[HubConnection | None]:
        return self.store.reading()

    def remembered(self, name: str, read: Callable[[HubConnection], Any]) -> Any | None:
        return self.store.remembered(name, read)

    def writing(self) -> AbstractContextManager[HubConnection]:
        return self.store.writing()

    def receiving(self, scratch: DuckDBPyConnection) -> AbstractContextManager[HubConnection]:
        return self.store.receiving(scratch)

    def copy_to(self, file: Path) -> None:
        self.store.copy_to(file)

    def changes(self, collection: str, after_seq: int, limit: int, upto: int | None = None) -> list[ChangedRecord]:
        """Changes of one collection with `after_seq` < seq (<= `upto`), in order, at most `limit`."""
        with self.reading() as connection:
            return [] if connection is None else read_changes(connection, collection, after_seq, limit, upto)

    def current(self, collection: str, after_hub_id: str | None, limit: int) -> list[ChangedRecord]:
        """Live records ordered by hub id, after `after_hub_id`; their seq is the hub's head."""
        with self.reading() as connection:
            if connection is None:
                return []
            seq = read_head(connection).seq
            return read_current(connection, collection, after=after_hub_id, limit=limit, seq=seq)

    def records(self, collection: str, hub_ids: Sequence[str]) -> dict[str, ChangedRecord]:
        """Current rows of these records; one that was deleted has the operation `delete`."""
        with self.reading() as connection:
            if connection is None:
                return {}
            return read_records(connection, collection, hub_ids, read_head(connection).seq)

    def children(self, collection: str, parents: Sequence[str]) -> list[dict[str, Any]]:
        """Live records of a child collection, of all these parents, in the order of their numbers there."""
        with self.reading() as connection:
            return [] if connection is None else read_children(connection, collection, parents)

    def children_at(self, collection: str, parents: Sequence[str], seq: int) -> list[dict[str, Any]]:
        """`children` when `seq` was the hub's last change."""
        with self.reading() as connection:
            return [] if connection is None else read_children_at(connection, collection, parents, seq)

    def holders(self, collection: str, column: str, values: Sequence[Any]) -> list[tuple[Any, str]]:
        """(value, hub id) of the live records whose `column` holds one of `values`, in hub id order."""
        with self.reading() as connection:
            return [] if connection is None else read_holders(connection, collection, column, values)

    def touched(self, collection: str, after_seq: int, limit: int, upto: int, parents_after: int) -> Touched:
        """Which parents the changes of a child collection concern; see `read_touched`."""
        with self.reading() as connection:
            if connection is None:
                return Touched(0, upto, ())
            return read_touched(connection, collection, after_seq, limit, upto, parents_after)

    def mass_changes(self, collections: Sequence[str], after_seq: int, upto: int, more_than: int) -> list[MassChange]:
        """Landings that updated more than so many records of one collection, in order."""
        with self.reading() as connection:
            return [] if connection is None else read_mass_changes(connection, collections, after_seq, upto, more_than)

    def sizes(self) -> dict[str, int]:
        """How many live records each hub collection has; empty where there is no hub."""
        with self.reading() as connection:
            return {} if connection is None else read_sizes(connection)
