"""The stand-in: one address that takes signed events, and what a test may do with it behind the sender's back."""

from __future__ import annotations

import copy
import json
import threading
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.journal import Journal
from ipaas_dagster.sandbox.webhook.folding import Fold
from ipaas_dagster.sandbox.webhook.verifying import NotVerified, verify

PATH = ("webhook", "events")
DEFAULT_SECRET = "whsec_c2FuZGJveC13ZWJob29rLXNlY3JldC1vZi0zMi1ieXQ="
COLLECTIONS = ("customers", "contacts", "items", "invoices", "invoice_lines", "subscriptions", "payments")
"""Which events can be asked about; others are taken too, and folded."""


@dataclass(frozen=True)
class Settings:
    """`second_secret` is good as well, while one replaces the other. `status`: what every verified event is answered
    from now on, without being taken; None: it is taken."""

    secret: str = field(default=DEFAULT_SECRET, repr=False)
    second_secret: str | None = field(default=None, repr=False)
    tolerance_seconds: float = 300
    status: int | None = None
    retry_after: str | None = None
    says: str = "this event is not taken"
    location: str | None = None

    def changed(self, given: dict[str, Any]) -> Settings:
        """Raises ValueError naming what is not known."""
        known = [one.name for one in fields(self)]
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(f"webhook has no setting {', '.join(unknown)} (it has: {', '.join(known)})")
        return replace(self, **given)


class Webhook:
    """Safe to use from several threads; every event is whole."""

    name = "webhook"

    def __init__(self, *, clock: SandboxClock | None = None, **settings: Any) -> None:
        """`settings` are those of Settings, by name; another raises ValueError."""
        self.clock = clock or SandboxClock()
        self.settings = Settings().changed(settings)
        self.faults, self.journal = Faults(), Journal()
        self.fold = Fold()
        self.refused = 0
        self._lock = threading.RLock()

    # What a test may do

    def truth(self, collection: str) -> list[dict[str, Any]]:
        """The `data` of the last event of every record that is not deleted, as a receiver would fold it. Raises
        KeyError for a collection of which there are none and never will be."""
        with self._lock:
            if collection not in COLLECTIONS and collection not in self.fold.records:
                raise KeyError(collection)
            return copy.deepcopy(list(self.fold.records.get(collection, {}).values()))

    def configure(self, **settings: Any) -> None:
        """Behave otherwise from now on."""
        with self._lock:
            self.settings = self.settings.changed(settings)

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        from ipaas_dagster.sandbox.webhook.commands import run

        with self._lock:
            return run(self, name, given)

    # What the server needs

    def serves(self, path: tuple[str, ...]) -> bool:
        return path == PATH

    def answer(self, call: Call) -> Answer:
        if call.method != "POST":
            return _said(405, "only POST")
        with self._lock:
            return self._answered(call)

    def failure(self, status: int) -> Answer:
        return _said(status, "out of order")

    def environment(self, origin: str) -> dict[str, str]:
        return {"WEBHOOK_URL": f"{origin}/{'/'.join(PATH)}", "WEBHOOK_SECRET": self.settings.secret}

    def _answered(self, call: Call) -> Answer:
        settings = self.settings
        secrets = [secret for secret in (settings.secret, settings.second_secret) if secret]
        try:
            event_id = verify(call.headers, call.body, secrets, self.clock.now(), settings.tolerance_seconds)
        except NotVerified as problem:
            self.refused += 1
            return _said(401, str(problem))
        if settings.status is not None:
            return self._refusal(settings.status)
        try:
            new = self.fold.take(event_id, json.loads(call.body))
        except (ValueError, KeyError, TypeError) as problem:
            return _said(400, f"no event: {type(problem).__name__} {problem}")
        return _said(200, "taken" if new else "known already")

    def _refusal(self, status: int) -> Answer:
        given = {"retry-after": self.settings.retry_after, "location": self.settings.location}
        headers = {name: value for name, value in given.items() if value is not None}
        return replace(_said(status, self.settings.says), headers=headers)


def _said(status: int, says: str) -> Answer:
    return Answer(status, b"" if status == 204 else json.dumps({"message": says}).encode())
