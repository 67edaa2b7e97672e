"""Landings that changed very many records at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import HubConnection


@dataclass(frozen=True)
class MassChange:
    """`updates` of one collection by one landing, whose seqs are `first_seq` to `last_seq`."""

    collection: str
    landing_id: str
    first_seq: int
    last_seq: int
    updates: int


def read_mass_changes(
    connection: HubConnection, collections: Sequence[str], after_seq: int, upto: int, more_than: int
) -> list[MassChange]:
    """Landings with more updates than that among the changes with `after_seq` < seq <= `upto`, in order."""
    marks = ", ".join("?" for _ in collections)
    rows = connection.execute(
        f"""
        SELECT collection, landing_id, min(seq), max(seq), count(*) FROM hub.changes
        WHERE seq > ? AND seq <= ? AND operation = 'update' AND collection IN ({marks})
        GROUP BY collection, landing_id HAVING count(*) > ? ORDER BY min(seq)""",
        [after_seq, upto, *collections, more_than],
    ).fetchall()
    return [MassChange(*row) for row in rows]
