"""The destination: one batch, one request of as many functions; what Intacct answered, function by function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ipaas_dagster.destinations.base import Batch, Capabilities, Entry, Outcome, Setting, Throttled, Unreachable
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.intacct import comparing, setup
from ipaas_dagster.destinations.intacct.api import Api
from ipaas_dagster.destinations.intacct.invoices import decimal, expected_total
from ipaas_dagster.destinations.intacct.judging import Judge
from ipaas_dagster.destinations.intacct.objects import BY_NAME, Kind
from ipaas_dagster.destinations.intacct.planning import work_of
from ipaas_dagster.destinations.intacct.preset import BATCH_SIZE, read_company
from ipaas_dagster.destinations.intacct.replies import Result
from ipaas_dagster.destinations.intacct.usage import Usage
from ipaas_dagster.destinations.intacct.work import Ground, Work, note_of
from ipaas_dagster.destinations.remote import AnswerLost
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import SettingsError

CAPABILITIES = Capabilities(batch_size=BATCH_SIZE, settles_doubt="resend", reads_back=True)


class IntacctDestination:
    """One company. Raises SettingsError where its preset or a route cannot be used."""

    compared_at_once = 1_000

    def __init__(self, setting: Setting) -> None:
        company = read_company(setting)
        for shape in setting.shapes.values():
            if shape.object not in BY_NAME:
                known = ", ".join(BY_NAME)
                raise SettingsError(
                    f"{setting.system}: {shape.collection} go to {shape.object!r}, which is not one of: {known}"
                )
        self.capabilities = replace(CAPABILITIES, batch_size=company.batch_size)
        self._company, self._setting, self._api = company, setting, Api(setting, company)
        self._ground = Ground(self._api, company, setting)
        self._usage = Usage(setting, company)
        self._settled: list[str] = []

    def check(self) -> str:
        return setup.check(self._api, self._company, self._setting.shapes.values())

    def limits(self) -> list[str]:
        return [
            f"one request at a time, of up to {self._company.batch_size:,} functions, each a transaction",
            self._usage.shown,
        ]

    def requests(self, batch: Batch) -> Sequence[Request]:
        """One request, or none where there is nothing to send."""
        work = work_of(self._ground, batch)
        return [work.request] if work.request is not None else []

    def deliver(self, batch: Batch) -> list[Outcome]:
        self._forget_settled()
        work = work_of(self._ground, batch)
        if work.request is None:
            return _in_order(batch, work.outcomes)
        try:
            reply = self._api.write(work.request, Part(batch.sending_id, batch.attempt))
        except AnswerLost as error:
            lost = [Outcome(item.entry.entry_id, "in_doubt", reason=str(error)) for item in work.items]
            return _in_order(batch, [*work.outcomes, *lost])
        except (Throttled, Unreachable) as problem:
            raise _with(problem, work.outcomes) from None
        return _in_order(batch, [*work.outcomes, *self._judged(work, reply.results)])

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Not asked: a doubt is settled by sending the same again."""
        return [Outcome(entry.entry_id, "in_doubt") for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        """What is inactive or reversed is not there any more."""
        return {**dict.fromkeys(keys), **comparing.live(self._api, BY_NAME[object], keys)}

    def held(self, entries: Sequence[Entry]) -> dict[int, Held]:
        return comparing.held(self._ground, entries)

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        return comparing.ours(self._api, BY_NAME[self._setting.shapes[collection].object])

    def ledger_name(self, batch: Batch) -> None:
        """Every call is written down as it is made."""

    def close(self) -> None:
        self._forget_settled()
        self._usage.keep()
        self._api.close()

    def _judged(self, work: Work, results: Mapping[str, Result]) -> list[Outcome]:
        self._usage.wrote(sum(result.done for result in results.values()))
        outcomes = Judge(self._ground, work).outcomes(results)
        ended = {outcome.entry_id for outcome in outcomes if outcome.kind == "delivered"}
        for item in work.items:
            if item.operation == "inactivate" and item.entry.entry_id in ended:
                self._settled.append(note_of(item.entry))
        return self._compared(work, outcomes) if work.kind.name == "ARINVOICE" else outcomes

    def _compared(self, work: Work, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Each invoice's total as Intacct added it up, beside the hub's; a difference is said."""
        payloads = {item.entry.entry_id: item.entry.payload for item in work.items}
        wanted = {
            str(one.external_id): total
            for one in outcomes
            if one.kind == "delivered" and (total := expected_total(payloads[one.entry_id])) is not None
        }
        try:
            totals = self._totals(work.kind, list(wanted))
        except (Throttled, Unreachable) as problem:
            note = f"its total was not compared: {problem}"
            return [_noted(one, note) if one.external_id in wanted else one for one in outcomes]
        said = {
            number: f"total differs: {total:f} here, {there} in Intacct"
            for number, total in wanted.items()
            if (there := totals.get(number)) is not None and decimal(there) != total
        }
        return [_noted(one, said[one.external_id]) if one.external_id in said else one for one in outcomes]

    def _totals(self, kind: Kind, numbers: Sequence[str]) -> dict[str, str]:
        entered = "TRX_TOTALENTERED" if self._company.multicurrency else "TOTALENTERED"
        records = self._api.find(kind.name, ("RECORDNO", entered), {"RECORDNO": numbers})
        return {record["RECORDNO"]: record[entered] for record in records}

    def _forget_settled(self) -> None:
        """What was settled before is committed by now."""
        while self._settled:
            self._setting.notes.forget(self._settled.pop())


def _noted(outcome: Outcome, note: str) -> Outcome:
    return replace(outcome, reason="; ".join(text for text in (outcome.reason, note) if text))


def _with(problem: Throttled | Unreachable, outcomes: Sequence[Outcome]) -> Throttled | Unreachable:
    """With the outcomes of those that nothing was sent for."""
    problem.outcomes = tuple(outcomes)
    return problem


def _in_order(batch: Batch, outcomes: Sequence[Outcome]) -> list[Outcome]:
    by_entry = {outcome.entry_id: outcome for outcome in outcomes}
    return [by_entry[entry.entry_id] for entry in batch.entries]
