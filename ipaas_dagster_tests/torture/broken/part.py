"""The part `broken`: each failure of disk, file or lock is told clearly, and costs nothing."""

from __future__ import annotations

import multiprocessing
import random
import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.torture.broken.cases import CASES, Case, NotHere, played
from ipaas_dagster_tests.torture.part import Order, Verdict
from ipaas_dagster_tests.torture.process import Life, warm
from ipaas_dagster_tests.torture.world import Place

SHOWN = 5


def run(order: Order, names: Sequence[str] = ()) -> Verdict:
    chosen = [case.name for case in CASES if not names or case.name in names]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(order.workers, mp_context=context, initializer=warm) as pool:
        playing = {pool.submit(_play, name, order.seed): name for name in chosen}
        ended = []
        for done in as_completed(playing):
            name, problems = playing[done], done.result()
            order.say(f"broken: {name}: {problems or 'said what to do, and nothing was lost'}")
            ended.append((name, problems))
    verdict = Verdict()
    for name, problems in ended:
        skipped = [text for text in problems if text.startswith(SKIPPED)]
        verdict.rows += [(name, text) for text in skipped]
        verdict.failures += [f"{name}: {text}" for text in problems if text not in skipped]
    held = len([1 for _, problems in ended if not problems])
    what = "disk full, read-only, damaged files, locks: a clear error, and after mending everything is there"
    verdict.rows.insert(0, (what, f"{held} of {len(chosen)} cases"))
    return verdict


SKIPPED = "not tried here: "


def _play(name: str, seed: int) -> list[str]:
    return play(next(case for case in CASES if case.name == name), seed)


def play(case: Case, seed: int) -> list[str]:
    """What went wrong; empty where the promise held."""
    with (
        tempfile.TemporaryDirectory(prefix="ipaas-torture-") as folder,
        running_sandbox(accounts=12, seed=seed, samples=None) as sandbox,
    ):
        place = Place(sandbox, Path(folder) / "state", sources=("accounts", "invoices"))
        assert place.run(place.sync_words).code == 0
        place.stir(random.Random(seed))
        try:
            with played(case, place) as life:
                problems = _told(case, life)
        except NotHere as reason:
            return [f"{SKIPPED}{reason}"]
        for _ in range(2):  # what was found damaged is read again by the next one
            healed = place.run(place.sync_words)
        lost = place.differences()
        if lost:
            problems += [*lost[:SHOWN], f"it had said: {life.said[-800:]}", f"and then: {healed.said[-800:]}"]
        return problems


def _told(case: Case, life: Life) -> list[str]:
    problems = []
    if case.code is not None and life.code != case.code:
        problems.append(f"it ended with {life.code}, not {case.code}")
    if "Traceback" in life.said:
        problems.append(f"it showed a traceback: {life.said[-1500:]}")
    missing = [text for text in case.says if not re.search(text, life.said)]
    if missing and life.code:
        problems.append(f"it did not say {missing} but: {life.said[-1200:]}")
    return problems
