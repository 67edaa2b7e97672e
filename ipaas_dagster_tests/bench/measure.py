"""One process and all that it starts, measured from outside: time, CPU, memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

SAMPLE_SECONDS = 0.2
"""Looking costs a few milliseconds; the largest single process is known from the system anyhow."""


@dataclass(frozen=True)
class Measured:
    """`seconds` from start to end, imports included; `cpu`: user and system seconds of the process and of those it
    started and waited for; `memory`: the most bytes that all of them held at once; `told`: what it printed last, a
    JSON document, of which `seconds` and `cpu` are those of the work alone."""

    seconds: float
    cpu: float
    memory: int
    told: Mapping[str, Any] = field(default_factory=dict)


class Failed(Exception):
    """A contestant that did not end well is no measurement."""


def measure(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Measured:
    """Run to the end. Raises Failed with the end of its output."""
    started = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=out, stderr=out)
        usage, status, memory = _watch(process)
        seconds = time.monotonic() - started
    said = log.read_text(errors="replace")
    if status != 0:
        raise Failed(f"{' '.join(command)} ended with {status}:\n{said[-3000:]}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, memory, _last_json(said))


def _watch(process: subprocess.Popen[bytes]) -> tuple[Any, int, int]:
    memory, watched, started = 0, psutil.Process(process.pid), time.monotonic()
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage, process.returncode, max(memory, _highest(usage))
        memory = max(memory, _held(watched))
        time.sleep(min(SAMPLE_SECONDS, 0.002 + (time.monotonic() - started) / 50))  # short runs are not rounded up


def _highest(usage: Any) -> int:
    """The kernel's own figure, which begins with what this process had when it made the other: less than that says
    nothing."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * 1024 if usage.ru_maxrss > own else 0


def _held(process: psutil.Process) -> int:
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.Error:
        return total  # one of them has just ended
    return total


def _last_json(text: str) -> dict[str, Any]:
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    return {}
