"""Temporary folders of the hub: a killed process leaves none for long, a living one keeps its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from ipaas_dagster_tests.hub.staged import Account, Landing, merge_into, open_hub

OPEN_AND_WAIT = """
import sys
from pathlib import Path
from ipaas_dagster.hub import Hub
from ipaas_dagster.locks import Locks
folder = Path(sys.argv[1])
with Hub(f"duckdb:///{folder}/ipaas.duckdb", Locks(folder / "locks", 10)).scratch():
    print("open", flush=True)
    sys.stdin.read()
"""


def spills(folder: Path) -> list[Path]:
    return list(folder.glob("spill-*"))


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_stays(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-c", OPEN_AND_WAIT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        (spilled,) = spills(tmp_path)
        merge_into(hub, Landing("a", 1, [Account(1)]))
        assert spills(tmp_path) == [spilled], "it is still in use"
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert spills(tmp_path) == [spilled], "a killed process cannot clean up"
    merge_into(hub, Landing("b", 2, [Account(2)]))
    assert spills(tmp_path) == []
