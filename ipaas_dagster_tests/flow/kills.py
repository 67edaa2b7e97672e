"""Syncs that are killed at random moments while the source changes, then a clean one that must make all equal."""

from __future__ import annotations

import random
import signal
import subprocess
from pathlib import Path

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.flow.world import World

CHANGING = ("accounts", "invoices", "subscriptions", "transactions")


def kill_then_compare(folder: Path, *, accounts: int, rounds: int, longest: float) -> None:
    """`longest`: seconds that a sync may live before it is killed; one that ends before is a good one."""
    dice = random.Random(rounds)
    with running_sandbox(accounts=accounts, seed=7, samples=None) as sandbox:
        world = World(sandbox, folder / "state", (("IPAAS_LAG_SECONDS", "0"),))
        for number in range(rounds):
            for name in CHANGING:
                sandbox.instagaze.mutate(name, insert=3, change=5, seed=number)
            process = world.command("sync")
            try:
                process.communicate(timeout=dice.uniform(0.3, longest))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
        clean = world.command("sync")
        out, _ = clean.communicate(timeout=300)
        assert clean.returncode == 0, out
        hub = world.hub()
        assert hub == world.truth()
        assert world.sql() == hub
        assert world.files() == hub
        world.check_books()
