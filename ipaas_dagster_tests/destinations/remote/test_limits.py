"""Calls stay within what a system takes, in any stretch of time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.destinations.base import Throttled
from ipaas_dagster.destinations.remote.limits import Limit, Limiter


@dataclass
class Time:
    now: float = 0.0
    waited: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=80))
def test_never_more_in_any_window(gaps: list[float]) -> None:
    time = Time()
    limiter = Limiter([Limit(5, 1.0), Limit(12, 4.0)], time.wait, lambda: time.now)
    made: list[float] = []
    for gap in gaps:
        time.now += gap
        limiter.take()
        made.append(time.now)
    for limit, seconds in ((5, 1.0), (12, 4.0)):
        for n in range(len(made) - limit):
            assert made[n + limit] - made[n] >= seconds - 1e-9


def test_a_kind_has_its_own_limit_and_counts_in_the_common_one() -> None:
    time = Time()
    limiter = Limiter([Limit(3, 1.0), Limit(1, 1.0, of="batch")], time.wait, lambda: time.now)
    limiter.take("batch")
    limiter.take()
    limiter.take()
    assert time.waited == []
    limiter.take()
    assert time.now == pytest.approx(1.0)


def test_a_long_wait_is_the_deliverers_to_decide() -> None:
    time = Time()
    limiter = Limiter([Limit(1, 60.0)], time.wait, lambda: time.now)
    limiter.take()
    with pytest.raises(Throttled) as throttled:
        limiter.take()
    assert throttled.value.seconds == pytest.approx(60.0)
    time.now += 60.0
    limiter.take()


@given(st.lists(st.tuples(st.floats(0, 0.05), st.floats(0, 0.2)), min_size=12, max_size=60))
def test_the_system_counts_calls_when_they_come(calls: list[tuple[float, float]]) -> None:
    """Each takes some time to arrive and some to be answered; in no second do more than five arrive."""
    time = Time()
    limiter = Limiter([Limit(5, 1.0)], time.wait, lambda: time.now)
    came: list[float] = []
    for there, back in calls:
        limiter.take()
        came.append(time.now + there)
        time.now += there + back
        limiter.answered()
    for n in range(len(came) - 5):
        assert came[n + 5] - came[n] >= 1.0 - 1e-9


@pytest.mark.parametrize("calls", [14, 40, 500])
def test_few_calls_go_at_once_and_many_by_short_waits(calls: int) -> None:
    """Nothing is stopped for the rest of a minute, however many there are; and no minute has more than it may."""
    time = Time()
    limiter = Limiter([Limit(calls, 60.0, evenly=True)], time.wait, lambda: time.now)
    made: list[float] = []
    for _ in range(calls * 4):
        limiter.take()
        made.append(time.now)
        time.now += 0.02
    at_once = min(calls // 2, calls - 12)
    assert made[at_once - 1] < 60.0 / calls * at_once / 2
    assert max(time.waited) <= 5.0
    assert all(later - first >= 60.0 - 1e-6 for first, later in zip(made, made[calls:], strict=False))
    assert made[-1] < 60.0 * 4 + 1.0
