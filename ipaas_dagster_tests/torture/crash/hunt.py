"""Kill a scenario at each of its crash points, at the first pass and at others, and see whether anything was lost."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.instagaze.samples import SAMPLES
from ipaas_dagster_tests.torture.crash.scenario import Scenario
from ipaas_dagster_tests.torture.process import Command, Life
from ipaas_dagster_tests.torture.world import Place

SHOWN = 6
TRIES = 4
"""Of a point's first pass: not every turn comes by what an earlier one did."""
AT_RANDOM = 6
"""Moments of each scenario, by the clock."""


@dataclass
class Hunted:
    """`reached`: crash points -> how often a process died there. `failures` tell what was lost, and after which
    death; none: everything came out right."""

    scenario: str
    reached: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    at_random: int = 0
    survived: int = 0
    """Aimed at a pass that the work of that turn did not have."""
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Hunt:
    """Each point of the scenario that nobody else aims at is aimed at in its first pass; then, for `more_seconds`, the
    others, moments at random, and other passes of the points. `only`: these points alone.
    `claims`: where those that hunt at the same time note what they aim at. Nothing begins after `latest` (monotonic
    seconds)."""

    scenario: Scenario
    seed: int
    more_seconds: float = 0.0
    only: Sequence[str] = ()
    claims: Path | None = None
    latest: float = inf
    found: Hunted = field(init=False)
    turn: int = 0
    _again: list[str] = field(default_factory=list)
    _tried: Counter[str] = field(default_factory=Counter)

    def run(self) -> Hunted:
        self.found, dice = Hunted(self.scenario.name), random.Random(f"{self.seed} {self.scenario.name}")
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ipaas-torture-") as folder:
            aims: Iterator[str] | None = None
            while (aims := self._in_one_world(Path(folder) / f"world-{self.turn}", dice, aims)) is not None:
                pass
        self.found.seconds = time.monotonic() - started
        return self.found

    def _in_one_world(self, folder: Path, dice: random.Random, aims: Iterator[str] | None) -> Iterator[str] | None:
        """Turn after turn in the same installation; what is left where another one is needed, or None."""
        with ExitStack() as stack:
            place = self._place(stack, folder)
            if aims is None and self.only:
                aims = iter([f"{name}#1" for name in self.only])
            elif aims is None:
                life, lost = self._turn(place, dice, "")
                self.found.failures += [f"without any death: {line}" for line in lost]
                aims = self.aims(life.passed, dice)
                if self.scenario.fresh or lost:
                    return aims
            while aim := self._again.pop() if self._again else next(aims, ""):
                if time.monotonic() > self.latest:
                    return None
                life, lost = self._turn(place, dice, aim)
                self._tried[aim] += 1
                if aim.endswith("#1") and not life.killed and self._tried[aim] < TRIES:
                    self._again.append(aim)
                self._count(aim, life)
                if lost:
                    self.found.failures.append(f"after a death at {aim}: " + "; ".join(lost))
                if lost or self.scenario.fresh:
                    return aims
        return None

    def _place(self, stack: ExitStack, folder: Path) -> Place:
        scenario = self.scenario
        samples = SAMPLES if scenario.samples else None
        sandbox = stack.enter_context(running_sandbox(accounts=scenario.accounts, seed=self.seed, samples=samples))
        sandbox.quickbooks.configure(requests_per_second=None, requests_per_minute=None, batches_per_minute=None)
        place = Place(sandbox, folder / "state", scenario.extra, systems=scenario.systems, sources=scenario.sources)
        if not scenario.fresh:
            first = place.run(place.sync_words)
            assert first.code == 0 or scenario.samples, first.said  # with samples, pipelines are to be followed
        return place

    def _turn(self, place: Place, dice: random.Random, aim: str) -> tuple[Life, list[str]]:
        scenario, self.turn = self.scenario, self.turn + 1
        scenario.prepare(place, dice)
        kill_after = float(aim) if aim.replace(".", "", 1).isdigit() else None
        life = place.run(*self._words(place, scenario.act), kill_at="" if kill_after else aim, kill_after=kill_after)
        scenario.after(place, dice)
        heal = scenario.act if scenario.heal is None else scenario.heal
        commands = self._words(place, heal)
        if scenario.then_sync and commands[-1:] != [place.sync_words]:
            commands.append(place.sync_words)
        healed = place.run(*commands)
        lost = place.differences()
        return life, [*lost[:SHOWN], f"and it said: {healed.said[-1500:]}"] if lost else []

    def _words(self, place: Place, commands: Sequence[Command]) -> list[Command]:
        given = {"n": str(self.turn), "folder": str(place.folder)}
        return [tuple(word.format(**given) for word in words) for words in commands]

    def aims(self, passed: Mapping[str, int], dice: random.Random) -> Iterator[str]:
        """First what nobody else does, in the order in which a run comes to it; then what the time allows."""
        mine = {name: passes for name, passes in passed.items() if name.startswith(self.scenario.of)}
        first = {name: f"{name}#1" for name in mine}
        for name in mine:
            if self._claim(name):
                yield first.pop(name)
        again = [*first.values()]
        again += [f"{name}#{nth}" for name, n in mine.items() for nth in sorted({n, dice.randint(1, n)} - {1})]
        again += [f"{dice.uniform(0.02, 1.5):.3f}" for _ in range(AT_RANDOM)]
        dice.shuffle(again)
        until = time.monotonic() + self.more_seconds
        for aim in again:
            if time.monotonic() < until:
                yield aim

    def _claim(self, point: str) -> bool:
        try:
            if self.claims is not None:
                (self.claims / point).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _count(self, aim: str, life: Life) -> None:
        if not life.killed:
            self.found.survived += 1
            return
        self.found.kills += 1
        name = aim.partition("#")[0]
        if "#" in aim:
            self.found.reached[name] = self.found.reached.get(name, 0) + 1
        else:
            self.found.at_random += 1
