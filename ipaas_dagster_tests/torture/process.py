"""`ipaas` commands in a process of their own, forked from one that has everything imported: a life costs milliseconds
instead of seconds, and can be ended at any point.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_WARM = (
    *("ipaas_dagster.cli.app", "ipaas_dagster.sync", "ipaas_dagster.contracts.staging", "ipaas_dagster.status"),
    *("ipaas_dagster.outbox.drain", "ipaas_dagster.outbox.settling", "ipaas_dagster.hub.landing"),
    *("ipaas_dagster.destinations", "ipaas_dagster.replay.rebuild", "ipaas_dagster.plan", "ipaas_dagster.ledger"),
    *("ipaas_dagster.ledger.balance", "ipaas_dagster.mapping.worksheet", "ipaas_dagster.mapping.javascript"),
    *("sqlalchemy.dialects.sqlite", "duckdb", "pytz", "httpx", "zstandard", "lxml.etree"),
    *("cryptography.fernet", "pandas", "pandera.pandas"),
)
LONGEST_SECONDS = 900.0

Command = Sequence[str]
"""The words after `ipaas`; or `python` and the full name of a function that takes a project."""


@dataclass(frozen=True)
class Life:
    """How a process ended: `killed` at its point (or from outside), or with the highest exit code of its commands.
    `passed` counts the crash points that it came by, where it lived to tell; `said` is what it printed."""

    killed: bool
    code: int = 0
    passed: Mapping[str, int] = field(default_factory=dict)
    said: str = ""
    seconds: float = 0.0


def live(
    commands: Sequence[Command],
    environment: Mapping[str, str],
    folder: Path,
    *,
    kill_at: str = "",
    kill_after: float | None = None,
    under: Command = (),
) -> Life:
    """Run the commands one after another. `kill_at`: a crash point, as its variable says it. `kill_after`: seconds from
    its start until it is killed from outside. `under`: the full name of a function that makes the process's conditions
    worse first, and its words.

    Raises AssertionError where a command takes far too long, with what was said until then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    said, passed = folder / "said.txt", folder / "passed.json"
    passed.unlink(missing_ok=True)
    started = time.monotonic()
    target = (list(commands), dict(environment), str(said), str(passed), kill_at, tuple(under))
    process = _CONTEXT.Process(target=_live, args=target)
    process.start()
    process.join(LONGEST_SECONDS if kill_after is None else kill_after)
    late = process.is_alive()
    if late:
        process.kill()
        process.join()
    text = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
    assert not (late and kill_after is None), f"{commands} took over {LONGEST_SECONDS:g} s:\n{text[-4000:]}"
    counted = json.loads(passed.read_text()) if passed.exists() else {}
    code = process.exitcode or 0
    return Life(code == -signal.SIGKILL, max(code, 0), counted, text, time.monotonic() - started)


def warm() -> None:
    """Start the process that the others are forked from. Before any thread, and once."""
    _CONTEXT.set_forkserver_preload([__name__, *_WARM])
    process = _CONTEXT.Process(target=int)
    process.start()
    process.join()


def _live(
    commands: Sequence[Command],
    environment: Mapping[str, str],
    said: str,
    passed: str,
    kill_at: str,
    under: Command,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(environment["IPAAS_STATE"])
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w", 1, closefd=False), os.fdopen(2, "w", 1, closefd=False)
    from ipaas_dagster import crash_points

    if under:
        _named(under[0])(*under[1:])
    counted: Counter[str] = Counter()
    if kill_at:
        crash_points.kill_at(kill_at)
    else:
        crash_points.watch(lambda name: counted.update([name]))
    code = max([run(words) for words in commands], default=0)
    Path(passed).write_text(json.dumps(counted))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # nothing of the interpreter's end can change what was committed


def run(words: Command) -> int:
    """One command, in this process; its exit code."""
    sys.stderr.write(f"$ ipaas {' '.join(words)}\n")
    try:
        if words[0] == "python":
            return _call(words[1])
        from ipaas_dagster.cli.app import app

        app(list(words))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 70
    return 0


def _call(name: str) -> int:
    """A function of the tests, given the project of this process's environment."""
    from ipaas_dagster.project import Project
    from ipaas_dagster.settings import load

    project = Project(load(), say=lambda text: sys.stderr.write(text + "\n") and None)
    try:
        _named(name)(project)
    finally:
        project.operations.dispose()
    return 0


def _named(name: str) -> Callable[..., object]:
    module, _, function = name.rpartition(".")
    found: Callable[..., object] = getattr(import_module(module), function)
    return found
