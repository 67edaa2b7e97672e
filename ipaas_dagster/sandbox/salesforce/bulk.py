"""jobs/ingest...: the requests of a bulk job, from its creation to its results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.salesforce.asked import Asked
from ipaas_dagster.sandbox.salesforce.behaviour import Behaviour
from ipaas_dagster.sandbox.salesforce.bulk_jobs import ENDED, OPERATIONS, WAITING, Job, poll, work
from ipaas_dagster.sandbox.salesforce.bulk_rows import DELIMITERS, LINE_ENDINGS, write_rows
from ipaas_dagster.sandbox.salesforce.ids import make_id, whole_id
from ipaas_dagster.sandbox.salesforce.org import Org
from ipaas_dagster.sandbox.salesforce.problems import Problem, Refusal, answered, not_found
from ipaas_dagster.sandbox.salesforce.schema import Field, SObject

CSV = "text/csv; charset=UTF-8"
LARGEST_UPLOAD = 150_000_000


class Jobs:
    """The jobs that were created and not deleted, by id."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._last = 0

    def new_id(self) -> str:
        self._last += 1
        return make_id("750", self._last)

    def add(self, job: Job) -> None:
        self._jobs[job.id] = job

    def find(self, given: str) -> Job:
        job = self._jobs.get(whole_id(given) or "")
        if job is None:
            raise not_found()
        return job

    def forget(self, job: Job) -> None:
        del self._jobs[job.id]

    def all(self) -> list[Job]:
        return list(self._jobs.values())


def on_ingest(asked: Asked) -> Answer:
    path = asked.rest[2:]
    if not path:
        asked.allow("GET", "POST")
        return _create(asked) if asked.call.method == "POST" else _list(asked)
    job = asked.server.jobs.find(path[0])
    if len(path) == 1:
        return _on_job(asked, job)
    if len(path) == 2 and path[1] == "batches":
        asked.allow("PUT")
        return _upload(asked, job)
    return _results(asked, job, "/".join(path[1:]))


def finish(org: Org, jobs: Jobs) -> int:
    """Do at once what waits; returns how many jobs that were."""
    waiting = [job for job in jobs.all() if job.state in WAITING]
    for job in waiting:
        work(org, job, Behaviour())
    return len(waiting)


def _create(asked: Asked) -> Answer:
    given = asked.json()
    sobject, operation = asked.org.schema.find(str(given.get("object"))), given.get("operation")
    if sobject is None:
        raise _invalid("INVALIDENTITY", f"InvalidEntity : Entity '{given.get('object')}' is not supported")
    if operation not in OPERATIONS:
        raise _invalid("INVALIDOPERATION", f"InvalidOperation : operation is one of {', '.join(OPERATIONS)}")
    if given.get("contentType", "CSV") != "CSV":
        raise _invalid("INVALIDJOB", "InvalidJob : contentType is CSV")
    job = Job(
        id=asked.server.jobs.new_id(),
        table=asked.org.table(sobject),
        operation=operation,
        by=_key(sobject, given.get("externalIdFieldName")) if operation == "upsert" else None,
        delimiter=_one_of(given, "columnDelimiter", "COMMA", DELIMITERS),
        line_ending=_one_of(given, "lineEnding", "LF", LINE_ENDINGS),
        version=asked.version,
        created=asked.org.now(),
    )
    asked.server.jobs.add(job)
    return answered(_shown(asked, job))


def _key(sobject: SObject, name: Any) -> Field:
    if not name:
        message = f"InvalidJob : External ID was blank for {sobject.name}. An External ID must be specified for upsert."
        raise _invalid("INVALIDJOB", message)
    field = sobject.find(str(name))
    if field is None or not field.identifies:
        raise _invalid("INVALIDJOB", f"InvalidJob : {name} is not an External ID of {sobject.name}")
    return field


