"""Exclusive work across machines: a row a name, held for a time by the database's clock and renewed meanwhile.

A holder that was away for longer (stopped, cut off) finds its name taken over. It cannot do harm then: every writing
transaction of its store first reads its row under a lock and asks whether the token is still its own. Who takes a
name over must lock the same row, and waits for nobody: so what commits, commits before the name can change hands.

Tokens grow with every acquisition. They begin with the time, so that they also grow where the store was restored from
a backup, and a hub that remembers the greatest one it has seen goes on.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from ipaas_dagster.errors import LeaseLost, LockTimeout
from ipaas_dagster.operations.tables import leases

if TYPE_CHECKING:
    from ipaas_dagster.operations.store import Operations

_POLL_SECONDS = 0.1
_NOW = func.clock_timestamp()
_AGES_AGO = text("'epoch'::timestamptz")
_MINE = (leases.c.name == bindparam("lease")) & (leases.c.token == bindparam("mine"))
_UNTIL = _NOW + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("seconds"))

_RENEW = update(leases).where(_MINE).values(expires_at=_UNTIL)
_GIVE_BACK = update(leases).where(_MINE).values(holder="", expires_at=_NOW)
# FOR KEY SHARE: beside the heartbeat's renewal, but never beside a take-over, which locks FOR UPDATE.
_STILL = select(leases.c.expires_at > _UNTIL).where(_MINE).with_for_update(read=True, key_share=True)
_TAKE = (
    update(leases)
    .where(leases.c.name == bindparam("lease"))
    .values(
        holder=bindparam("by"),
        token=func.greatest(leases.c.token + 1, text("(extract(epoch FROM clock_timestamp()) * 1000)::bigint")),
        acquired_at=_NOW,
        expires_at=_UNTIL,
    )
    .returning(leases.c.token)
)


@dataclass(frozen=True)
class Lease:
    """One name held by this process."""

    operations: Operations
    name: str
    token: int
    seconds: float

    def check(self) -> None:
        """For work outside of the operations store: still ours, and for the better part of its time to come."""
        with self.operations.engine.begin() as connection:
            self.fence(connection)

    def fence(self, connection: Connection) -> None:
        """In the caller's transaction, which keeps the name from changing hands until it ends. Raises LeaseLost."""
        mine = {"lease": self.name, "mine": self.token}
        fresh = connection.scalar(_STILL, {**mine, "seconds": self.seconds / 3})
        if fresh is None:
            raise LeaseLost(
                f"{self.name!r} was taken over by another process, because this one gave no sign of life for "
                f"{self.seconds:g} s; nothing of this step was written, and the other one goes on with the work. "
                "Where that happens often, raise IPAAS_LEASE_SECONDS"
            )
        if not fresh:
            connection.execute(_RENEW, {**mine, "seconds": self.seconds})

    def renew(self) -> bool:
        """False where it is another's by now."""
        with self.operations.engine.begin() as connection:
            given = {"lease": self.name, "mine": self.token, "seconds": self.seconds}
            return connection.execute(_RENEW, given).rowcount == 1

    def give_back(self) -> None:
        with self.operations.engine.begin() as connection:
            connection.execute(_GIVE_BACK, {"lease": self.name, "mine": self.token})


class Leases:
    """Leases by name for `seconds` each, renewed by a thread for as long as they are held."""

    def __init__(self, operations: Operations, seconds: float, limit_seconds: float = 600.0) -> None:
        self._operations, self._seconds, self._limit = operations, seconds, limit_seconds
        self._holder = f"process {os.getpid()} on {socket.gethostname()}"

    @contextmanager
    def hold(self, name: str, limit_seconds: float | None = None) -> Iterator[Lease]:
        lease = self._acquire(name, self._limit if limit_seconds is None else limit_seconds)
        with _renewed(lease), self._operations.fenced(lease.fence):
            yield lease

    def known(self, name: str) -> bool:
        with self._operations.read() as connection:
            return connection.scalar(select(leases.c.token).where(leases.c.name == name)) is not None

    def _acquire(self, name: str, limit: float) -> Lease:
        deadline = time.monotonic() + limit
        while True:
            token, holder = self._try(name)
            if token is not None:
                return Lease(self._operations, name, token, self._seconds)
            if time.monotonic() >= deadline:
                raise LockTimeout(
                    f"{name!r} is held by {holder or 'another process'} for longer than {limit:g} s; "
                    "wait for it to end, or raise IPAAS_LOCK_SECONDS"
                )
            time.sleep(_POLL_SECONDS)

    def _try(self, name: str) -> tuple[int | None, str]:
        """(token, "") of a name that was free, else (None, who holds it)."""
        free = select(leases.c.holder, leases.c.expires_at <= _NOW).where(leases.c.name == name)
        with self._operations.engine.begin() as connection:
            nobody = {"name": name, "holder": "", "token": 0, "acquired_at": _NOW, "expires_at": _AGES_AGO}
            found = connection.execute(free).first()
            if found is None:
                connection.execute(insert(leases).values(nobody).on_conflict_do_nothing())
            elif not found[1]:
                return None, found[0]
            found = connection.execute(free.with_for_update(skip_locked=True)).first()
            if found is None or not found[1]:
                return None, found[0] if found else ""
            given = {"lease": name, "by": self._holder, "seconds": self._seconds}
            return connection.scalar(_TAKE, given), ""


@contextmanager
def _renewed(lease: Lease) -> Iterator[None]:
    """Renew at a third of its time, so that one or two that fail do no harm; give it back at the end."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat, args=(lease, ended), name=f"lease-{lease.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(DBAPIError):  # the store is gone: the lease ends by itself, and the block's own error counts
            lease.give_back()


def _beat(lease: Lease, ended: threading.Event) -> None:
    while not ended.wait(lease.seconds / 3):
        try:
            if not lease.renew():
                return  # the next commit says so
        except DBAPIError:
            continue  # tried again; a lease that ended meanwhile is found by the next commit
