"""The hub: canonical records, their versions and changes, rejects, and which landings were merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipaas_dagster.hub.changes import (
    ChangedRecord,
    HubHead,
    read_changes,
    read_current,
    read_head,
    read_records,
)
from ipaas_dagster.hub.counts import Counts
from ipaas_dagster.hub.database import HubFile, transaction
from ipaas_dagster.hub.noted_head import read_note
from ipaas_dagster.hub.related import (
    Touched,
    read_children,
    read_children_at,
    read_holders,
    read_sizes,
    read_touched,
)

__all__ = ["ChangedRecord", "Counts", "Hub", "HubHead", "Touched", "transaction"]


class Hub(HubFile):
    """The hub as its readers see it; a hub that does not exist yet reads as empty. Writing is merge's alone."""

    def head(self) -> HubHead:
        """Where the changes end; opens the hub only where the note beside it does not tell."""
        noted = read_note(self.path)
        if noted is not None:
            return noted
        with self.reading() as connection:
            return HubHead("", 0) if connection is None else read_head(connection)

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

    def sizes(self) -> dict[str, int]:
        """How many live records each hub collection has; empty where there is no hub."""
        with self.reading() as connection:
            return {} if connection is None else read_sizes(connection)
