"""A damaged landing, a hub restored from a backup, a hub that is gone: nothing is lost, and it is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.copying import copy_hub
from ipaas_dagster.locks import Locks
from ipaas_dagster.pull import pull
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.replay.history import lose


def test_damaged_landing_is_set_aside_and_read_again(tmp_path: Path) -> None:
    with running_sandbox(accounts=40, seed=1, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        landed = pull(world.project(), "accounts")
        assert landed.landing_id
        file = world.project().landings.path(landed.landing_id)
        file.write_bytes(file.read_bytes()[:-20])
        outcome = world.sync(["products"])
        outcome = world.sync(["accounts"])
        assert any("damaged" in finding for finding in outcome.findings)
        assert world.sync().findings == []
        assert world.hub() == world.truth() == world.sql()


def test_restored_hub_catches_up_from_its_landings(tmp_path: Path, hub_url: str) -> None:
    with running_sandbox(accounts=40, seed=2, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_LAG_SECONDS", "0"), ("IPAAS_HUB_URL", hub_url)))
        world.sync()
        world.project().hub.copy_to(tmp_path / "backup")
        sandbox.instagaze.mutate("accounts", insert=5, change=5, seed=3)
        world.sync()
        restore(world.project().hub, tmp_path / "backup")
        assert world.sync().findings == []
        assert world.hub() == world.truth() == world.sql()
        assert world.files() == world.hub()
        world.check_books()


def restore(hub: Hub, backup: Path) -> None:
    if not hub.shared:
        shutil.copy(backup, hub.path)
        return
    with hub.writing() as connection:
        for schema in ("hub", "instagaze"):
            connection.execute(f"DROP SCHEMA {schema} CASCADE")
    copy_hub(Hub(f"duckdb:///{backup}", Locks(backup.parent / "locks")).store, hub.store)


def test_lost_hub_is_rebuilt_and_nothing_is_deleted_anywhere(tmp_path: Path, hub_url: str) -> None:
    with running_sandbox(accounts=40, seed=3, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_HUB_URL", hub_url),))
        world.sync()
        before = world.hub()
        lose(world.project())
        assert world.sync().findings == []
        assert world.hub() == before == world.sql()
        assert world.files() == before
        world.check_books()


@pytest.mark.slow
def test_memory_limit_that_is_too_small_is_stretched(tmp_path: Path) -> None:
    with running_sandbox(accounts=300, seed=4, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_MEMORY_LIMIT", "24MB"),))
        assert world.sync().findings == []
        assert world.hub() == world.truth()
