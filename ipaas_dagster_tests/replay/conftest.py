from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipaas_dagster.hub.copying import copy_hub
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sync import sync
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.replay.history import SETTINGS, live_shortly, live_through, settle


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with a past; its source is gone."""
    folder = tmp_path_factory.mktemp("lived")
    with running_sandbox(accounts=60, seed=11, bad_records=True) as sandbox:
        world = World(sandbox, folder / "state", SETTINGS)
        live_through(world)
    return world


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with a short past."""
    folder = tmp_path_factory.mktemp("brief")
    with running_sandbox(accounts=30, seed=12, bad_records=True) as sandbox:
        world = World(sandbox, folder / "state", SETTINGS)
        live_shortly(world)
    return world


@pytest.fixture
def past(lived: World, tmp_path: Path) -> World:
    """A copy of the long one, for a test that changes something."""
    return _copy(lived, tmp_path)


@pytest.fixture
def recent(brief: World, tmp_path: Path) -> World:
    """A copy of the short one."""
    return _copy(brief, tmp_path)


def _copy(world: World, folder: Path) -> World:
    shutil.copytree(world.state, folder / "state")
    copy = World(world.sandbox, folder / "state", world.extra)
    if copy.project().hub.shared:
        copy_hub(world.project().hub.store, copy.project().hub.store)
    return copy


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Items delivered to `sql`; then one of them changed, and one came, that were not delivered yet."""
    folder = tmp_path_factory.mktemp("delivered")
    with running_sandbox(accounts=5, seed=11) as sandbox:
        world = World(sandbox, folder / "state", (("IPAAS_LAG_SECONDS", "0"),))
        _sync(world, ["sql"])
        sandbox.instagaze.mutate("products", insert=1, change=1, seed=1)
        _sync(world, [])
        settle(world)
    return world


def _sync(world: World, systems: list[str]) -> None:
    outcome = sync(world.project(), [("products", None)], systems)
    assert not outcome.unexpected, outcome.findings


@pytest.fixture
def items_only(delivered: World, tmp_path: Path) -> World:
    """A copy of it."""
    return _copy(delivered, tmp_path)
