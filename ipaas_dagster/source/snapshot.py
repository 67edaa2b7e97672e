"""Reading the small collections, which have no `modified` filter: whole, in one request where the source
gives all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from ipaas_dagster.source.client import Client, Page
from ipaas_dagster.source.collections import SCHEMA_FILTER
from ipaas_dagster.source.parse import record_id
from ipaas_dagster.source.redaction import Report
from ipaas_dagster.source.scan import Scan

OBJECT_FIELD = "ppobject_id"


@dataclass
class Snapshot:
    """Parts as they were read, each with the time its request was sent and the id of that call."""

    parts: list[tuple[datetime, Sequence[bytes], str]] = field(default_factory=list)
    server_time: datetime | None = None
    redacted: Report = field(default_factory=Report)

    def add(self, page: Page, records: Sequence[bytes] | None = None) -> None:
        self.redacted.update(page.redacted)
        self.parts.append((page.sent_at, page.records if records is None else records, page.call_id))
        self.server_time = self.server_time or page.server_time

    @property
    def records(self) -> int:
        return sum(len(records) for _, records, _ in self.parts)

    @property
    def digest(self) -> str:
        """Of the whole content, whatever order it came in; secrets were removed before."""
        total = hashlib.sha256()
        for record in sorted(record for _, records, _ in self.parts for record in records):
            total.update(b"%d:" % len(record) + record)
        return total.hexdigest()


async def read_whole(client: Client, connections: int) -> Snapshot:
    """One request; where the count says that there is more, one for as many as it counts, else pages."""
    snapshot = Snapshot()
    page = await client.whole()
    if page.count is not None and page.count > len(page.records) > 0:
        larger = await client.page(0, page.count)
        if len(larger.records) < page.count:
            return await _page_by_page(client, connections, larger)
        page = larger
    snapshot.add(page)
    return snapshot


async def _page_by_page(client: Client, connections: int, first: Page) -> Snapshot:
    snapshot = Snapshot()
    scan = Scan(client.page, limit=max(3, len(first.records)), connections=connections, first=first)
    async for page in scan.pages():
        snapshot.add(page)
    client.notes.update(scan.notes)
    return snapshot


async def read_schemas(client: Client, objects: Sequence[str]) -> Snapshot:
    """The fields of every object, one request each; every record gets the id of its object."""
    snapshot = Snapshot()
    for object_id in objects:
        page = await client.whole({SCHEMA_FILTER: object_id})
        snapshot.add(page, [_of_object(record, object_id) for record in page.records])
    return snapshot


def object_ids(records: Sequence[bytes]) -> list[str]:
    return [found for found in map(record_id, records) if found is not None]


_names = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _of_object(record: bytes, object_id: str) -> bytes:
    """The record with the field `ppobject_id` in front: a number where the id is one."""
    if not record.startswith(b"{") or OBJECT_FIELD in _names(record):
        return record
    value: int | str = int(object_id) if object_id.isdigit() else object_id
    field_text = msgspec.json.encode({OBJECT_FIELD: value})[:-1]
    rest = record[1:].lstrip()
    return field_text + (b"}" if rest == b"}" else b"," + rest)
