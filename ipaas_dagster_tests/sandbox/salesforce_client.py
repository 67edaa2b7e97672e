"""A plain client of the Salesforce stand-in, without a network between: what it sends is what is answered."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.salesforce import Salesforce

Record = dict[str, Any]
HUB_ID = "Ipaas_Hub_Id__c"


@dataclass
class Client:
    """One connected client. `ask` gives the answer as it is, the others what is in it."""

    server: Salesforce
    version: str = "62.0"
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.token = self.token or self.server.session_id()

    def ask(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, **query: str
    ) -> Answer:
        parts = ("services", "data", f"v{self.version}", *(part for part in path.split("/") if part))
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        known = {"authorization": f"Bearer {self.token}", "content-type": "application/json", "host": "sandbox"}
        return self.server.answer(Call(method, parts, tuple(query.items()), {**known, **(headers or {})}, sent))

    def create(self, name: str, **fields: Any) -> str:
        """The id of a new record."""
        answer = self.ask("POST", f"sobjects/{name}", fields)
        assert answer.status == 201, answer.body
        made: str = read(answer)["id"]
        return made

    def upsert(self, name: str, hub_id: str, **fields: Any) -> Answer:
        return self.ask("PATCH", f"sobjects/{name}/{HUB_ID}/{hub_id}", fields)

    def upsert_many(
        self, name: str, records: Iterable[Record], *, by: str = HUB_ID, all_or_none: bool = False
    ) -> list[Record]:
        answer = self.ask("PATCH", f"composite/sobjects/{name}/{by}", collection(name, records, all_or_none))
        assert answer.status == 200, answer.body
        outcomes: list[Record] = read(answer)
        return outcomes

    def query(self, soql: str) -> list[Record]:
        """The records of the first page, without their attributes."""
        answer = self.ask("GET", "query", q=soql)
        assert answer.status == 200, answer.body
        return [{name: value for name, value in one.items() if name != "attributes"} for one in read(answer)["records"]]

    def job(self, name: str, operation: str = "upsert", **words: Any) -> str:
        """The id of a new bulk job."""
        key = {"externalIdFieldName": HUB_ID} if operation == "upsert" else {}
        answer = self.ask("POST", "jobs/ingest", {"object": name, "operation": operation, **key, **words})
        assert answer.status == 200, answer.body
        made: str = read(answer)["id"]
        return made

    def upload(self, job: str, body: bytes) -> Answer:
        return self.ask("PUT", f"jobs/ingest/{job}/batches", body, headers={"content-type": "text/csv"})

    def close(self, job: str, state: str = "UploadComplete") -> Answer:
        return self.ask("PATCH", f"jobs/ingest/{job}", {"state": state})

    def poll(self, job: str, times: int = 2) -> Record:
        """The job after so many polls."""
        for _ in range(times):
            shown: Record = read(self.ask("GET", f"jobs/ingest/{job}"))
        return shown

    def results(self, job: str, which: str) -> list[dict[str, str]]:
        answer = self.ask("GET", f"jobs/ingest/{job}/{which}")
        assert (answer.status, answer.content_type) == (200, "text/csv; charset=UTF-8"), answer.body
        return list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))

    def bulk(self, name: str, rows: Sequence[Mapping[str, str]], operation: str = "upsert") -> str:
        """A whole job, done; returns its id."""
        job = self.job(name, operation)
        assert self.upload(job, csv_of(rows)).status == 201
        assert self.close(job).status == 200
        self.poll(job)
        return job


def read(answer: Answer) -> Any:
    return json.loads(answer.body)


def refusal(answer: Answer) -> tuple[int, str]:
    """The status and the error code of a refused request."""
    return answer.status, read(answer)[0]["errorCode"]


def collection(name: str, records: Iterable[Record], all_or_none: bool = False) -> Record:
    typed = [{"attributes": {"type": name}, **record} for record in records]
    return {"allOrNone": all_or_none, "records": typed}


def codes(outcomes: Iterable[Record]) -> list[str]:
    """Of each record "ok" or its error's code, in order."""
    return ["ok" if one["success"] else one["errors"][0]["statusCode"] for one in outcomes]


def csv_of(rows: Sequence[Mapping[str, str]], delimiter: str = ",", ending: str = "\n") -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="", delimiter=delimiter, lineterminator=ending)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
