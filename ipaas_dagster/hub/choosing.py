"""Rejects that a person chooses, and those that a person let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster.hub.rejects import REJECTS, list_rejects
from ipaas_dagster.hub.store import transaction
from ipaas_dagster.wording import matches

if TYPE_CHECKING:
    from ipaas_dagster.hub.store import Store

LET_GO = "discarded: "
"""Begins the `resolution` of a reject that is still open, and that a person wants to hear of no more."""


@dataclass(frozen=True)
class RejectFilter:
    """Which open rejects; each field narrows, none takes all. `records`: hub ids, or the first letters of reject ids.
    `says`: part of a reason, `*` for anything."""

    collection: str | None = None
    records: Sequence[str] = ()
    says: str | None = None
    since: datetime | None = None
    discarded: bool | None = None
    """Only those that a person let go (True) or did not (False)."""

    @property
    def chooses(self) -> bool:
        return bool(self.collection or self.records or self.says or self.since)


def choose_rejects(hub: Store, chosen: RejectFilter) -> list[dict[str, Any]]:
    """Open ones, the newest first, as rows with parsed reasons and record."""
    with hub.reading() as connection:
        found = [] if connection is None else list_rejects(connection)
    return [row for row in found if _is_meant(row, chosen)]


def discard_rejects(hub: Store, chosen: RejectFilter, reason: str) -> int:
    """Let open rejects go: they stay open in the books, with the reason, and are told no more. A good version, or
    another bad one, of the record resolves them as any other. Returns how many."""
    ids = [row["reject_id"] for row in choose_rejects(hub, chosen) if not is_let_go(row)]
    if not ids:
        return 0
    with hub.writing() as connection, transaction(connection):
        marks = ", ".join("?" * len(ids))
        query = f"UPDATE {REJECTS} SET resolution = ? WHERE resolved_at IS NULL AND reject_id IN ({marks})"
        return connection.change(query, [LET_GO + reason, *ids])


def is_let_go(row: dict[str, Any]) -> bool:
    return str(row["resolution"] or "").startswith(LET_GO)


def _is_meant(row: dict[str, Any], chosen: RejectFilter) -> bool:
    return (
        chosen.collection in (None, row["collection"])
        and (not chosen.records or any(_names(row, record) for record in chosen.records))
        and (chosen.says is None or matches(chosen.says, "; ".join(map(str, row["reasons"]))))
        and (chosen.since is None or row["rejected_at"] >= chosen.since)
        and (chosen.discarded is None or chosen.discarded == is_let_go(row))
    )


def _names(row: dict[str, Any], record: str) -> bool:
    return record in (row["hub_id"], row["source_id"]) or (len(record) >= 6 and row["reject_id"].startswith(record))
