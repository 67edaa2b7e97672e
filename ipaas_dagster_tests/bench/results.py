"""What was measured, as tables and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from ipaas_dagster_tests.bench.measure import Measured


@dataclass
class Line:
    """One contestant in one row, run by run. `inside`: seconds and CPU are of the work, without the process's start."""

    contestant: str
    inside: bool = False
    runs: list[Measured] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    def seconds_of(self, run: Measured) -> float:
        return float(run.told["seconds"]) if self.inside else run.seconds

    def cpu_of(self, run: Measured) -> float:
        return float(run.told["cpu"]) if self.inside else run.cpu

    @property
    def seconds(self) -> float:
        return median(self.seconds_of(run) for run in self.runs)

    @property
    def spread(self) -> tuple[float, float]:
        all_ = [self.seconds_of(run) for run in self.runs]
        return min(all_), max(all_)

    @property
    def cpu(self) -> float:
        return median(self.cpu_of(run) for run in self.runs)

    @property
    def memory(self) -> int:
        return max(run.memory for run in self.runs)


@dataclass(frozen=True)
class Verdict:
    """One goal: what was wanted, what was seen, whether it is met."""

    goal: str
    seen: str
    met: bool


@dataclass
class Row:
    """`name` chooses it on the command line; `title` says the work."""

    name: str
    title: str
    lines: list[Line] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def line(self, contestant: str) -> Line:
        return next(line for line in self.lines if line.contestant == contestant)

    def has(self, contestant: str) -> bool:
        return any(line.contestant == contestant and line.runs for line in self.lines)

    def at_least(self, times: float, other: str, reach: float | None = None, *, by: str = "seconds") -> None:
        """The product beats `other` so many times; nothing is said where that was not measured."""
        if self.has(other):
            ratio = getattr(self.line(other), by) / getattr(self.line("ipaas"), by)
            further = f" (reach for {reach:g}x)" if reach else ""
            self.verdicts.append(Verdict(f">= {times:g}x {other}{further}", f"{ratio:.2f}x", ratio >= times))

    def at_most(self, times: float, other: str, *, by: str = "seconds") -> None:
        if self.has(other):
            ratio = getattr(self.line("ipaas"), by) / getattr(self.line(other), by)
            what = " CPU" if by == "cpu" else ""
            self.verdicts.append(Verdict(f"<= {times:g}x {other}{what}", f"{ratio:.2f}x", ratio <= times))

    def limit(self, goal: str, value: float, most: float, shown: Callable[[float], str]) -> None:
        self.verdicts.append(Verdict(goal, shown(value), value <= most))

    def equal(self, goal: str, values: Sequence[object], wanted: object) -> None:
        seen = ", ".join(sorted({str(value) for value in values}))
        self.verdicts.append(Verdict(goal, seen, all(value == wanted for value in values)))


def megabytes(value: float) -> str:
    return f"{value / 1e6:.0f} MB"


def duration(value: float) -> str:
    return f"{value:.2f} s" if value < 20 else f"{value:.1f} s"
