"""jobs/query...: a query whose results come as pages of CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.salesforce.asked import Asked
from ipaas_dagster.sandbox.salesforce.bulk_rows import DELIMITERS, LINE_ENDINGS, write_rows
from ipaas_dagster.sandbox.salesforce.ids import make_id
from ipaas_dagster.sandbox.salesforce.problems import Problem, answered, not_found
from ipaas_dagster.sandbox.salesforce.search import Search
from ipaas_dagster.sandbox.salesforce.soql_parser import parse

CSV = "text/csv; charset=UTF-8"
LARGEST_PAGE = 50_000
NO_MORE = "null"


@dataclass
class _Job:
    shown: dict[str, Any]
    header: list[str]
    rows: list[list[str]]
    polls: int = 0


class QueryJobs:
    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._last = 0

    def add(self, shown: dict[str, Any], header: list[str], rows: list[list[str]]) -> _Job:
        self._last += 1
        job = _Job({"id": make_id("750", 1_000_000 + self._last), **shown}, header, rows)
        self._jobs[job.shown["id"]] = job
        return job

    def find(self, given: str) -> _Job:
        if given not in self._jobs:
            raise not_found()
        return self._jobs[given]

    def forget(self, job: _Job) -> None:
        del self._jobs[job.shown["id"]]


def on_query_jobs(asked: Asked) -> Answer:
    path = asked.rest[2:]
    if not path:
        asked.allow("POST")
        return _create(asked)
    job = asked.server.query_jobs.find(path[0])
    if path[1:] == ("results",):
        asked.allow("GET")
        return _results(asked, job)
    asked.allow("GET", "PATCH", "DELETE")
    if asked.call.method == "DELETE":
        asked.server.query_jobs.forget(job)
        return Answer(204)
    if asked.call.method == "PATCH":
        job.shown["state"] = "Aborted"
    elif job.shown["state"] in ("UploadComplete", "InProgress"):
        job.shown["state"] = "InProgress" if job.polls < asked.server.behaviour.bulk_polls else "JobComplete"
        job.polls += 1
    return answered({**job.shown, "numberRecordsProcessed": len(job.rows), "retries": 0})


def _create(asked: Asked) -> Answer:
    """The rows are those of now: a job sees what there was when it was created."""
    given = asked.json()
    search = Search(asked.org, parse(str(given.get("query", ""))), deleted=given.get("operation") == "queryAll")
    columns = search.columns()
    rows = [[_text(get(row)) for _, get in columns] for row in search.found()]
    shown = {
        "operation": given.get("operation", "query"),
        "object": search.table.sobject.name,
        "createdById": asked.org.user_id,
        "createdDate": asked.org.now(),
        "systemModstamp": asked.org.now(),
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(asked.version),
        "lineEnding": given.get("lineEnding", "LF"),
        "columnDelimiter": given.get("columnDelimiter", "COMMA"),
    }
    if shown["lineEnding"] not in LINE_ENDINGS or shown["columnDelimiter"] not in DELIMITERS:
        raise Problem(400, "INVALIDJOB", "InvalidJob : unknown lineEnding or columnDelimiter")
    return answered(asked.server.query_jobs.add(shown, [name for name, _ in columns], rows).shown)


def _results(asked: Asked, job: _Job) -> Answer:
    if job.shown["state"] != "JobComplete":
        raise Problem(400, "INVALIDJOBSTATE", f"InvalidJobState : a job in state {job.shown['state']} has no results")
    first = int(asked.query.get("locator", "0"))
    last = first + min(int(asked.query.get("maxRecords", LARGEST_PAGE)), LARGEST_PAGE)
    page = job.rows[first:last]
    body = write_rows(job.header, page, job.shown["columnDelimiter"], job.shown["lineEnding"])
    further = str(last) if last < len(job.rows) else NO_MORE
    return Answer(200, body, {"sforce-locator": further, "sforce-numberofrecords": str(len(page))}, CSV)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
