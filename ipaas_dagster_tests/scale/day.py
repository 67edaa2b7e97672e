"""A day of many portals, event by event: what the change sensor launches, what it costs, how long a change waits.

Each portal's changes come by chance (a Poisson process). Every `look` seconds the sensor looks; where something is new
and no run of this portal waits or works, it launches one. A run takes its processor time on one core, first in first
out over `cores`; then each system is delivered to, by a run of its own. The same seed gives the same day.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`changes` of one portal in an hour; `run`, `delivery`: seconds of a core; `look`: seconds between two looks."""

    portals: int
    changes: float
    look: float
    run: float
    delivery: float
    systems: int
    cores: int
    hours: float = 2.0
    seed: int = 1


@dataclass(frozen=True)
class Seen:
    """`busy`: share of the cores' time; waits in seconds, from the change at the source to its last system, of those
    that arrived; `left`: changes that had not when the time was over."""

    runs: int
    busy: float
    half: float
    most: float
    changes: int
    left: int


@dataclass
class _Portal:
    phase: float
    waiting: list[float]
    """When each change came that no run has taken yet."""


def simulate(plan: Plan) -> Seen:
    dice = random.Random(plan.seed)
    end = plan.hours * 3_600
    free = [0.0] * plan.cores
    work = plan.run + plan.systems * plan.delivery
    waits: list[float] = []
    runs, spent = 0, 0.0
    looks: list[tuple[float, int]] = []
    portals = []
    for number in range(plan.portals):
        portals.append(_Portal(dice.uniform(0, plan.look), _arrivals(dice, plan.changes, end)))
        heapq.heappush(looks, (portals[number].phase, number))
    changes = sum(len(portal.waiting) for portal in portals)
    for portal in portals:
        portal.waiting.reverse()  # the next one is the last
    while looks:
        now, number = heapq.heappop(looks)
        if now >= end:
            continue
        taken = _taken(portals[number].waiting, now)
        if not taken:
            heapq.heappush(looks, (now + plan.look, number))
            continue
        started = max(now, heapq.heappop(free))
        done = started + work
        heapq.heappush(free, done)
        runs += 1 + plan.systems
        spent += max(0.0, min(done, end) - min(started, end))
        waits += [done - came for came in taken if done <= end]
        looks_passed = int((done - now) / plan.look) + 1  # those while it is under way launch nothing
        heapq.heappush(looks, (now + looks_passed * plan.look, number))
    waits.sort()
    return Seen(
        runs,
        spent / (plan.cores * end),
        waits[len(waits) // 2] if waits else float("inf"),
        waits[int(len(waits) * 0.99)] if waits else float("inf"),
        changes,
        changes - len(waits),
    )


def _arrivals(dice: random.Random, an_hour: float, end: float) -> list[float]:
    found, now = [], dice.expovariate(an_hour / 3_600)
    while now < end:
        found.append(now)
        now += dice.expovariate(an_hour / 3_600)
    return found


def _taken(waiting: list[float], now: float) -> list[float]:
    taken = []
    while waiting and waiting[-1] <= now:
        taken.append(waiting.pop())
    return taken
