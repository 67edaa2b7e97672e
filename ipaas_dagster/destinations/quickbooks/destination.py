"""The destination: one batch, one request; what QuickBooks answered, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ipaas_dagster.destinations.base import (
    Batch,
    BatchRefused,
    Capabilities,
    Entry,
    Outcome,
    Setting,
    Throttled,
    Unreachable,
)
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.quickbooks.answers import Judge
from ipaas_dagster.destinations.quickbooks.api import Api, document_of
from ipaas_dagster.destinations.quickbooks.bodies import Bodies
from ipaas_dagster.destinations.quickbooks.company import Facts
from ipaas_dagster.destinations.quickbooks.comparing import held_of
from ipaas_dagster.destinations.quickbooks.entities import BY_NAME, ENTITIES, marked_as
from ipaas_dagster.destinations.quickbooks.faults import fault_of
from ipaas_dagster.destinations.quickbooks.notes import Memory
from ipaas_dagster.destinations.quickbooks.planning import Planner, Work
from ipaas_dagster.destinations.quickbooks.preset import BATCH_SIZE, read_company
from ipaas_dagster.destinations.remote import Answer, AnswerLost
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import SettingsError

CAPABILITIES = Capabilities(batch_size=BATCH_SIZE, settles_doubt="resend", reads_back=True)


class QuickBooksDestination:
    """One company. Raises SettingsError where its preset or a route cannot be used."""

    compared_at_once = 1_000

    def __init__(self, setting: Setting) -> None:
        company = read_company(setting)
        for shape in setting.shapes.values():
            if shape.object not in BY_NAME:
                known = ", ".join(entity.name for entity in ENTITIES)
                raise SettingsError(
                    f"{setting.system}: {shape.collection} go to {shape.object!r}, which is not one of: {known}"
                )
        self.capabilities = Capabilities(batch_size=company.batch_size, settles_doubt="resend", reads_back=True)
        self._company, self._api = company, Api(setting, company)
        self._facts = Facts(self._api, company)
        self._bodies = Bodies(self._facts)
        self._planner = Planner(self._api, company, self._bodies)
        self._shapes = setting.shapes
        self._memory = Memory(setting, company)

    def check(self) -> str:
        name = str(self._facts.info.get("CompanyName") or f"company {self._company.realm_id}")
        account, item = self._facts.income_account, self._facts.default_item
        parts = [f"{name}, books in {self._facts.home_currency}"]
        parts.append(f"new items book to {account['name']}" if account else "no income_account for new items")
        parts += [f"{item['name']} stands in for unknown items"] if item else []
        return "; ".join([*parts, *self.limits()])

    def limits(self) -> list[str]:
        company = self._company
        return [
            f"{company.requests_per_minute:,} requests a minute and {company.requests_per_second:,} a second",
            f"{company.batches_per_minute:,} batches of {company.batch_size} a minute",
        ]

    def requests(self, batch: Batch) -> Sequence[Request]:
        """One batch request, or none where there is nothing to send."""
        work = self._memory.work(batch, self._planner)
        return [work.request] if work.request is not None else []

    def deliver(self, batch: Batch) -> list[Outcome]:
        self._memory.committed()
        work = self._memory.work(batch, self._planner)
        if work.request is None:
            self._memory.answered(batch, work.outcomes)
            return _in_order(batch, work.outcomes)
        if not work.repeat:
            work = self._memory.keep(batch, work)
        try:
            answer = self._sent(batch, work)
        except AnswerLost as error:
            lost = [Outcome(item.entry.entry_id, "in_doubt", reason=str(error)) for item in work.items]
            return _in_order(batch, [*work.outcomes, *lost])
        outcomes = _in_order(batch, [*work.outcomes, *self._judged(work, answer, batch.attempt)])
        self._memory.answered(batch, outcomes)
        return outcomes

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Not asked: a doubt is settled by sending the same again."""
        return [Outcome(entry.entry_id, "in_doubt") for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        """What is inactive is not there any more."""
        found: dict[str, Mapping[str, Any] | None] = dict.fromkeys(keys)
        ids = [key for key in keys if key.isdigit()]
        for record in self._api.select_in("*", object, "Id", ids) if ids else ():
            found[str(record["Id"])] = record
        return found

    def held(self, entries: Sequence[Entry]) -> dict[int, Held]:
        """By their ids there."""
        entity = BY_NAME[entries[0].object]
        there = self.read(entries[0].collection, entity.name, [entry.external_id or "" for entry in entries])
        found = ((entry, there.get(entry.external_id or "")) for entry in entries)
        return {e.entry_id: held_of(self._bodies, entity, e, record) for e, record in found if record is not None}

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        """No query finds a text within another, so every record is looked at."""
        for record in self._api.every("*", self._shapes[collection].object):
            if (hub_id := marked_as(record)) is not None:
                yield hub_id, str(record["Id"])

    def ledger_name(self, batch: Batch) -> None:
        """Every call is written down as it is made."""

    def close(self) -> None:
        self._memory.committed()
        self._api.close()

    def _sent(self, batch: Batch, work: Work) -> Answer:
        """Raises AnswerLost; and, where nothing was carried out, Throttled, Unreachable, BatchRefused."""
        assert work.request is not None
        try:
            answer = self._api.write(work.request, Part(batch.sending_id, batch.attempt), work.tokens)
        except (Throttled, Unreachable):
            if not work.repeat:
                self._memory.forget(batch)
            raise
        if answer.status < 400:
            if _answers(answer) is None:
                raise AnswerLost(f"its answer cannot be read ({answer.status}, {len(answer.body)} bytes)")
            return answer
        self._memory.forget(batch)
        raise BatchRefused(str(fault_of(answer.body) or f"it answered {answer.status}"))

    def _judged(self, work: Work, answer: Answer, attempt: int) -> list[Outcome]:
        judge = Judge(self._api, self._company, work.entity, answer.headers.get("intuit_tid", ""), attempt)
        return judge.outcomes(work.items, _answers(answer) or {})


def _answers(answer: Answer) -> dict[str, Mapping[str, Any]] | None:
    """By bId; None where this is no answer to a batch."""
    items = (document_of(answer) or {}).get("BatchItemResponse")
    if not isinstance(items, list):
        return None
    return {str(one.get("bId")): one for one in items if isinstance(one, dict)}


def _in_order(batch: Batch, outcomes: Sequence[Outcome]) -> list[Outcome]:
    by_entry = {outcome.entry_id: outcome for outcome in outcomes}
    return [by_entry[entry.entry_id] for entry in batch.entries]
