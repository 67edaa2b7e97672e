"""The short form of each part of `make torture`, and that each can fail."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import inf
from pathlib import Path

import pytest

from ipaas_dagster_tests.torture import results
from ipaas_dagster_tests.torture.bad_input import part as bad_input
from ipaas_dagster_tests.torture.broken.cases import CASES
from ipaas_dagster_tests.torture.broken.part import play as play_broken
from ipaas_dagster_tests.torture.chaos.part import play as play_chaos
from ipaas_dagster_tests.torture.crash.hunt import Hunt
from ipaas_dagster_tests.torture.crash.scenarios import SCENARIOS
from ipaas_dagster_tests.torture.part import Verdict
from ipaas_dagster_tests.torture.parts import PARTS
from ipaas_dagster_tests.torture.process import warm
from ipaas_dagster_tests.torture.secrets.part import play as play_secrets
from ipaas_dagster_tests.torture.soak import part as soak


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm()


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("sync", ["hub.landing.merge_landing: committed"]),
        pytest.param(
            "deliver webhook",
            ["remote.answered", "outbox.dispatch._commit_answer: committing"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_killed_at_a_crash_point_nothing_is_lost(name: str, points: Sequence[str]) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    found = Hunt(scenario, seed=5, only=points).run()
    assert found.failures == []
    assert set(found.reached) == set(points)


@pytest.mark.parametrize("name", ["a landing is cut", pytest.param("the hub is cut", marks=pytest.mark.slow)])
def test_what_is_damaged_is_told_and_mended(name: str) -> None:
    assert play_broken(next(case for case in CASES if case.name == name), seed=5) == []


@pytest.mark.slow
def test_bad_records_end_merged_or_rejected() -> None:
    counts, problems = bad_input.play(5, 60)
    assert problems == []
    assert counts["rejected"] > 20


def test_a_point_that_another_aims_at_is_left_to_it(tmp_path: Path) -> None:
    scenario, passed = SCENARIOS[0], {"operations.a": 2, "operations.b": 1, "cli.c": 1}
    first, second = (Hunt(scenario, seed=5, claims=tmp_path) for _ in range(2))
    dice = random.Random(5)
    assert list(first.aims(passed, dice)) == ["operations.a#1", "operations.b#1"]
    assert list(second.aims(passed, dice)) == []
    with_time = Hunt(scenario, seed=5, claims=tmp_path, more_seconds=inf)
    assert {"operations.a#1", "operations.a#2", "operations.b#1"} <= set(with_time.aims(passed, dice))


def test_faults_end_in_the_truth() -> None:
    counts, lost = play_chaos(5, 0.1, ("sql", "webhook"), rounds=1)
    assert lost == []
    assert counts["rounds"] == 1


def test_no_secret_is_written_or_printed() -> None:
    counts, hits = play_secrets(5, systems=("sql", "salesforce"), looks=(("check",), ("dead", "list", "--json")))
    assert hits == []
    assert counts["secrets"] > 40
    assert counts["echoed"] > 1


def test_days_stay_flat_and_a_growth_shows() -> None:
    measured, problems = soak.play(5, 3)
    assert problems == []
    assert len(measured) == 3
    growing = [{name: 100.0 * 2**day for name in soak.FLAT} for day in range(21)]
    assert len(soak.grown(growing)) == len(soak.FLAT)
    assert soak.grown([dict.fromkeys(soak.FLAT, 5.0)] * 21) == []


def test_each_part_has_its_place_in_the_results() -> None:
    page = results.PAGE.read_text(encoding="utf-8")
    for name in PARTS:
        assert page.count(results.BEGIN.format(part=name)) == 1
        assert page.count(results.END.format(part=name)) == 1


def test_a_table_replaces_only_its_own(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = [(results.BEGIN.format(part=name), results.END.format(part=name)) for name in ("a", "b")]
    page.write_text("".join(f"before\n{begin}\nold {end}\n" for begin, end in marks))
    results.write({"a": Verdict([("did", "saw")], ["lost"], 3.0)}, 7, page)
    text = page.read_text()
    assert "| did | saw |" in text
    assert "**1 failures**" in text
    assert text.count("old") == 1
    with pytest.raises(ValueError, match="no place for c"):
        results.write({"c": Verdict()}, 7, page)
