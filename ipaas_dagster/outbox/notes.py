"""Notes of a system's batches, in the operations store: see `ipaas_dagster.destinations.notes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.put import put
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
        row = {"system": self.system, "batch_id": batch_id, "note": dict(note), "updated_at": self.clock()}
        with self.operations.write() as connection:
            put(connection, batch_notes, **row)

    def forget(self, batch_id: str) -> None:
        with self.operations.write() as connection:
            connection.execute(delete(batch_notes).where(self._of(batch_id)))

    def _of(self, batch_id: str) -> Any:
        return (batch_notes.c.system == self.system) & (batch_notes.c.batch_id == batch_id)
