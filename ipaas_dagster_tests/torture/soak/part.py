"""The part `soak`: weeks in minutes. Memory, the time of a poll and what is pruned stay flat; of what is never pruned
it is told how much it grows a day.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.torture.part import Order, Verdict
from ipaas_dagster_tests.torture.process import Command, live, warm
from ipaas_dagster_tests.torture.world import Place

DAYS: Command = ("python", "ipaas_dagster_tests.torture.soak.acts.live_for_days")
SOURCES = ("accounts", "invoices")
KEPT_DAYS = 5
WEEK = 7
"""Days; a reconcile each, so that only weeks can be compared. After the first one pruning has something to do."""
LEAST_DAYS, DAYS_A_SECOND = 4 * WEEK, 0.15
FLAT: Mapping[str, float] = {"memory": 0.10, "seconds": 0.35, "landings": 0.35, "landing_files": 0.35}
"""Of each: the share of its mean by which its last week may be above its second one. The time of a poll and what a
day's landings weigh go up and down; memory does not."""

Day = Mapping[str, float]


def run(order: Order) -> Verdict:
    warm()
    days = max(LEAST_DAYS, int(order.seconds * DAYS_A_SECOND))
    measured, problems = play(order.seed, days)
    if problems:
        return Verdict(rows=[(f"{len(measured)} of {days} days", "**it ended early, or wrongly**")], failures=problems)
    verdict, steady = Verdict(failures=grown(measured)), _steady(measured)
    told = (
        f"{days} days of polls, deliveries, pruning (kept for {KEPT_DAYS} days) and a reconcile a week, in one process"
    )
    flat = ", ".join(f"{name} {_growth(steady, name):+.1%} of {median(d[name] for d in steady):,.4g}" for name in FLAT)
    verdict.rows.append((told, f"from the second week to the last: {flat}"))
    a_day = {name: (steady[-1][name] - steady[0][name]) / (len(steady) - 1) / 1024 for name in ("hub", "operations")}
    what = "what is never pruned (versions, entries, attempts) grows"
    verdict.rows.append((what, ", ".join(f"{name} {kib:,.1f} KiB a day" for name, kib in a_day.items())))
    order.say(f"soak: {days} days{' FAILED' if verdict.failures else ''}")
    return verdict


def play(seed: int, days: int) -> tuple[list[Day], list[str]]:
    with (
        tempfile.TemporaryDirectory(prefix="ipaas-torture-") as folder,
        running_sandbox(accounts=40, seed=seed, samples=None) as sandbox,
    ):
        place = Place(sandbox, Path(folder) / "state", sources=SOURCES)
        out, kept = Path(folder) / "days.jsonl", str(KEPT_DAYS)
        place.extra = (
            *(("TORTURE_DAYS", str(days)), ("TORTURE_OUT", str(out)), ("TORTURE_ORIGIN", sandbox.origin)),
            *(("TORTURE_SOURCES", " ".join(SOURCES)), ("IPAAS_LEDGER_DAYS", kept), ("IPAAS_BODIES_DAYS", kept)),
            *(("IPAAS_LANDINGS_DAYS", kept), ("IPAAS_START_DATE", "2020-01-01")),
        )
        life = live([DAYS], place.environment, place.folder)
        measured = [json.loads(line) for line in out.read_text().splitlines()]
        problems = [] if life.code == 0 else [f"after {len(measured)} days: {life.said[-2000:]}"]
        return measured, problems + place.differences()


def grown(measured: Sequence[Day]) -> list[str]:
    """What did not stay flat."""
    steady = _steady(measured)
    growths = {name: _growth(steady, name) for name in FLAT}
    return [f"{name} grew by {by:.0%} over {len(steady)} days" for name, by in growths.items() if by > FLAT[name]]


def _steady(measured: Sequence[Day]) -> Sequence[Day]:
    """The whole weeks after the first one. Raises ValueError for fewer than two: nothing could be compared."""
    weeks = len(measured) // WEEK - 1
    if weeks < 2:
        raise ValueError(f"{len(measured)} days are too few; {3 * WEEK} are needed")
    return measured[WEEK : WEEK * (weeks + 1)]


def _growth(steady: Sequence[Day], name: str) -> float:
    """By how much the last week's mean is above the first one's, as a share of the mean of all."""
    middle = mean(day[name] for day in steady)
    first, last = (mean(day[name] for day in week) for week in (steady[:WEEK], steady[-WEEK:]))
    return (last - first) / middle if middle else 0.0
