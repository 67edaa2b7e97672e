"""Every genuine event leads to its record being current, no forged one does anything, although the receiver dies."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster_tests.webhooks.storm import storm


def test_a_small_storm(tmp_path: Path) -> None:
    figures = storm(tmp_path, events=300, accounts=40, connections=8, following=False, IPAAS_HOLD_RECORDS="1000")
    assert figures.answers[200] >= figures.genuine + figures.doubled
    assert figures.stored == figures.genuine


@pytest.mark.slow
def test_ten_thousand(tmp_path: Path) -> None:
    figures = storm(tmp_path, events=10_000, accounts=3_000, connections=64)
    assert (figures.genuine, figures.doubled, figures.forged) == (5_667, 3_333, 1_000)
    assert figures.stored == figures.genuine
