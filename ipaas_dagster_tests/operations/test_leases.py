"""Leases: one holder at a time, by the database's clock, and nothing committed by one that was away for too long."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import func, insert, select, update

from ipaas_dagster.errors import LeaseLost, LockTimeout
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.leases import Leases
from ipaas_dagster.operations.tables import leases, marks
from ipaas_dagster.records import utc_now


@pytest.fixture
def store(postgresql: str) -> Iterator[Operations]:
    opened = Operations(postgresql)
    yield opened
    opened.dispose()


@pytest.fixture
def other(store: Operations, postgresql: str) -> Iterator[Operations]:
    """As another process has it."""
    opened = Operations(postgresql)
    yield opened
    opened.dispose()


def expire(store: Operations, name: str) -> None:
    """As if its holder had given no sign of life; its heartbeat is too slow to mend that in a test."""
    with store.write() as connection:
        connection.execute(update(leases).where(leases.c.name == name).values(expires_at=func.clock_timestamp()))


def note(store: Operations, name: str) -> None:
    with store.write() as connection:
        connection.execute(insert(marks).values(name=name, value=1, updated_at=utc_now()))


def noted(store: Operations) -> list[str]:
    with store.read() as connection:
        return list(connection.scalars(select(marks.c.name).order_by(marks.c.name)))


def test_one_holder_at_a_time_and_the_other_is_told_who_it_is(store: Operations, other: Operations) -> None:
    refused = pytest.raises(LockTimeout, match=r"'merge' is held by process \d+ on ")
    with Leases(store, 60).hold("merge") as first:
        with refused, Leases(other, 60).hold("merge", 0):
            pass
        with Leases(other, 60).hold("deliver-sql", 0):
            pass
    with Leases(other, 60).hold("merge", 0) as second:
        assert second.token > first.token


def test_a_name_is_known_once_it_was_held(store: Operations) -> None:
    held = Leases(store, 60)
    assert not held.known("deliver-sql")
    with held.hold("deliver-sql"):
        pass
    assert held.known("deliver-sql")


def test_a_heartbeat_keeps_it(store: Operations) -> None:
    with Leases(store, 0.3).hold("merge"):
        begun = _expiry(store)
        while _expiry(store) == begun:  # until it was renewed; without a heartbeat this test would never end
            pass
        note(store, "written")
    assert noted(store) == ["written"]


def _expiry(store: Operations) -> object:
    with store.read() as connection:
        return connection.scalar(select(leases.c.expires_at))


def test_who_lost_it_commits_nothing(store: Operations, other: Operations) -> None:
    mine, theirs = Leases(store, 600), Leases(other, 600)
    with mine.hold("merge") as lease:
        note(store, "in time")
        expire(other, "merge")
        with theirs.hold("merge", 0):
            with pytest.raises(LeaseLost, match="taken over"):
                note(store, "late")
            with pytest.raises(LeaseLost):
                lease.check()
            note(other, "successor")
    assert noted(store) == ["in time", "successor"]
    with theirs.hold("merge", 0):  # the late one gave back nothing that was not its own
        pass


def test_one_that_ran_out_and_was_not_taken_is_still_ours(store: Operations, other: Operations) -> None:
    with Leases(store, 600).hold("merge"):
        expire(other, "merge")
        note(store, "written")
        with pytest.raises(LockTimeout), Leases(other, 600).hold("merge", 0):  # the commit renewed it
            pass


def test_nobody_takes_it_between_the_check_and_the_commit(store: Operations, other: Operations) -> None:
    with Leases(store, 600).hold("merge"), store.write() as connection:
        expire(other, "merge")
        with pytest.raises(LockTimeout), Leases(other, 600).hold("merge", 0):
            pass
        connection.execute(insert(marks).values(name="written", value=1, updated_at=utc_now()))
    assert noted(store) == ["written"]


def test_many_at_once_go_one_after_the_other(postgresql: str) -> None:
    inside, most = 0, 0
    tokens: list[int] = []

    def work() -> None:
        nonlocal inside, most
        store = Operations(postgresql)
        with Leases(store, 60, 60).hold("merge") as lease:
            inside += 1
            most = max(most, inside)
            tokens.append(lease.token)
            inside -= 1
        store.dispose()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert tokens == sorted(set(tokens))
