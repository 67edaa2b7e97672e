"""What can be asked of the source: a page, one record, the schema of an object; as its document has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from urllib.parse import quote

from ipaas_dagster.errors import ProtocolBroken, Refused
from ipaas_dagster.records import SOURCE_SYSTEM
from ipaas_dagster.source.collections import SourceCollection
from ipaas_dagster.source.connection import Answer, Connection
from ipaas_dagster.source.familiar import Familiar, may_hold_names
from ipaas_dagster.source.parse import Body, parse_any, parse_list, record_id
from ipaas_dagster.source.redaction import Report, clean_record, clean_records, suspicious, suspicious_words


@dataclass(frozen=True)
class Page:
    """`records` in the server's order, secrets removed (`redacted`: how often, by field). `number` tells which
    request was sent first."""

    offset: int
    records: Sequence[bytes]
    count: int | None
    sent_at: datetime
    server_time: datetime | None = None
    number: int = 0
    redacted: Mapping[str, int] = field(default_factory=dict)
    call_id: str = ""

    @property
    def end(self) -> int:
        return self.offset + len(self.records)


@dataclass
class Client:
    """Reads one collection. `notes`: what was odd, once each."""

    connection: Connection
    collection: SourceCollection
    notes: dict[str, None] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _familiar: Familiar = field(default_factory=Familiar)

    async def page(self, offset: int, limit: int, query: Mapping[str, object] | None = None) -> Page:
        """`limit` records from `offset`; `query` holds filters (`modified`, `order`). Raises CallFailed."""
        number = next(self._numbers)
        asked = {"limit": limit, "offset": offset, **(query or {})}
        got = await self.connection.get(self.collection.path, asked, self._read_list)
        return _page(offset, number, got)

    async def whole(self, query: Mapping[str, object] | None = None) -> Page:
        """The collection as it comes without any paging."""
        got = await self.connection.get(self.collection.path, query or {}, self._read_any)
        return _page(0, next(self._numbers), got)

    async def record(self, source_id: str) -> Answer[bytes | None]:
        """One record by id, or None where the server says that it is gone (404, 410, an empty envelope).

        Subscriptions answer with an envelope. Raises ProtocolBroken where another record is answered.
        """
        path = self.record_path(source_id)
        try:
            got = await self.connection.get(path, {}, self._read_any)
        except Refused as error:
            if error.status in (404, 410):
                return Answer(None, self.connection.now(), None)
            raise
        records = got.value.records
        if not records:
            return Answer(None, got.sent_at, got.server_time, got.call_id)
        for record in records:
            if record_id(record) == source_id:
                return Answer(record, got.sent_at, got.server_time, got.call_id)
        raise ProtocolBroken(
            f"asked for {self.collection.name} {source_id}, the source answered with {record_id(records[0])}",
            system=SOURCE_SYSTEM,
            method="GET",
            path=path,
        )

    def record_path(self, source_id: str) -> str:
        return f"{self.collection.path}/{quote(source_id, safe='')}"

    def _read_list(self, body: bytes, content_type: str, lenient: bool) -> Body:
        return self._cleaned(parse_list(body, content_type, lenient=lenient, knows=self._familiar.knows))

    def _read_any(self, body: bytes, content_type: str, lenient: bool) -> Body:
        return self._cleaned(parse_any(body, content_type, lenient=lenient))

    def _cleaned(self, found: Body) -> Body:
        self.notes.update(dict.fromkeys(found.notes))
        if found.familiar and not suspicious_words(found.text):
            return _without_names_in_texts(found)
        report = Report()
        if suspicious(found.text):
            found = replace(found, records=clean_records(found.records, report), redacted=report)
        if not found.familiar:
            self._familiar.learn(found.records)
        return found


def _without_names_in_texts(found: Body) -> Body:
    """A page whose own names are harmless, but whose texts may hold others."""
    if not may_hold_names(found.text):
        return found
    report = Report()
    records = [clean_record(record, report) if may_hold_names(record) else record for record in found.records]
    return replace(found, records=records, redacted=report)


def _page(offset: int, number: int, got: Answer[Body]) -> Page:
    body = got.value
    return Page(offset, body.records, body.count, got.sent_at, got.server_time, number, body.redacted, got.call_id)
