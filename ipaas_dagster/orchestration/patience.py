"""Launch at once for something new, and ever more rarely for what a run has already tried in vain. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class Tried:
    """`what` was there when a run was launched for it; the `tries`-th time, and not again before
    `next_at`."""

    what: str
    tries: int
    next_at: datetime


def due(
    present: Mapping[str, str], tried: Mapping[str, Tried], now: datetime
) -> tuple[tuple[str, ...], dict[str, Tried]]:
    """The names to launch for now, and what to remember. Names no longer present are forgotten."""
    launch, remembered = [], {}
    for name, what in present.items():
        before = tried.get(name)
        if before is not None and before.what == what and now < before.next_at:
            remembered[name] = before
            continue
        tries = before.tries + 1 if before is not None and before.what == what else 1
        wait = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
        launch.append(name)
        remembered[name] = Tried(what, tries, now + wait)
    return tuple(launch), remembered


def dump(tried: Mapping[str, Tried]) -> str:
    """As a sensor's cursor."""
    return json.dumps({name: asdict(one) for name, one in sorted(tried.items())}, default=datetime.isoformat)


def parse(cursor: str | None) -> dict[str, Tried]:
    """A sensor's cursor; one that is not ours (an older release) is forgotten, which costs one run at
    most."""
    try:
        found = json.loads(cursor or "{}")
        return {
            name: Tried(str(one["what"]), int(one["tries"]), datetime.fromisoformat(one["next_at"]))
            for name, one in found.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
