"""The part `crash`: every scenario is hunted, and every crash point that the code names must have been hit."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from ipaas_dagster_tests.torture.crash.hunt import Hunt, Hunted
from ipaas_dagster_tests.torture.crash.registry import registered
from ipaas_dagster_tests.torture.crash.scenarios import SCENARIOS
from ipaas_dagster_tests.torture.part import Order, Verdict
from ipaas_dagster_tests.torture.process import warm

NOT_HERE = {"hub.postgresql.": "only a hub on PostgreSQL comes by it"}
"""How the names begin of points that no scenario of this machine's stores can come by, and why."""

FIRST_PASS_SECONDS = 480.0
"""What it takes two quiet cores, about, to come by each point once; time beyond that is shared by all scenarios."""


def run(order: Order, names: Sequence[str] = ()) -> Verdict:
    """`names`: these scenarios alone; then not every point can be asked for."""
    chosen = [one.name for one in reversed(SCENARIOS) if not names or one.name in names]  # the first come by most
    share = max(0.0, order.seconds - FIRST_PASS_SECONDS) * order.workers / len(chosen)
    hunted: list[Hunted] = []
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="ipaas-torture-claims-") as claims,
        ProcessPoolExecutor(order.workers, mp_context=context, initializer=warm) as pool,
    ):
        waiting = [pool.submit(_hunt, name, order.seed, share, order.latest, claims) for name in chosen]
        for done in as_completed(waiting):
            one = done.result()
            hunted.append(one)
            lost = f", {len(one.failures)} FAILED" if one.failures else ""
            order.say(f"crash: {one.scenario}: {one.kills} kills at {len(one.reached)} points{lost}")
    return _verdict(hunted, all_points=not names)


def _hunt(name: str, seed: int, share: float, latest: float, claims: str) -> Hunted:
    scenario = next(one for one in SCENARIOS if one.name == name)
    if time.monotonic() > latest:
        return Hunted(name, failures=["there was no time left for it"])
    try:
        return Hunt(scenario, seed, share, claims=Path(claims), latest=latest).run()
    except AssertionError as error:
        return Hunted(name, failures=[f"the scenario itself failed: {error}"])


def _verdict(hunted: Sequence[Hunted], *, all_points: bool) -> Verdict:
    reached: Counter[str] = Counter()
    for one in hunted:
        reached.update(one.reached)
    named = frozenset(name for name in registered() if not name.startswith(tuple(NOT_HERE)))
    failures = [f"{one.scenario}: {failure}" for one in hunted for failure in one.failures]
    if all_points:
        failures += [f"{name}: no process came to this crash point" for name in sorted(named - reached.keys())]
    failures += [f"{name}: the code does not name this crash point" for name in sorted(reached.keys() - named)]
    kills, at_random = sum(one.kills for one in hunted), sum(one.at_random for one in hunted)
    tried = [one for one in hunted if one.kills]
    lost = sum(len(one.failures) for one in tried)
    row = (
        f"killed at {len(named & reached.keys())} of {len(named)} crash points, in {len(tried)} of {len(hunted)} "
        "scenarios",
        f"{kills} deaths ({at_random} at a random moment), then a restart: after {lost} of them something was lost, "
        "doubled, stale or out of balance",
    )
    rows = [row]
    if all_points and (missed := sorted(named - reached.keys())):
        rows.append((f"{len(missed)} points that no process came to", ", ".join(f"`{name}`" for name in missed)))
    return Verdict(rows, failures)
