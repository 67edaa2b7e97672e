"""Salesforce, the stand-in: an org in memory, and what a test may do with it behind a client's back."""

from __future__ import annotations

import threading
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.journal import Journal
from ipaas_dagster.sandbox.salesforce.behaviour import Behaviour
from ipaas_dagster.sandbox.salesforce.bulk import Jobs
from ipaas_dagster.sandbox.salesforce.bulk_query import QueryJobs
from ipaas_dagster.sandbox.salesforce.org import Org
from ipaas_dagster.sandbox.salesforce.problems import Problem, refused
from ipaas_dagster.sandbox.salesforce.queries import Cursors
from ipaas_dagster.sandbox.salesforce.schema import Schema, read_schema
from ipaas_dagster.sandbox.salesforce.shown import whole
from ipaas_dagster.sandbox.salesforce.tokens import Credentials, Tokens
from ipaas_dagster.sandbox.salesforce.usage import Usage

_FAILURES = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    429: ("REQUEST_LIMIT_EXCEEDED", "Too many requests"),
    503: ("SERVER_UNAVAILABLE", "The server is unavailable to handle this request"),
}


class Salesforce:
    """The REST and Bulk 2.0 APIs over records in memory. Safe to use from several threads; every call is whole."""

    name = "salesforce"

    def __init__(
        self,
        *,
        clock: SandboxClock | None = None,
        credentials: Credentials = Credentials(),  # noqa: B008 - frozen
        behaviour: Behaviour = Behaviour(),  # noqa: B008 - frozen
        schema: Schema | None = None,
    ) -> None:
        self.clock = clock or SandboxClock()
        self.behaviour = behaviour
        self.faults, self.journal = Faults(), Journal()
        self.lock = threading.RLock()
        self.org = Org(schema or read_schema(), self.clock)
        self.tokens, self.usage = Tokens(credentials, self.clock, self.org.user_id), Usage()
        self.cursors, self.jobs, self.query_jobs = Cursors(), Jobs(), QueryJobs()

    @property
    def credentials(self) -> Credentials:
        return self.tokens.credentials

    # What a test may do

    def truth(self, collection: str) -> list[dict[str, Any]]:
        """The live records of an object, the oldest first: every field, the null ones too."""
        with self.lock:
            table = self.org.tables[collection]
            return [whole(table.sobject, row) for row in table.rows.values()]

    def session_id(self) -> str:
        """An access token without asking for one."""
        with self.lock:
            return self.tokens.issue()

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        from ipaas_dagster.sandbox.salesforce.commands import run

        with self.lock:
            return run(self, name, given)

    # What the server needs

    def serves(self, path: tuple[str, ...]) -> bool:
        return path[:2] in (("services", "data"), ("services", "oauth2")) or path[:1] == ("id",)

    def answer(self, call: Call) -> Answer:
        from ipaas_dagster.sandbox.salesforce.routes import respond

        with self.lock:
            return respond(self, call)

    def failure(self, status: int) -> Answer:
        code, message = _FAILURES.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred"))
        return refused(Problem(status, code, message))

    def environment(self, origin: str) -> dict[str, str]:
        return {
            "SALESFORCE_URL": origin,
            "SALESFORCE_CLIENT_ID": self.credentials.client_id,
            "SALESFORCE_CLIENT_SECRET": self.credentials.client_secret,
        }
