"""What takes minutes: `make test-long`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ipaas_dagster.pull import pull
from ipaas_dagster.records import Scope
from ipaas_dagster.sandbox import running_sandbox, sandbox_process
from ipaas_dagster_tests.flow.kills import kill_then_compare
from ipaas_dagster_tests.flow.world import DATA, World

pytestmark = pytest.mark.slow


def test_thirty_kills_then_a_clean_sync(tmp_path: Path) -> None:
    kill_then_compare(tmp_path, accounts=400, rounds=30, longest=9.0)


def test_hundred_scans_under_writes_skip_nothing(tmp_path: Path) -> None:
    """Writers insert, change and delete while each scan runs; whoever was left alone must be in its result."""
    with running_sandbox(accounts=3000, seed=8, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        for number in range(100):
            before = {account["id"] for account in sandbox.instagaze.truth("accounts")}
            stop, touched = threading.Event(), set[int]()

            def write(number: int = number, stop: threading.Event = stop, touched: set[int] = touched) -> None:
                """One insert, change and delete for every request that was answered."""
                answered = seed = 0
                while not stop.wait(0.0002):
                    if sandbox.journal.total > answered:
                        answered, seed = sandbox.journal.total, number * 10_000 + answered
                        made = sandbox.instagaze.mutate("accounts", insert=1, change=1, delete=1, seed=seed)
                        touched.update(made.inserted, made.changed, made.deleted)

            writer = threading.Thread(target=write)
            writer.start()
            project = world.project()
            try:
                landed = pull(project, "accounts", Scope.full())
            finally:
                stop.set()
                writer.join()
            assert landed.landing_id
            read = {
                int(line.split(b'"id":', 1)[1].split(b",", 1)[0]) for line in project.landings.lines(landed.landing_id)
            }
            assert before - touched <= read, f"round {number} skipped {sorted(before - touched - read)[:5]}"


def test_million_accounts_stay_under_600_mb(tmp_path: Path) -> None:
    with sandbox_process(accounts=1_000_000, seed=9) as sandbox:
        environment = {"PATH": os.environ["PATH"], "IPAAS_STATE": str(tmp_path / "state"), "IPAAS_CONFIG": str(DATA)}
        environment |= {"INSTAGAZE_BASE_URL": sandbox.base_url, "INSTAGAZE_TOKEN": sandbox.token}
        command = Path(sys.executable).with_name("ipaas")
        process = subprocess.Popen([command, "sync", "--json"], env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        assert usage.ru_maxrss / 1024 < 600, f"{usage.ru_maxrss / 1024:.0f} MB"
