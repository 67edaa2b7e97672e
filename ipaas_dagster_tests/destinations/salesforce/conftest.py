from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster_tests.destinations.salesforce.stage import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def alone(tmp_path: Path) -> Stage:
    """Without an org: for what is made before anything is sent."""
    return Stage(tmp_path)
