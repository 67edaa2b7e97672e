"""What may go wrong between a client and a stand-in, how often, and for which requests."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KINDS = {
    "status": "an error of the documented form; `status` says which; with `retry_after` if it is given",
    "reset": "the connection is reset before the request is looked at",
    "truncated": "the request is done; its answer stops in the middle of the body",
    "broken_json": "the request is done; its answer has the right length and is not JSON",
    "slow": "the answer comes after `seconds`",
    "lost_answer": "a write is done, then the connection is reset without an answer; reads are spared",
    "late_error": "a write is done, then an error is answered, `status` says which; reads are spared",
}
AFTER_THE_WRITE = frozenset({"lost_answer", "late_error"})


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. `rate` is its share of the requests it applies to (1.0: all of them).

    `times` limits how often in all. `path` must occur in the request's path, `body` in its body; `method` must
    be the request's. `skip` spares so many of the requests that it applies to, the first ones.
    """

    kind: str
    rate: float = 1.0
    times: int | None = None
    status: int = 500
    retry_after: str | None = None
    seconds: float = 0.0
    path: str = ""
    method: str | None = None
    body: str = ""
    skip: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r} (allowed: {', '.join(KINDS)})")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"a fault's rate is between 0 and 1, not {self.rate}")

    @property
    def label(self) -> str:
        return f"status {self.status}" if self.kind == "status" else self.kind

    def applies(self, method: str, path: str, body: bytes = b"") -> bool:
        if self.kind in AFTER_THE_WRITE and method not in WRITES:
            return False
        return self.path in path and self.method in (None, method) and self.body.encode() in body


def every_kind(rate: float, *, retry_after: str = "0", seconds: float = 0.01) -> tuple[Fault, ...]:
    """All faults that a client must survive, each at this rate. The waits are short, for tests."""
    return (
        Fault("status", rate, status=429),
        Fault("status", rate, status=429, retry_after=retry_after),
        Fault("status", rate, status=500),
        Fault("status", rate, status=503),
        Fault("reset", rate),
        Fault("truncated", rate),
        Fault("broken_json", rate),
        Fault("slow", rate, seconds=seconds),
        Fault("lost_answer", rate),
        Fault("late_error", rate),
    )


class Faults:
    """The faults that are switched on. The same seed and the same requests in the same order fail alike."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self._lock = threading.Lock()
        self.set(faults, seed)

    def set(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        """Replace all faults; the counts start again."""
        chosen = tuple(faults)
        with self._lock:
            self._faults = chosen
            self._struck = [0] * len(chosen)
            self._spared = [0] * len(chosen)
            self._random = random.Random(seed)

    def clear(self) -> None:
        self.set()

    def draw(self, method: str, path: str, body: bytes = b"") -> Fault | None:
        """What goes wrong with this request: the first fault that strikes, or None."""
        if not self._faults:
            return None
        with self._lock:
            for number, fault in enumerate(self._faults):
                if fault.applies(method, path, body) and self._strikes(number, fault):
                    self._struck[number] += 1
                    return fault
        return None

    def _strikes(self, number: int, fault: Fault) -> bool:
        if self._spared[number] < fault.skip:
            self._spared[number] += 1
            return False
        if fault.times is not None and self._struck[number] >= fault.times:
            return False
        return self._random.random() < fault.rate

    def struck(self) -> dict[str, int]:
        """How often each kind struck since it was set, by label."""
        with self._lock:
            counts: dict[str, int] = {}
            for fault, count in zip(self._faults, self._struck, strict=True):
                counts[fault.label] = counts.get(fault.label, 0) + count
            return counts

    def as_json(self) -> dict[str, Any]:
        return {"faults": [asdict(fault) for fault in self._faults], "struck": self.struck(), "kinds": KINDS}


def read_fault(given: Mapping[str, Any]) -> Fault:
    """A fault from JSON. Raises ValueError naming what is not understood."""
    known = {field.name for field in fields(Fault)}
    unknown = sorted(set(given) - known)
    if unknown or "kind" not in given:
        problem = f"does not have {', '.join(unknown)}" if unknown else "needs a kind"
        raise ValueError(f"a fault {problem} (it has: {', '.join(sorted(known))})")
    return Fault(**given)
