"""Sage Intacct, the stand-in: a company, its sessions and books, and what a test may do with them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.intacct.company import Company
from ipaas_dagster.sandbox.intacct.executed import Executed
from ipaas_dagster.sandbox.intacct.fields import Record, show
from ipaas_dagster.sandbox.intacct.limits import Limits, Usage
from ipaas_dagster.sandbox.intacct.refusals import Problem
from ipaas_dagster.sandbox.intacct.results import Results
from ipaas_dagster.sandbox.intacct.seeds import seed
from ipaas_dagster.sandbox.intacct.sessions import Sessions
from ipaas_dagster.sandbox.intacct.settings import MAIN_ENDPOINT, Settings
from ipaas_dagster.sandbox.journal import Journal


class Intacct:
    """The XML gateway over one company in memory. Safe to use from several threads; every request is whole."""

    name = "intacct"

    def __init__(self, *, clock: SandboxClock | None = None, settings: Settings | None = None, **given: Any) -> None:
        """`given` are single settings, by name: Intacct(max_functions=10)."""
        self.clock = clock or SandboxClock()
        self.settings = (settings or Settings()).changed(given)
        self.faults, self.journal = Faults(), Journal()
        self.lock = threading.RLock()
        self.limits, self.usage = Limits(), Usage()
        self.company, self.sessions, self.results = Company(), Sessions(), Results()
        self.executed = Executed()
        self.asynchronous: list[str] = []
        self.next_answers: list[Answer] = []
        self._support = 0
        seed(self.company, self.clock.now())

    # What a test may do

    def truth(self, collection: str) -> list[dict[str, Any]]:
        """Every record of an object, oldest first, values as they are answered; invoices with LINES."""
        with self.lock:
            records = [self._plain(one) for one in self.company[collection]]
            if collection == "ARINVOICE":
                lines = self.company["ARINVOICEITEM"]
                for record in records:
                    record["LINES"] = [self._plain(one) for one in lines.find(RECORDKEY=record["RECORDNO"])]
            return records

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """The words of commands.COMMANDS. Raises ValueError or KeyError for what is not understood."""
        from ipaas_dagster.sandbox.intacct.commands import run

        with self.lock:
            return run(self, name, given)

    def _plain(self, record: Record) -> dict[str, Any]:
        return {
            name: [dict(entry) for entry in value] if isinstance(value, tuple) else show(value)
            for name, value in record.items()
        }

    # What the server needs

    def serves(self, path: tuple[str, ...]) -> bool:
        return path[:2] == ("ia", "xml")

    def answer(self, call: Call) -> Answer:
        from ipaas_dagster.sandbox.intacct.gateway import respond

        settings = self.settings
        with self.limits.running(
            self.clock.now(),
            most=settings.requests_per_window,
            window_seconds=settings.window_seconds,
            concurrent=settings.concurrent_requests,
        ) as allowed:
            if not allowed:
                return self.failure(429)
            with self.lock:
                return self.next_answers.pop(0) if self.next_answers else respond(self, call)

    def failure(self, status: int) -> Answer:
        """5xx: a page that is not XML, as when the gateway breaks down; else the gateway's own error."""
        from ipaas_dagster.sandbox.intacct.answers import refusal, unavailable
        from ipaas_dagster.sandbox.intacct.refusals import gateway_refusal

        return unavailable(status) if status >= 500 else refusal(gateway_refusal(status))

    def environment(self, origin: str) -> dict[str, str]:
        settings = self.settings
        return {
            "INTACCT_URL": f"{origin}{MAIN_ENDPOINT}",
            "INTACCT_SENDER_ID": settings.sender_id,
            "INTACCT_SENDER_PASSWORD": settings.sender_password,
            "INTACCT_COMPANY_ID": settings.company_id,
            "INTACCT_USER_ID": settings.user_id,
            "INTACCT_USER_PASSWORD": settings.user_password,
        }

    @property
    def books(self) -> Any:
        from ipaas_dagster.sandbox.intacct.operation import Books

        return Books(self.executed, self.usage, self._signed)

    def _signed(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """The first text of a failure ends in a support id, as the vendor's do."""
        if not problems or not self.settings.support_ids or not problems[0].text:
            return problems
        self._support += 1
        text = f"{problems[0].text} [Support ID: sandbox%7E{self._support:08d}]"
        return (replace(problems[0], text=text), *problems[1:])
