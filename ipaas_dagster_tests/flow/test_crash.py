"""`kill -9` at any moment loses nothing and doubles nothing; several at once wait for each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.flow.kills import kill_then_compare
from ipaas_dagster_tests.flow.world import World


@pytest.mark.slow
def test_killed_syncs_then_a_clean_one(tmp_path: Path) -> None:
    kill_then_compare(tmp_path, accounts=250, rounds=5, longest=6.0)


def test_three_at_once(tmp_path: Path) -> None:
    with running_sandbox(accounts=150, seed=8, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        started = [world.command("sync") for _ in range(3)]
        for process in started:
            out, _ = process.communicate(timeout=120)
            assert process.returncode == 0, out
        hub = world.hub()
        assert hub == world.truth()
        assert world.sql() == hub
        assert world.files() == hub
        world.check_books()
