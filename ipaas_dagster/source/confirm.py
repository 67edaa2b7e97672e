"""Asking for single records by id, to confirm that one is really gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipaas_dagster.errors import UsageError
from ipaas_dagster.records import Call, RecordCall
from ipaas_dagster.source.client import Client
from ipaas_dagster.source.collections import source_collection
from ipaas_dagster.source.session import connect, run

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class Confirmed:
    """`record`: as received, secrets removed; None where the source says that it is gone (404, 410)."""

    source_id: str
    record: bytes | None
    observed_at: datetime
    call_id: str = ""
    """Of the call that told it."""

    @property
    def gone(self) -> bool:
        return self.record is None


def get_record(
    project: Project, collection: str, source_id: str, *, record_call: RecordCall = lambda call: None
) -> Confirmed:
    """Raises UsageError where the source documents no GET by id for the collection, CallFailed."""
    return get_records(project, collection, [source_id], record_call=record_call)[source_id]


def get_records(
    project: Project,
    collection: str,
    source_ids: Iterable[str],
    *,
    record_call: RecordCall = lambda call: None,
) -> dict[str, Confirmed]:
    """Every id asked for, with what the source answered; `connections` requests at a time."""
    return run(_get_records(project, collection, list(dict.fromkeys(source_ids)), record_call))


async def _get_records(
    project: Project, collection: str, source_ids: list[str], record_call: RecordCall
) -> dict[str, Confirmed]:
    source = source_collection(collection)
    if not source.get_by_id:
        raise UsageError(f"the source documents no GET by id for {collection}; compare a second scan instead")
    free = asyncio.Semaphore(project.settings.connections)
    told: dict[str, str] = {}

    def note(call: Call) -> None:
        told[call.path] = call.call_id
        record_call(call)

    async with connect(project, note, collection=collection) as connection:
        client = Client(connection, source)

        async def ask(source_id: str) -> Confirmed:
            async with free:
                got = await client.record(source_id)
                path = connection.address.shown_path(client.record_path(source_id))
                return Confirmed(source_id, got.value, got.sent_at, told.get(path, ""))

        found = await asyncio.gather(*map(ask, source_ids))
    return {one.source_id: one for one in found}
