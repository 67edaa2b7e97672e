"""Progress on standard error: bars in a terminal, a line every few seconds anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ipaas_dagster.cli.report import console_on, say
from ipaas_dagster.records import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

REDRAW_SECONDS = 0.1
LINE_SECONDS = 5.0


@contextmanager
def showing() -> Iterator[Progress]:
    """Give what a use case calls to tell how far it is; cheap however often it is called."""
    if not sys.stderr.isatty():
        yield Lines(say, time.monotonic)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console_on(sys.stderr), transient=True) as bars:
        yield Drawn(bars, time.monotonic)


class Drawn:
    """One bar a label; redrawn at most every REDRAW_SECONDS, and at its end."""

    def __init__(self, bars: Bars, clock: Callable[[], float]) -> None:
        self._bars, self._clock = bars, clock
        self._tasks: dict[str, TaskID] = {}
        self._last: dict[str, float] = {}

    def __call__(self, label: str, done: int, total: int | None) -> None:
        now = self._clock()
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(label, total=total)
        elif done != total and now - self._last[label] < REDRAW_SECONDS:
            return
        self._last[label] = now
        self._bars.update(self._tasks[label], completed=done, total=total)


class Lines:
    """A line for what takes long: the first after LINE_SECONDS, so that short work says nothing."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write, self._clock = write, clock
        self._last: dict[str, float] = {}

    def __call__(self, label: str, done: int, total: int | None) -> None:
        now = self._clock()
        if now - self._last.setdefault(label, now) >= LINE_SECONDS:
            self._last[label] = now
            self._write(f"{label}: {done:,}" + (f" of {total:,}" if total is not None else ""))
