"""The stand-in: one company's records in memory, and what a test may do with them behind a client's back."""

from __future__ import annotations

import threading
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.ipaas_com import answers, routes
from ipaas_dagster.sandbox.ipaas_com.limits import Limits
from ipaas_dagster.sandbox.ipaas_com.models import BY_NAME, Model
from ipaas_dagster.sandbox.ipaas_com.problems import Problem, server_fault, unauthorized, volume
from ipaas_dagster.sandbox.ipaas_com.reading import Record
from ipaas_dagster.sandbox.ipaas_com.records import Records
from ipaas_dagster.sandbox.ipaas_com.settings import Settings
from ipaas_dagster.sandbox.ipaas_com.tokens import Tokens
from ipaas_dagster.sandbox.journal import Journal


class IpaasCom:
    """iPaaS.com's APIs for one company. Safe to use from several threads; every call is whole."""

    name = "ipaas_com"

    def __init__(self, *, clock: SandboxClock | None = None, **settings: Any) -> None:
        """`settings` are those of Settings, by name; another raises ValueError."""
        self.clock = clock or SandboxClock()
        self.settings = Settings().changed(settings)
        self.faults, self.journal = Faults(), Journal()
        self.lock = threading.RLock()
        self.records = Records(self.clock, self.settings)
        self.tokens, self.limits = Tokens(), Limits()
        self.events: list[dict[str, Any]] = []

    # What a test may do

    def truth(self, collection: str) -> list[Record]:
        """Every `customer`, `company`, `product` or `transaction`, in the order they were made, with their external
        ids; amounts are Decimal. KeyError for anything else."""
        with self.lock:
            model = BY_NAME[collection]
            return [self.records.shown(model, record) for record in self.records.tables[model.table].values()]

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        from ipaas_dagster.sandbox.ipaas_com.commands import run

        with self.lock:
            return run(self, name, given)

    def configure(self, **settings: Any) -> None:
        """Behave otherwise from now on."""
        with self.lock:
            self.settings = self.records.settings = self.settings.changed(settings)

    # What the server needs

    def serves(self, path: tuple[str, ...]) -> bool:
        return path[:1] == (routes.PREFIX,)

    def answer(self, call: Call) -> Answer:
        with self.lock:
            return routes.respond(self, call)

    def failure(self, status: int) -> Answer:
        """An error before the request is looked at: a volume limit for 429, an expired token for 401, a server fault
        for what is above 499."""
        if status == 429:
            problem = volume(1)
        elif status == 401:
            problem = unauthorized(1003, "The token has expired.")
        elif status >= 500:
            problem = server_fault(status)
        else:
            problem = Problem("VALD-1001", "The request could not be processed.", status)
        return answers.error(problem, self.settings.errors)

    def environment(self, origin: str) -> dict[str, str]:
        return {
            "IPAAS_COM_URL": f"{origin}/{routes.PREFIX}",
            "IPAAS_COM_EMAIL": self.settings.email,
            "IPAAS_COM_PASSWORD": self.settings.password,
            "IPAAS_COM_COMPANY_ID": self.settings.companies[0][0],
            "IPAAS_COM_SYSTEM_ID": str(self.settings.system_id),
            "IPAAS_COM_API_KEY": self.settings.api_key,
        }

    # What its parts need

    def note(self, model: Model, number: int, action: str) -> None:
        """An event of the queue that iPaaS.com shows."""
        at = self.clock.now().isoformat(timespec="seconds")
        self.events.append(
            {"id": len(self.events) + 1, "type": model.name, "record_id": number, "action": action, "created": at}
        )