def _one_of(given: dict[str, Any], name: str, default: str, known: dict[str, str]) -> str:
    chosen = given.get(name, default)
    if chosen not in known:
        raise _invalid("INVALIDJOB", f"InvalidJob : {name} is one of {', '.join(known)}")
    return str(chosen)


def _on_job(asked: Asked, job: Job) -> Answer:
    asked.allow("GET", "PATCH", "DELETE")
    if asked.call.method == "GET":
        poll(asked.org, job, asked.server.behaviour)
        return answered(_shown(asked, job))
    if asked.call.method == "DELETE":
        if job.state in WAITING:
            raise _wrong_state(job, "be deleted")
        asked.server.jobs.forget(job)
        return Answer(204)
    return _set_state(asked, job, asked.json().get("state"))


def _set_state(asked: Asked, job: Job, state: Any) -> Answer:
    if state not in ("UploadComplete", "Aborted"):
        raise _invalid("INVALIDJOBSTATE", "InvalidJobState : state can be set to UploadComplete or Aborted")
    if job.state in ENDED or (state == "UploadComplete" and job.state != "Open"):
        raise _wrong_state(job, f"become {state}")
    job.state, job.modified, job.closed_at = state, asked.org.now(), asked.org.clock.milliseconds()
    return answered(_shown(asked, job))


def _upload(asked: Asked, job: Job) -> Answer:
    kind = asked.call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", f"Content type specified: {kind or 'none'}, not supported")
    if job.state != "Open":
        raise _wrong_state(job, "take an upload")
    if job.upload is not None:
        message = f"Found multiple contents for job: <{job.id}>, please Close, Abort or Delete the current Job"
        raise _invalid("INVALIDJOB", f"InvalidJob : {message}")
    body = asked.body()
    if len(body) > LARGEST_UPLOAD:
        raise _invalid("CLIENT_INPUT_ERROR", f"an upload may have {LARGEST_UPLOAD} bytes")
    job.upload = body
    return Answer(201)


def _results(asked: Asked, job: Job, which: str) -> Answer:
    asked.allow("GET")
    if which.lower() not in _RESULTS:
        raise not_found()
    if job.state not in ENDED:
        raise _wrong_state(job, "be asked for results")
    added, rows_of = _RESULTS[which.lower()]
    rows = list(rows_of(job))
    if not asked.server.behaviour.bulk_keeps_order:
        rows.reverse()
    body = write_rows([*added, *job.header], rows, job.delimiter, job.line_ending)
    return Answer(200, body, {}, CSV)


def _successful(job: Job) -> Iterator[Sequence[str]]:
    for row, done in zip(job.rows, job.outcomes, strict=False):
        if not isinstance(done, Refusal):
            yield [done.id, "true" if done.created else "false", *row]


def _failed(job: Job) -> Iterator[Sequence[str]]:
    ids = job.header.index("Id") if "Id" in job.header else None
    for row, done in zip(job.rows, job.outcomes, strict=False):
        if isinstance(done, Refusal):
            yield ["" if ids is None else row[ids], done.as_text, *row]


def _unprocessed(job: Job) -> Iterator[Sequence[str]]:
    yield from job.rows[len(job.outcomes) :]


_RESULTS = {
    "successfulresults": (("sf__Id", "sf__Created"), _successful),
    "failedresults": (("sf__Id", "sf__Error"), _failed),
    "unprocessedrecords": ((), _unprocessed),
}


def _list(asked: Asked) -> Answer:
    records = [_shown(asked, job) for job in asked.server.jobs.all()]
    return answered({"done": True, "nextRecordsUrl": None, "records": records})


def _shown(asked: Asked, job: Job) -> dict[str, Any]:
    return {**job.as_json(), "createdById": asked.org.user_id}


def _wrong_state(job: Job, what: str) -> Problem:
    return _invalid("INVALIDJOBSTATE", f"InvalidJobState : a job in state {job.state} cannot {what}")


def _invalid(code: str, message: str) -> Problem:
    return Problem(400, code, message)
