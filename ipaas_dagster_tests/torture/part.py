"""What a part of the suite is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf


@dataclass(frozen=True)
class Order:
    """`seconds`: what the part should take, where that is enough for what it must do in any case; `workers`: processes
    at once; `latest`: the moment (monotonic seconds) after which nothing new begins, whatever is missing then."""

    seed: int
    seconds: float
    workers: int = 2
    say: Callable[[str], object] = lambda line: None
    latest: float = inf


@dataclass
class Verdict:
    """`rows`: (what was done, what came of it) for the results table. No failures: the promise held."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


Part = Callable[[Order], Verdict]
