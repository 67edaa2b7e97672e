"""Notes of a system's batches, in the operations store: see `ipaas_dagster.destinations.notes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import batch_notes
from ipaas_dagster.records import Clock


@dataclass(frozen=True)
class StoredNotes:
    operations: Operations
    system: str
    clock: Clock

    def read(self, batch_id: str) -> Mapping[str, Any] | None:
        with self.operations.read() as connection:
            note: Mapping[str, Any] | None = connection.scalar(select(batch_notes.c.note).where(self._of(batch_id)))
        return note

    def write(self, batch_id: str, note: Mapping[str, Any]) -> None:
        values = {"note": dict(note), "updated_at": self.clock()}
        key = {"system": self.system, "batch_id": batch_id}
        with self.operations.write() as connection:
            if connection.execute(update(batch_notes).where(self._of(batch_id)).values(values)).rowcount == 0:
                connection.execute(insert(batch_notes).values(key | values))

    def forget(self, batch_id: str) -> None:
        with self.operations.write() as connection:
            connection.execute(delete(batch_notes).where(self._of(batch_id)))

    def _of(self, batch_id: str) -> Any:
        return (batch_notes.c.system == self.system) & (batch_notes.c.batch_id == batch_id)
