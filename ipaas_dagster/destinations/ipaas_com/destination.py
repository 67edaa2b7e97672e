"""The destination: each record is looked for, then sent by a request of its own; its answer is its outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.ipaas_com import setup
from ipaas_dagster.destinations.ipaas_com.answers import Judge
from ipaas_dagster.destinations.ipaas_com.api import Api, Record
from ipaas_dagster.destinations.ipaas_com.bodies import Bodies
from ipaas_dagster.destinations.ipaas_com.comparing import Comparing
from ipaas_dagster.destinations.ipaas_com.objects import BY_NAME, KNOWN, PAYMENT, TRANSACTION
from ipaas_dagster.destinations.ipaas_com.payments import Payments, rest_of, split
from ipaas_dagster.destinations.ipaas_com.planning import Planner, Step, Work, is_number
from ipaas_dagster.destinations.ipaas_com.preset import BATCH_SIZE, read_account
from ipaas_dagster.destinations.remote import AnswerLost
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import SettingsError

CAPABILITIES = Capabilities(batch_size=BATCH_SIZE, settles_doubt="resend", reads_back=True)
MOST_LOST = 5
"""Answers lost one after the other, at which nobody seems to be there."""


class IpaasComDestination:
    """One company. Raises SettingsError where its preset or a route cannot be used."""

    compared_at_once = 20_000
    """Each question about many reads the list."""

    def __init__(self, setting: Setting) -> None:
        account = read_account(setting)
        for shape in setting.shapes.values():
            if shape.object not in KNOWN:
                what = f"{shape.collection} go to {shape.object!r}, which is not one of: {', '.join(KNOWN)}"
                raise SettingsError(f"{setting.system}: {what}")
        self.capabilities = replace(CAPABILITIES, batch_size=account.batch_size)
        self._shapes, self._api = setting.shapes, Api(setting, account)
        self._bodies = Bodies(account.system_id, whole=account.updates == "whole")
        self._planner = Planner(self._api, self._bodies)
        self._judge = Judge(self._api, self._bodies)
        self._comparing = Comparing(self._api, self._bodies)

    def check(self) -> str:
        return setup.check(self._api, [shape.object for shape in self._shapes.values()])

    def limits(self) -> list[str]:
        most = self._api.account.requests_per_minute
        said = f"{most:,} requests a minute" if most else "no limit of its own making"
        return [f"{said}; it waits when iPaaS.com says so, and is paused when a month's calls are used up"]

    def requests(self, batch: Batch) -> Sequence[Request]:
        works = (self.work(batch, place, entry) for place, entry in enumerate(batch.entries, 1))
        return [step.request for work in works for step in work.steps]

    def deliver(self, batch: Batch) -> list[Outcome]:
        """Repeated after a doubt it is the same: what arrived is found by its external id, and put again."""
        sending = _Sending(self, batch)
        for place, entry in enumerate(batch.entries, 1):
            sending.send(place, entry)
        return [sending.outcomes[entry.entry_id] for entry in batch.entries]

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Not asked: a doubt is settled by sending again."""
        return [Outcome(entry.entry_id, "in_doubt") for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        """By the ids there, one call each."""
        return {key: self._read_payment(key) if object == PAYMENT else self._read(object, key) for key in keys}

    def held(self, entries: Sequence[Entry]) -> dict[int, Held]:
        """By their ids there."""
        return self._comparing.held(entries, self._shapes[entries[0].collection])

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        return self._comparing.ours(self._shapes[collection])

    def ledger_name(self, batch: Batch) -> None:
        """Every call is written down as it is made."""

    def close(self) -> None:
        self._api.close()

    def _read(self, object: str, key: str) -> Record | None:
        return self._api.one(BY_NAME[object], key) if is_number(key) else None

    def _read_payment(self, key: str) -> Record | None:
        parent, own = split(key)
        there = self._api.one(TRANSACTION, parent) if parent and is_number(parent) else None
        return next((one for one in (there or {}).get("payments") or () if str(one.get("id")) == own), None)

    def work(self, batch: Batch, place: int, entry: Entry) -> Work:
        """What one entry takes. Raises Unreachable, Throttled, Paused."""
        shape = self._shapes[batch.collection]
        if shape.object == PAYMENT:
            return Payments(self._api, self._bodies, batch).work(place, entry)
        return self._planner.work(entry, shape)

    def sent(self, batch: Batch, entry: Entry, step: Step) -> Outcome:
        """One request and its answer."""
        fill = rest_of(self._bodies, step, entry) if step.request.holes else {}
        answer = self._api.write(step.request, Part(batch.sending_id or None, batch.attempt), fill)
        return self._judge.outcome(entry, step, answer)


class _Sending:
    """The outcomes of a batch as they come in; what ends it before its end carries them."""

    def __init__(self, destination: IpaasComDestination, batch: Batch) -> None:
        self._destination, self._batch = destination, batch
        self.outcomes: dict[int, Outcome] = {}
        self._lost = 0

    def send(self, place: int, entry: Entry) -> None:
        """One entry, looked up right before. Raises Unreachable, Throttled, Paused, each with the outcomes so far."""
        begun, outcome = False, None
        try:
            work = self._destination.work(self._batch, place, entry)
            outcome = work.settled
            for step in work.steps:
                outcome = self._merged(outcome, step, self._destination.sent(self._batch, entry, step))
                if outcome.kind != "delivered":
                    break
                begun = True
            self._lost = 0
        except AnswerLost as error:
            self._lost += 1
            outcome = Outcome(entry.entry_id, "in_doubt", reason=str(error))
        except (Unreachable, Throttled, Paused) as problem:
            if begun:
                # A part of it is there: only a doubt makes sure that it is gone on with, whatever happens meanwhile.
                self._keep(Outcome(entry.entry_id, "in_doubt", reason=f"a part of it was sent; then: {problem}"))
            problem.outcomes = self.all()
            raise
        assert outcome is not None, "an entry without a request is settled"
        self._keep(outcome)
        if self._lost >= MOST_LOST:
            raise Unreachable(f"{self._lost} answers were lost one after the other: {outcome.reason}", self.all())

    def all(self) -> tuple[Outcome, ...]:
        return tuple(self.outcomes.values())

    def _merged(self, before: Outcome | None, step: Step, now: Outcome) -> Outcome:
        """A part beside the record that is delivered leaves the record's own outcome as it is."""
        if now.kind != "delivered":
            return now if step.main else replace(now, reason=f"{step.object.name}: {now.reason}")
        return now if step.main or before is None else before

    def _keep(self, outcome: Outcome) -> None:
        self.outcomes[outcome.entry_id] = outcome
