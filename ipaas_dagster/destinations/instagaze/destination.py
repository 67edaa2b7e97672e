"""The destination: a call a record, one after the other, since a portal has one writer; then a look at what it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ipaas_dagster.destinations.base import Batch, Capabilities, Entry, Outcome, Setting, Throttled, Unreachable
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.instagaze import held
from ipaas_dagster.destinations.instagaze.api import Api
from ipaas_dagster.destinations.instagaze.bodies import Bodies
from ipaas_dagster.destinations.instagaze.doubts import Doubts
from ipaas_dagster.destinations.instagaze.objects import BY_NAME, OBJECTS
from ipaas_dagster.destinations.instagaze.planning import Planner
from ipaas_dagster.destinations.instagaze.preset import BATCH_SIZE, read_portal
from ipaas_dagster.destinations.instagaze.records import Records
from ipaas_dagster.destinations.instagaze.sending import Sender
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import SettingsError

CAPABILITIES = Capabilities(batch_size=BATCH_SIZE, settles_doubt="ask", reads_back=True)
LOST_IN_A_ROW = 10
"""After so many answers that did not come, the portal is let alone for this run."""


class InstagazeDestination:
    """One portal. Raises SettingsError where its preset or a route cannot be used."""

    compared_at_once = 20_000
    """Each question about many reads the list."""

    def __init__(self, setting: Setting) -> None:
        self._portal = read_portal(setting)
        for shape in setting.shapes.values():
            if shape.object not in BY_NAME:
                known = ", ".join(one.name for one in OBJECTS)
                message = f"{setting.system}: {shape.collection} go to {shape.object!r}, which is not one of: {known}"
                raise SettingsError(message)
        self.capabilities = Capabilities(self._portal.batch_size, settles_doubt="ask", reads_back=True)
        self._api = Api(setting, self._portal)
        self._records = Records(setting, self._portal, self._api)
        self._bodies = Bodies(setting.shapes, self._portal.portal_id)
        self._planner = Planner(self._portal, self._records, self._bodies)
        self._sender = Sender(self._api, self._records, self._planner)
        self._doubts = Doubts(setting, self._records, self._bodies)

    def check(self) -> str:
        return f"{self._records.count():,} accounts there; nobody else may write to this portal"

    def limits(self) -> list[str]:
        known = self._portal.requests_per_second
        return [f"{known:,} requests a second" if known else "none is documented; a 429 is waited for"]

    def requests(self, batch: Batch) -> Sequence[Request]:
        """One a record, two for a subscription that is replaced, none for one that is there already."""
        return [request for step in self._planner.steps(batch) for request in step.requests]

    def deliver(self, batch: Batch) -> list[Outcome]:
        outcomes: list[Outcome] = []
        lost = 0
        for step in self._planner.steps(batch):
            try:
                outcomes.append(self._sender.send(step, batch))
            except Throttled as problem:
                raise Throttled(problem.seconds, str(problem), outcomes) from None
            except Unreachable as problem:
                raise Unreachable(str(problem), outcomes) from None
            lost = lost + 1 if outcomes[-1].kind == "in_doubt" else 0
            if lost == LOST_IN_A_ROW:
                raise Unreachable(f"{self._portal.system}: {lost} answers in a row did not come", outcomes)
        return self._sender.looked_back(outcomes)

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        return self._doubts.settled(entries)

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        return {**dict.fromkeys(keys), **self._records.find(BY_NAME[object], keys)}

    def held(self, entries: Sequence[Entry]) -> dict[int, Held]:
        return held.held(self._records, self._bodies, entries)

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        """Nothing there tells whose a record is but its link."""
        return iter(())

    def ledger_name(self, batch: Batch) -> None:
        """Every call is written down as it is made."""

    def close(self) -> None:
        self._api.close()
