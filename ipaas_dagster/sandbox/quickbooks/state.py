"""The stand-in: one company's books in memory, and what a test may do with them behind a client's back."""

from __future__ import annotations

import copy
import threading
from collections import Counter
from dataclasses import replace
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.journal import Journal
from ipaas_dagster.sandbox.quickbooks import answers, oauth, routes, seeds
from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.limits import Limits
from ipaas_dagster.sandbox.quickbooks.problems import Problem
from ipaas_dagster.sandbox.quickbooks.properties import Record
from ipaas_dagster.sandbox.quickbooks.replays import Replays
from ipaas_dagster.sandbox.quickbooks.settings import Settings
from ipaas_dagster.sandbox.quickbooks.tokens import Tokens


class QuickBooks:
    """QuickBooks Online v3 for one company. Safe to use from several threads; every call is whole."""

    name = "quickbooks"

    def __init__(self, *, clock: SandboxClock | None = None, **settings: Any) -> None:
        """`settings` are those of Settings, by name; another raises ValueError."""
        self.clock = clock or SandboxClock()
        self.settings = Settings().changed(settings)
        self.faults, self.journal = Faults(), Journal()
        self.lock = threading.RLock()
        self.books = Books(self.clock, self.settings)
        self.tokens = Tokens(self.settings, self.clock.now())
        self.limits, self.replays = Limits(), Replays()
        self.counts: Counter[str] = Counter()
        self._requests = 0
        seeds.seed(self.books)

    # What a test may do

    def truth(self, collection: str) -> list[Record]:
        """Every record of an entity, in the order they were made; amounts are Decimal. KeyError if there is none."""
        with self.lock:
            return copy.deepcopy(list(self.books.tables[collection].values()))

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        from ipaas_dagster.sandbox.quickbooks.commands import run

        with self.lock:
            return run(self, name, given)

    def configure(self, **settings: Any) -> None:
        """Behave otherwise from now on."""
        with self.lock:
            self.settings = self.books.settings = self.settings.changed(settings)
            old = self.books.tables["Preferences"]["1"]
            self.books.put("Preferences", {**old, **seeds.preferences(self.settings)})

    # What the server needs

    def serves(self, path: tuple[str, ...]) -> bool:
        return path[:2] == routes.PREFIX or path in oauth.PATHS

    def answer(self, call: Call) -> Answer:
        with self.lock:
            served = oauth.respond if call.path in oauth.PATHS else routes.respond
            return self._marked(served(self, call))

    def failure(self, status: int) -> Answer:
        """An error before the request is looked at: the gateway's body for 429 and 401, a system fault for others."""
        time = self.books.answer_time()
        if status in (403, 429):
            return self._marked(answers.throttled(time, in_json=not self.settings.throttled_in_xml, status=status))
        if status == 401:
            problem = Problem("3200", "Token expired", status=status, kind="AuthenticationFault")
        else:
            detail = "System Failure Error: the request could not be processed"
            problem = Problem("10000", detail, status=status, kind="SystemFault")
        return self._marked(answers.fault(problem, time, in_json=True))

    def environment(self, origin: str) -> dict[str, str]:
        return {
            "QUICKBOOKS_URL": origin,
            "QUICKBOOKS_TOKEN_URL": f"{origin}/{'/'.join(oauth.TOKENS)}",
            "QUICKBOOKS_REALM_ID": self.settings.realm_id,
            "QUICKBOOKS_CLIENT_ID": self.settings.client_id,
            "QUICKBOOKS_CLIENT_SECRET": self.settings.client_secret,
            "QUICKBOOKS_REFRESH_TOKEN": self.settings.refresh_token,
            "QUICKBOOKS_INCOME_ACCOUNT": seeds.INCOME_ACCOUNT,
        }

    # What its parts need

    def count(self, entity: str, operation: str) -> None:
        self.counts[f"{entity} {operation}"] += 1

    def count_batch(self, given: Any, done: list[Record]) -> None:
        """Count a batch, its items that were done by what they did, and those that were refused."""
        self.counts["batch"] += 1
        for item, answer in zip(given["BatchItemRequest"], done, strict=True):
            if "Fault" in answer:
                self.counts["batch item refused"] += 1
            else:
                entity = next(name for name in answer if name != "bId")
                self.count(entity, str(item.get("operation", "query")))

    def _marked(self, answer: Answer) -> Answer:
        """Every answer has an id that the vendor's support would ask for."""
        self._requests += 1
        tid = f"1-{int(self.clock.now().timestamp()):08x}-{self._requests:024x}"
        return replace(answer, headers={**answer.headers, "intuit_tid": tid})
