"""`kill -9` at any moment loses nothing and doubles nothing; several at once wait for each other."""

from __future__ import annotations

import random
import signal
import subprocess
from pathlib import Path

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.flow.world import World

ROUNDS = 5


def test_killed_syncs_then_a_clean_one(tmp_path: Path) -> None:
    dice = random.Random(11)
    with running_sandbox(accounts=250, seed=7, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_LAG_SECONDS", "0"),))
        for number in range(ROUNDS):
            _change_something(sandbox, number)
            process = world.command("sync")
            try:
                process.communicate(timeout=dice.uniform(0.3, 6.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
        clean = world.command("sync")
        out, _ = clean.communicate(timeout=120)
        assert clean.returncode == 0, out
        hub = world.hub()
        assert hub == world.truth()
        assert world.sql() == hub
        assert world.files() == hub
        world.check_books()


def _change_something(sandbox: Sandbox, seed: int) -> None:
    for name in ("accounts", "invoices", "subscriptions", "transactions"):
        sandbox.instagaze.mutate(name, insert=3, change=5, seed=seed)


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
