"""The part `chaos`: faults of every kind on both sides, clocks that jump, records that change while they are read. Then
the faults end, and everything must come to the truth.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from ipaas_dagster.sandbox import every_kind, running_sandbox
from ipaas_dagster_tests.torture.chaos.acts import AHEAD
from ipaas_dagster_tests.torture.part import Order, Verdict
from ipaas_dagster_tests.torture.process import Command, warm
from ipaas_dagster_tests.torture.world import Place

SYNC: Command = ("python", "ipaas_dagster_tests.torture.chaos.acts.sync_by_a_wrong_clock")
FIRST, BOOKS = ("sql", "files", "salesforce", "webhook"), ("quickbooks", "intacct", "ipaas_com", "portal_b")
PLAYS = ((0.1, FIRST), (0.3, FIRST), (0.1, BOOKS), (0.3, BOOKS))
SOURCES = ("accounts", "products", "invoices", "transactions")
JUMPS = (-7200.0, -90.0, -1.0, 0.0, 0.0, 0.0, 45.0, 3600.0)
"""Seconds; of the source's clock and of ours, each round anew."""
KINDS, SHOWN, LEAST_ROUNDS = 10, 6, 3
HEALING = 5
"""Syncs that may pass, hours apart, until everything is right: what waits for its next attempt needs its time."""


def run(order: Order) -> Verdict:
    warm()
    verdict = Verdict()
    for number, (rate, systems) in enumerate(PLAYS):
        until = time.monotonic() + order.seconds / len(PLAYS)
        counts, lost = play(order.seed + number, rate, systems, until=until)
        order.say(f"chaos: {rate:.0%} {' '.join(systems)}: {dict(counts)}{' FAILED' if lost else ''}")
        verdict.failures += [f"{rate:.0%}, seed {order.seed + number}: {line}" for line in lost[:SHOWN]]
        told = f"{rate:.0%} of all requests fail, {', '.join(systems)}: {counts['rounds']} rounds, clocks that jump"
        came = f"{counts['faults']:,} faults struck; then {counts['syncs']} syncs until everything was right"
        verdict.rows.append((told, came if not lost else f"{came}: **it did not become right**"))
    return verdict


def play(
    seed: int, rate: float, systems: Sequence[str], *, until: float = 0.0, rounds: int = LEAST_ROUNDS
) -> tuple[Counter[str], list[str]]:
    """At least so many rounds, more until that moment; then what was counted, and what is still wrong."""
    dice, counts = random.Random(seed), Counter[str]()
    with (
        tempfile.TemporaryDirectory(prefix="ipaas-torture-") as folder,
        running_sandbox(accounts=25, seed=seed, samples=None) as sandbox,
    ):
        sandbox.quickbooks.configure(requests_per_second=None, requests_per_minute=None, batches_per_minute=None)
        sandbox.webhook.configure(tolerance_seconds=10**9)  # its clock and ours are hours apart
        place = Place(sandbox, Path(folder) / "state", systems=systems, sources=SOURCES)
        while counts["rounds"] < rounds or time.monotonic() < until:
            counts["rounds"] += 1
            for number, stand_in in enumerate(sandbox.stand_ins):
                stand_in.faults.set(every_kind(rate / KINDS), seed=dice.randrange(10**9) + number)
            sandbox.clock.skew = timedelta(seconds=dice.choice(JUMPS))
            with _changing(place, dice):
                _sync(place, dice.choice(JUMPS))
            counts["faults"] += sum(sum(one.faults.struck().values()) for one in sandbox.stand_ins)
        for stand_in in sandbox.stand_ins:
            stand_in.faults.clear()
        sandbox.clock.skew = timedelta()
        lost = ["nothing was tried"]
        while lost and counts["syncs"] < HEALING:
            counts["syncs"] += 1
            said = _sync(place, 8 * 3600.0 * counts["syncs"])
            lost = place.differences()
        return counts, [*lost, *([said[-1500:]] if lost else [])]


def _sync(place: Place, ahead: float) -> str:
    place.extra = ((AHEAD, str(ahead)), ("TORTURE_SOURCES", " ".join(place.sources)))
    life = place.run(SYNC)
    assert life.code == 0, life.said
    return life.said


@contextmanager
def _changing(place: Place, dice: random.Random) -> Iterator[None]:
    """Records change now and then while the source is read: about with every third request."""
    place.stir(dice)
    stop, own = threading.Event(), random.Random(dice.random())

    def change() -> None:
        seen = place.sandbox.journal.total
        while not stop.wait(0.002):
            if place.sandbox.journal.total >= seen + 3:
                seen = place.sandbox.journal.total
                place.stir(own)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
