"""How many calls a system takes in how much time. What one process sends stays below it; nothing is known of others."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from ipaas_dagster.destinations.base import Throttled

SHORT_SECONDS = 5.0
"""A wait of up to this is simply waited; a longer one is the deliverer's to decide on."""


@dataclass(frozen=True)
class Limit:
    """At most `calls` in any `seconds`; of one kind of call (`batch`), or of all (""). `evenly`: the first half of them
    as fast as they come, so that few calls never wait; the rest spread over the time that is left, so that many go on
    by short waits instead of stopping until it is over."""

    calls: int
    seconds: float
    of: str = ""
    evenly: bool = False

    @property
    def spread(self) -> int:
        """How many of the last calls are spread; enough of them that no wait is a long one."""
        return max(self.calls // 2, ceil(self.seconds / SHORT_SECONDS)) if self.evenly else 0


class Limiter:
    """Counts calls in a sliding window. `monotonic` gives seconds, `wait` waits for some."""

    def __init__(
        self,
        limits: Sequence[Limit],
        wait: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = [(limit, deque[float](maxlen=limit.calls)) for limit in limits]
        self._wait, self._monotonic = wait, monotonic

    def take(self, kind: str = "") -> None:
        """Wait until one more call is within every limit, and count it. Raises Throttled where that takes long."""
        concerned = [(limit, made) for limit, made in self._limits if limit.of in ("", kind)]
        while (seconds := max((self._until_free(*one) for one in concerned), default=0.0)) > 0:
            if seconds > SHORT_SECONDS:
                raise Throttled(seconds, "the calls that it takes in this time are used up")
            self._wait(seconds)
        now = self._monotonic()
        for _, made in concerned:
            made.append(now)

    def answered(self, kind: str = "") -> None:
        """The last call is over: it counts from now. The system counted it when it came, which was later than when
        it was sent; counted from its sending, the first of the next window could come too early."""
        now = self._monotonic()
        for limit, made in self._limits:
            if limit.of in ("", kind) and made:
                made[-1] = now

    def _until_free(self, limit: Limit, made: deque[float]) -> float:
        now = self._monotonic()
        while made and made[0] + limit.seconds <= now:
            made.popleft()
        if not made or (left := limit.calls - len(made)) > limit.spread:
            return 0.0
        until_next = made[0] + limit.seconds - now
        if left == 0:
            return until_next
        apart = until_next / (left + 1)
        return max(0.0, made[-1] + apart - now) if apart <= SHORT_SECONDS else 0.0
