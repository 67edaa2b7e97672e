"""Moments at which the torture suite kills the process: each commit point and each exchange with a system, by name.

Why this is in the product: only the code knows where its commit points are. A harness that patched them from outside
would go on passing when a new one is added and never tested; this one reads the names from the code and fails if a
point was never reached. A point is a name written where it is (`crash_point("landing.renamed")`), or a transaction,
which is named for the function that opens it and is two points: just before its commit (`...: committing`) and just
after (`...: committed`).

Off, as it is everywhere but in that suite, a point costs a comparison with None. Only tests set the variable.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

VARIABLE = "IPAAS_CRASH_POINT"
"""`name` or `name#3`: the process kills itself, as `kill -9` would, when it reaches that point for the third time."""

PACKAGE = __name__.removesuffix("crash_points")
_reached: Callable[[str], None] | None = None


def crash_point(name: str) -> None:
    """The process is at the point `name`."""
    if _reached is not None:
        _reached(name)


def transaction_name() -> str:
    """For a context manager that is a transaction: the function that opens it, as `outbox.dispatch._commit_intent`;
    "" where nobody asks."""
    if _reached is None:
        return ""
    frame = sys._getframe(1).f_back
    while frame and frame.f_globals.get("__name__") == "contextlib":
        frame = frame.f_back
    assert frame is not None
    return f"{frame.f_globals.get('__name__', '').removeprefix(PACKAGE)}.{frame.f_code.co_qualname}"


def watch(reached: Callable[[str], None] | None) -> None:
    """From now on `reached` is called with the name of each point that this process comes to; None: nothing is."""
    global _reached
    _reached = reached


def kill_at(aim: str) -> None:
    """The process dies at the point, as it is written in the variable."""
    name, _, nth = aim.partition("#")
    left = int(nth or 1)

    def reached(point: str) -> None:
        nonlocal left
        left -= point == name
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(reached)


if VARIABLE in os.environ:
    kill_at(os.environ[VARIABLE])
