"""How long a record waits before its next attempt."""

from __future__ import annotations

from collections.abc import Sequence

ATTEMPTS = 8
"""Attempts before an entry is dead: with the waits below, after about 80 minutes of trouble with this record."""

FIRST_SECONDS = 1.0
FACTOR = 4.0
LONGEST_SECONDS = 3600.0


def wait_seconds(attempts: int, chance: float, waits: Sequence[float] = ()) -> float:
    """Seconds until the next attempt after `attempts` used-up ones (1 or more): 1, 4, 16, 64 ... up to an hour; or
    `waits`, of which the last one stays.

    `chance` in [0, 1) spreads it over 50% to 100% of that, so that what failed together does not return together.
    """
    if waits:
        full = waits[min(max(attempts, 1), len(waits)) - 1]
    else:
        full = min(LONGEST_SECONDS, FIRST_SECONDS * FACTOR ** min(attempts - 1, 20))
    return float(full * (0.5 + 0.5 * chance))
