"""The destination: one event a request, one request after the other; what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ipaas_dagster.destinations.base import (
    Batch,
    Capabilities,
    Entry,
    Outcome,
    Paused,
    Setting,
    Throttled,
    Unreachable,
)
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, Limit, NotSent
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.destinations.webhook.answers import asked_to_wait, in_words, meaning, other_address
from ipaas_dagster.destinations.webhook.events import PING, body_of, message_of, ping_of, refuse_shape
from ipaas_dagster.destinations.webhook.preset import BATCH_SIZE, read_endpoint
from ipaas_dagster.records import new_id

WAITS = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds between the ten attempts that the convention publishes: over about three days."""
IN_A_ROW = 5
"""So many failures one after the other are the receiver's, not the events': the rest waits for the next run."""

CAPABILITIES = Capabilities(
    batch_size=BATCH_SIZE, keeps_hub_ids=True, settles_doubt="resend", tells_new=True, waits=WAITS
)
_HEADERS = {"content-type": "application/json"}


class WebhookDestination:
    """One address. Raises SettingsError where its preset or a route cannot be used."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._endpoint = setting, read_endpoint(setting)
        for shape in setting.shapes.values():
            refuse_shape(setting.system, shape)
        self.capabilities = replace(CAPABILITIES, batch_size=self._endpoint.batch_size)
        base = self._endpoint.url.rstrip("/")
        self._path = self._endpoint.url[len(base) :]
        per_second = self._endpoint.requests_per_second
        self._client = Client(
            setting,
            base,
            limits=[Limit(per_second, 1.0)] if per_second else [],
            read_seconds=self._endpoint.timeout_seconds,
            expired=lambda answer: False,
        )
        self._failed = 0

    def check(self) -> str:
        """Sends nothing, since whatever is posted is an event; unless the preset says `ping: true`."""
        signed = f"events are signed with {'two secrets' if len(self._endpoint.texts) > 1 else 'one secret'}"
        if not self._endpoint.ping:
            return f"{self._endpoint.shown} is not asked, since a POST is an event (`ping: true` sends one); {signed}"
        answer = self._pinged()
        if meaning(answer) != "taken":
            raise Unreachable(f"{self._where}: it answers {self._says(answer)} to {PING}")
        return f"{self._endpoint.shown} answered {answer.status} to {PING}; {signed}"

    @property
    def shown(self) -> str:
        """The address as people may see it."""
        return self._endpoint.shown

    def tell(self, event_id: str, type: str, at: datetime, data: Mapping[str, Any]) -> None:
        """One event that is no record's, signed as all are. Raises Unreachable, Throttled where it was not taken, or
        may not have been."""
        try:
            answer = self._post(Request("POST", self._path, message_of(type, at, data), _HEADERS), event_id, Part())
        except (NotSent, AnswerLost) as error:
            reason = f"{self._setting.system}: {error}"
        else:
            if (means := meaning(answer)) == "taken":
                return
            if means == "throttled":
                raise Throttled(asked_to_wait(answer), f"it answered {self._says(answer)}")
            reason = f"{self._where}: it answered {self._says(answer)}"
        raise Unreachable(reason)

    def requests(self, batch: Batch) -> list[Request]:
        return [self._request(entry) for entry in batch.entries]

    def deliver(self, batch: Batch) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for entry in batch.entries:
            try:
                outcomes.append(self._sent(batch, entry))
                self._refuse_to_go_on(outcomes[-1])
            except (Throttled, Unreachable, Paused) as problem:
                problem.outcomes = tuple(outcomes)
                raise
        return outcomes

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Not asked: a doubt is settled by sending the same again."""
        return [Outcome(entry.entry_id, "in_doubt") for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        """A receiver cannot be asked."""
        return {}

    def ledger_name(self, batch: Batch) -> None:
        """Every call is written down as it is made."""

    def close(self) -> None:
        self._client.close()

    @property
    def _where(self) -> str:
        return f"{self._setting.system} at {self._endpoint.shown}"

    def _request(self, entry: Entry) -> Request:
        """The address stands in no plan and no ledger: of many receivers it is a secret too."""
        return Request("POST", self._path, body_of(entry, self._endpoint.content), _HEADERS, [entry.entry_id])

    def _sent(self, batch: Batch, entry: Entry) -> Outcome:
        """Raises Throttled, Unreachable and Paused, where this event was not taken."""
        request = self._request(entry)
        try:
            answer = self._post(request, entry.request_key, Part(batch.sending_id, batch.attempt))
        except NotSent as error:
            reason = f"{self._setting.system}: {error}"
        except AnswerLost as error:
            return self._failing(batch, entry, str(error))
        else:
            return self._judged(batch, entry, answer)
        raise Unreachable(reason)

    def _post(self, request: Request, event_id: str, part: Part) -> Answer:
        """Signed as of now. What proves who we are is no part of a plan."""
        proof = self._endpoint.keys.headers(event_id, self._setting.clock(), request.body)
        return self._client.write(replace(request, headers={**request.headers, **proof}), part)

    def _judged(self, batch: Batch, entry: Entry, answer: Answer) -> Outcome:
        says = f"it answered {self._says(answer)}"
        match meaning(answer):
            case "taken":
                self._failed = 0
                return Outcome(entry.entry_id, "delivered", external_id=entry.hub_id)
            case "failing":
                return self._failing(batch, entry, says)
            case "throttled":
                raise Throttled(asked_to_wait(answer), says)
            case "gone":
                raise Paused(f"{self._where} answered 410: it wants no more of these events", route_only=True)
            case "not_trusted":
                raise Unreachable(f"{self._where}: {says}; look at the preset's secret")
            case "elsewhere":
                raise Unreachable(f"{self._where}: {says}, to {other_address(answer)}; give that as the preset's url")
            case "not_there":
                self._failed += 1
                return Outcome(entry.entry_id, "rejected", reason=f"{says}; look at the preset's url")
            case "refused":
                self._failed = 0
                return Outcome(entry.entry_id, "rejected", reason=says)

    def _failing(self, batch: Batch, entry: Entry, reason: str) -> Outcome:
        """It may have been taken. After the last published attempt a person has to look at it."""
        self._failed += 1
        if batch.attempt > len(WAITS):
            return Outcome(entry.entry_id, "rejected", reason=f"gave up after {batch.attempt} attempts: {reason}")
        return Outcome(entry.entry_id, "in_doubt", reason=reason)

    def _refuse_to_go_on(self, last: Outcome) -> None:
        """Raises Unreachable after too many failures in a row."""
        if self._failed >= IN_A_ROW:
            raise Unreachable(f"{self._where}: {self._failed} events in a row failed; the last: {last.reason}")

    def _pinged(self) -> Answer:
        try:
            return self._post(Request("POST", self._path, ping_of(self._setting.system), _HEADERS), new_id(), Part())
        except (NotSent, AnswerLost) as error:
            reason = f"{self._setting.system}: {error}"
        raise Unreachable(reason)

    def _says(self, answer: Answer) -> str:
        return in_words(answer, self._endpoint.texts)
