"""API sessions: opened for a login, kept open by use, bound to the endpoint that was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Session:
    """`ends` moves on with every request; `locationid` is empty at the top level."""

    id: str
    userid: str
    companyid: str
    locationid: str
    endpoint: str
    opened: datetime
    ends: datetime
    requests: int = 0


class Sessions:
    """Open sessions by id. Ended ones are forgotten, so that an old id means nothing."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._count = 0

    def open(
        self, userid: str, companyid: str, locationid: str, endpoint: str, now: datetime, seconds: float
    ) -> Session:
        self._count += 1
        name = f"sandbox-session-{self._count:06d}.."
        session = Session(name, userid, companyid, locationid, endpoint, now, now + timedelta(seconds=seconds))
        self._open[name] = session
        return session

    def find(self, name: str, now: datetime, most_requests: int | None) -> Session | None:
        """The open session of that id, or None; one that is over its time or its requests ends here."""
        session = self._open.get(name)
        if session is None:
            return None
        if now >= session.ends or (most_requests is not None and session.requests >= most_requests):
            del self._open[name]
            return None
        return session

    def used(self, session: Session, now: datetime, seconds: float) -> None:
        """A request came in it: its end moves on."""
        session.requests += 1
        session.ends = now + timedelta(seconds=seconds)

    def expire(self) -> int:
        """End all; returns how many there were."""
        count = len(self._open)
        self._open.clear()
        return count
