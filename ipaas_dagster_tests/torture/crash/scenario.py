"""One thing that is being done when the process dies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipaas_dagster_tests.torture.crash.preparing import Prepare, nothing, stir
from ipaas_dagster_tests.torture.process import Command
from ipaas_dagster_tests.torture.world import EMBEDDED


@dataclass(frozen=True)
class Scenario:
    """`prepare` is done by others or before; `act` dies at each point in its turn; `after` is what others do then;
    `heal` is what a user runs to go on (None: the same again), followed by a sync where `then_sync`. Words may hold
    {n}, the number of the turn, and {folder}. `fresh`: each turn has a state folder of its own. `of`: how the points
    begin that the scenario is about, "" being all of them; what it does beside is another one's."""

    name: str
    act: Sequence[Command]
    systems: Sequence[str] = EMBEDDED
    sources: Sequence[str] = ("accounts", "invoices")
    prepare: Prepare = stir
    after: Prepare = nothing
    heal: Sequence[Command] | None = None
    fresh: bool = False
    extra: tuple[tuple[str, str], ...] = ()
    accounts: int = 10
    samples: bool = False
    of: tuple[str, ...] = ("",)
    then_sync: bool = True
