"""A second one of a system, below an address of its own: http://host:port/org_b/services/... ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer, Call, StandIn
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.journal import Journal


@dataclass(frozen=True)
class Below:
    """`segment` is the first of its paths; `prefix` of its variables takes the place of `of`, the stand-in's own."""

    stand_in: StandIn
    name: str
    segment: str
    of: str
    prefix: str

    @property
    def faults(self) -> Faults:
        return self.stand_in.faults

    @property
    def journal(self) -> Journal:
        return self.stand_in.journal

    def serves(self, path: tuple[str, ...]) -> bool:
        return path[:1] == (self.segment,) and self.stand_in.serves(path[1:])

    def answer(self, call: Call) -> Answer:
        return self.stand_in.answer(replace(call, path=call.path[1:], below=f"{call.below}/{self.segment}"))

    def failure(self, status: int) -> Answer:
        return self.stand_in.failure(status)

    def environment(self, origin: str) -> dict[str, str]:
        own = self.stand_in.environment(f"{origin}/{self.segment}")
        return {name.replace(self.of, self.prefix, 1): value for name, value in own.items()}

    def truth(self, collection: str) -> list[dict[str, Any]]:
        return self.stand_in.truth(collection)

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return self.stand_in.command(name, given)


def second_org(salesforce: StandIn) -> Below:
    return Below(salesforce, "salesforce_b", "org_b", "SALESFORCE", "SALESFORCE_B")
