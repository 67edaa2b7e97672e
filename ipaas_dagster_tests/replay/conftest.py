from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.replay.history import SETTINGS, live_through


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with a past; its source is gone."""
    folder = tmp_path_factory.mktemp("lived")
    with running_sandbox(accounts=60, seed=11, bad_records=True) as sandbox:
        world = World(sandbox, folder / "state", SETTINGS)
        live_through(world)
    return world


@pytest.fixture
def past(lived: World, tmp_path: Path) -> World:
    """A copy of it, for a test that changes something."""
    shutil.copytree(lived.state, tmp_path / "state")
    return World(lived.sandbox, tmp_path / "state", lived.extra)
