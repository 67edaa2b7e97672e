"""A bulk ingest job: its states, and the work, a chunk of rows after another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ipaas_dagster.sandbox.salesforce.behaviour import Behaviour
from ipaas_dagster.sandbox.salesforce.bulk_rows import BadUpload, Columns, read_rows
from ipaas_dagster.sandbox.salesforce.chunk import MOST, Outcome, attempt, insert_each, update_each, upsert_each
from ipaas_dagster.sandbox.salesforce.org import Org, Writes
from ipaas_dagster.sandbox.salesforce.problems import Refusal
from ipaas_dagster.sandbox.salesforce.schema import Field
from ipaas_dagster.sandbox.salesforce.table import Table
from ipaas_dagster.sandbox.salesforce.writing import Values, Written

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
WAITING = ("UploadComplete", "InProgress")
ENDED = ("JobComplete", "Failed", "Aborted")


@dataclass
class Job:
    """`outcomes` are of the first so many `rows`: those that were done."""

    id: str
    table: Table
    operation: str
    by: Field | None
    delimiter: str
    line_ending: str
    version: str
    created: str
    state: str = "Open"
    upload: bytes | None = field(default=None, repr=False)
    header: list[str] = field(default_factory=list, repr=False)
    rows: list[list[str]] = field(default_factory=list, repr=False)
    outcomes: list[Outcome] = field(default_factory=list, repr=False)
    message: str | None = None
    polls: int = 0
    closed_at: int = 0
    modified: str = ""
    columns: Columns | None = field(default=None, repr=False)

    @property
    def failed(self) -> int:
        return sum(isinstance(one, Refusal) for one in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """The numbers are there once the work began."""
        shown: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.table.sobject.name,
            "createdDate": self.created,
            "systemModstamp": self.modified or self.created,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.line_ending,
            "columnDelimiter": self.delimiter,
            "jobType": "V2Ingest",
        }
        if self.by:
            shown["externalIdFieldName"] = self.by.name
        if self.state == "Open":
            shown["contentUrl"] = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        if self.state not in ("Open", "UploadComplete"):
            done = {"numberRecordsProcessed": len(self.outcomes), "numberRecordsFailed": self.failed}
            times = ("totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime")
            shown |= {**done, "retries": 0, **dict.fromkeys(times, len(self.outcomes) // 100)}
        if self.message:
            shown["errorMessage"] = self.message
        return shown


def poll(org: Org, job: Job, behaviour: Behaviour) -> None:
    """Somebody asks for the job: it comes as much further as the behaviour lets it."""
    if job.state not in WAITING:
        return
    job.state, job.modified = "InProgress", org.now()
    waited = org.clock.milliseconds() - job.closed_at
    if job.polls < behaviour.bulk_polls or waited < behaviour.bulk_seconds * 1000:
        job.polls += 1
        return
    work(org, job, behaviour)


def work(org: Org, job: Job, behaviour: Behaviour) -> None:
    """Do the next rows. The job ends when none is left, or fails."""
    try:
        if job.columns is None:
            _begin(org, job)
    except BadUpload as problem:
        job.state, job.message = "Failed", str(problem)
        return
    fails_after = behaviour.bulk_fails_after
    last = len(job.outcomes) + (behaviour.bulk_rows or len(job.rows))
    last = min(last, len(job.rows) if fails_after is None else fails_after)
    while len(job.outcomes) < last:
        first = len(job.outcomes)
        job.outcomes += _do(org, job, job.rows[first : min(first + MOST, last)])
    if len(job.outcomes) >= len(job.rows):
        job.state = "JobComplete"
    elif fails_after is not None and len(job.outcomes) >= fails_after:
        job.state, job.message = "Failed", "InternalServerError : Exceeded the number of retries"


def _begin(org: Org, job: Job) -> None:
    if job.upload is not None:
        job.header, job.rows = read_rows(job.upload, job.delimiter, job.line_ending)
        job.upload = b""
    job.columns = Columns(org, job.table.sobject, job.header)
    if not job.rows:
        return
    key = job.by.name if job.by else None if job.operation == "insert" else "Id"
    if key and not job.columns.names(key):
        raise BadUpload(f"InvalidBatch : Field name not found : {key}")
    if job.operation in ("delete", "hardDelete") and len(job.header) > 1:
        raise BadUpload(f"InvalidBatch : The '{job.operation}' batch must contain only ids")


def _do(org: Org, job: Job, rows: list[list[str]]) -> list[Outcome]:
    assert job.columns is not None, "the job began"
    writes, chunk = org.writes(), attempt(rows, job.columns.values)
    if job.operation == "insert":
        return insert_each(writes, job.table, attempt(chunk, _without_id))
    if job.operation == "upsert" and job.by:
        ready = chunk if job.by.name == "Id" else attempt(chunk, _without_id)
        return upsert_each(writes, job.table, job.by, ready)
    if job.operation == "update":
        return update_each(writes, job.table, attempt(chunk, _with_id))
    return _delete_each(writes, job.table, attempt(chunk, _with_id))


def _delete_each(writes: Writes, table: Table, chunk: Iterable[Values | Refusal]) -> list[Outcome]:
    def delete(values: Values) -> Written:
        writes.delete(table, values["Id"])
        return Written(values["Id"], False)

    return attempt(chunk, delete)


def _without_id(values: Values) -> Values:
    if values.get("Id") is not None:
        raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
    return values


def _with_id(values: Values) -> Values:
    if values.get("Id") is None:
        raise Refusal("MISSING_ARGUMENT", "Id not specified", ("Id",))
    return values
