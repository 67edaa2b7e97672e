"""A batch as the requests that deliver it. What is planned and what is sent are both made here.

1 record          PATCH  sobjects/Account/Ext__c/VALUE
up to 200         PATCH  composite/sobjects/Account/Ext__c       DELETE composite/sobjects?ids=...
more than that    POST jobs/ingest, PUT its CSV, PATCH UploadComplete, in jobs of at most 100 MB
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from ipaas_dagster.destinations.base import Batch, Entry, Outcome
from ipaas_dagster.destinations.requests import Hole, Request, hole
from ipaas_dagster.destinations.salesforce.api import Api
from ipaas_dagster.destinations.salesforce.layout import NULL, Layout

UPLOAD_BYTES = 100_000_000
"""Salesforce takes 150 MB after it made base64 of it."""
JSON = {"content-type": "application/json", "accept": "application/json"}
_CSV = {"content-type": "text/csv; charset=UTF-8", "accept": "application/json"}
_FITS_A_PATH = re.compile(r"[^/\\.%]+")
"""Of an external id. Others are said to be misread in an address, escaped or not; they stand in the body instead."""
_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True)
class Job:
    """One bulk job: what makes it, fills it and starts it. `rows` are its entries by the text in their first column,
    which the results repeat."""

    number: int
    column: str
    hole: Hole
    create: Request
    upload: Request
    close: Request
    rows: Mapping[str, Sequence[Entry]] = field(repr=False)


@dataclass(frozen=True)
class Piece:
    """`one`, `many` and `delete` are one request each, answered at once; `bulk` is made of jobs."""

    kind: Literal["one", "many", "delete", "bulk"]
    entries: Sequence[Entry]
    request: Request | None = None
    jobs: Sequence[Job] = ()

    @property
    def requests(self) -> list[Request]:
        if self.request is not None:
            return [self.request]
        return [request for job in self.jobs for request in (job.create, job.upload, job.close)]


@dataclass(frozen=True)
class Plan:
    """`settled` are the outcomes that need no request."""

    pieces: Sequence[Piece]
    settled: Sequence[Outcome] = ()

    @property
    def requests(self) -> list[Request]:
        return [request for piece in self.pieces for request in piece.requests]


def plan_upserts(api: Api, layout: Layout, batch: Batch, most: int, upload: int = UPLOAD_BYTES) -> Plan:
    """`most` records go in one call; more are a bulk job of at most `upload` bytes, or several."""
    entries, settled = _without_duplicates(layout, batch.entries)
    if len(entries) <= most:
        return Plan(_pieces_of_few(api, layout, entries), settled)
    rows = [entry for entry in entries if NULL not in (entry.payload or {}).values()]
    few = [entry for entry in entries if NULL in (entry.payload or {}).values()]  # a text that means null in CSV
    pieces: list[Piece] = []
    for start in range(0, len(few), most):
        pieces += _pieces_of_few(api, layout, few[start : start + most])
    if rows:
        words = {"object": layout.object, "operation": "upsert", "externalIdFieldName": layout.key}
        lines = ((layout.key_of(e.payload or {}) or "", layout.cells(e.payload or {}), e) for e in rows)
        pieces.append(Piece("bulk", rows, jobs=_jobs(api, batch, words, layout.columns, lines, upload)))
    return Plan(pieces, settled)


def plan_deletes(api: Api, layout: Layout, batch: Batch, ids: Mapping[int, str | None], most: int) -> Plan:
    """`ids` are the Salesforce ids by entry id, None for what is not there."""
    known = [(ids[e.entry_id], e) for e in batch.entries]
    there = [(id_, e) for id_, e in known if id_ is not None]
    settled = [Outcome(e.entry_id, "delivered", external_id=e.external_id) for id_, e in known if id_ is None]
    entries = [entry for _, entry in there]
    if not there:
        return Plan([], settled)
    if len(there) <= most:
        joined = ",".join(id_ for id_, _ in there)
        path = f"{api.path('composite', 'sobjects')}?ids={joined}&allOrNone=false"
        request = Request("DELETE", path, headers={"accept": "application/json"}, entries=_ids(entries))
        return Plan([Piece("delete", entries, request)], settled)
    words = {"object": layout.object, "operation": "delete"}
    jobs = _jobs(api, batch, words, ["Id"], ((id_, [id_], entry) for id_, entry in there), UPLOAD_BYTES)
    return Plan([Piece("bulk", entries, jobs=jobs)], settled)


def _pieces_of_few(api: Api, layout: Layout, entries: Sequence[Entry]) -> list[Piece]:
    key = layout.key_of(entries[0].payload or {}) or "" if entries else ""
    if len(entries) == 1 and _FITS_A_PATH.fullmatch(key):
        payload = entries[0].payload or {}
        path = api.path("sobjects", layout.object, layout.key, key)
        request = Request("PATCH", path, _encode(layout.body(payload)), JSON, _ids(entries))
        return [Piece("one", entries, request)]
    if not entries:
        return []
    body = {"allOrNone": False, "records": [layout.member(entry.payload or {}) for entry in entries]}
    path = api.path("composite", "sobjects", layout.object, layout.key)
    return [Piece("many", entries, Request("PATCH", path, _encode(body), JSON, _ids(entries)))]


def _jobs(
    api: Api,
    batch: Batch,
    words: Mapping[str, str],
    columns: Sequence[str],
    lines: Iterator[tuple[str, list[str], Entry]],
    upload: int,
) -> list[Job]:
    jobs: list[Job] = []
    head = _line(columns)
    size, parts, rows = len(head), [head], dict[str, list[Entry]]()

    def finished() -> Job:
        return _job(api, batch, len(jobs) + 1, words, columns[0], b"".join(parts), dict(rows))

    for name, cells, entry in lines:
        line = _line(cells)
        if rows and size + len(line) > upload:
            jobs.append(finished())
            size, parts, rows = len(head), [head], {}
        size += len(line)
        parts.append(line)
        rows.setdefault(name, []).append(entry)
    return [*jobs, finished()]


def _job(
    api: Api, batch: Batch, number: int, words: Mapping[str, str], column: str, csv: bytes, rows: dict[str, list[Entry]]
) -> Job:
    made = hole(batch.batch_id, "created_id", f"bulk job {number}", number)
    form = {"contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}
    ids, jobs = _ids([entry for same in rows.values() for entry in same]), api.path("jobs", "ingest")
    return Job(
        number,
        column,
        made,
        Request("POST", jobs, _encode({**words, **form}), JSON, ids),
        Request("PUT", f"{jobs}/{made.marker}/batches", csv, _CSV, ids, [made]),
        Request("PATCH", f"{jobs}/{made.marker}", _encode({"state": "UploadComplete"}), JSON, ids, [made]),
        rows,
    )


def _line(cells: Sequence[str]) -> bytes:
    """Always in quotes: values may hold commas, quotes and line ends."""
    return (",".join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in cells) + "\n").encode()


def _ids(entries: Sequence[Entry]) -> list[int]:
    return [entry.entry_id for entry in entries]


def _without_duplicates(layout: Layout, entries: Sequence[Entry]) -> tuple[list[Entry], list[Outcome]]:
    """Salesforce refuses, or merges, two records with one external id; letters' case makes no difference to it."""
    first: dict[str, Entry] = {}
    kept, settled = [], []
    as_key: Callable[[str], str] = str if layout.key == layout.hub_id else str.casefold
    for entry in entries:
        key = layout.key_of(entry.payload or {})
        if key is None:
            settled.append(
                Outcome(entry.entry_id, "rejected", reason="is empty; it identifies the record", field=layout.key)
            )
        elif (other := first.setdefault(as_key(key), entry)) is not entry:
            reason = f"is the same as that of {other.hub_id}, which was sent; one of them must change"
            settled.append(Outcome(entry.entry_id, "rejected", reason=reason, field=layout.key))
        else:
            kept.append(entry)
    return kept, settled
