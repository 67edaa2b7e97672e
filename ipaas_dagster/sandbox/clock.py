"""The time that the stand-ins live in: the Date header, and the modified time of every write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


def system_time() -> datetime:
    return datetime.now(UTC)


class SandboxClock:
    """A clock that can be skewed against ours, stopped, and moved on. All times are aware UTC."""

    def __init__(self, now: Callable[[], datetime] = system_time, *, skew: timedelta = timedelta()) -> None:
        self._now = now
        self.skew = skew
        self._stopped_at: datetime | None = None

    def now(self) -> datetime:
        return (self._stopped_at or self._now()) + self.skew

    def milliseconds(self) -> int:
        """Now, in milliseconds since 1970: the precision of the documented times."""
        return to_milliseconds(self.now())

    def stop(self, at: datetime | None = None) -> None:
        """Stand still, at a given time or the present one; `advance` moves it on, `start` lets it run."""
        self._stopped_at = (at or self._now()).astimezone(UTC)

    def start(self) -> None:
        self._stopped_at = None

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds: a stopped clock stays stopped, a running one runs ahead."""
        if self._stopped_at is None:
            self.skew += timedelta(seconds=seconds)
        else:
            self._stopped_at += timedelta(seconds=seconds)

    def http_date(self) -> str:
        """Now as a Date header has it; whole seconds, so up to one second behind `now`."""
        return format_datetime(self.now(), usegmt=True)


def to_milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def iso(milliseconds: int) -> str:
    """A time as the document writes them: 2019-02-16T03:49:15.000Z."""
    seconds, rest = divmod(milliseconds, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
