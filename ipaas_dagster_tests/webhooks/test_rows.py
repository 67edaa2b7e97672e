"""The inbox in both stores, and the group commit in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import inbox
from ipaas_dagster.webhooks.event import Event
from ipaas_dagster.webhooks.rows import Told, add_events
from ipaas_dagster.webhooks.writer import GroupWriter, NotStored

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def operations(request: pytest.FixtureRequest, tmp_path: Path) -> Operations:
    at = f"sqlite:///{tmp_path}/operations.db"
    return Operations(request.getfixturevalue("postgresql") if request.param == "postgresql" else at)


def told(*event_ids: str, record: str = "1") -> list[Told]:
    return [("instagaze", Event(one, "accounts", record, "update"), NOON, "") for one in event_ids]


def states(operations: Operations) -> dict[str, str]:
    with operations.read() as connection:
        return {row.event_id: row.state for row in connection.execute(select(inbox.c.event_id, inbox.c.state))}


def test_an_event_is_stored_once_also_within_one_transaction(operations: Operations) -> None:
    with operations.write() as connection:
        assert add_events(connection, told("a", "b", "a")) == 2
    with operations.write() as connection:
        connection.execute(update(inbox).values(state="done"))
        assert add_events(connection, told("a", "c")) == 1
    assert states(operations) == {"a": "done", "b": "done", "c": "pending"}


def test_one_that_is_known_only_by_what_it_says_is_pending_again(operations: Operations) -> None:
    for _ in range(2):
        with operations.write() as connection:
            add_events(connection, told("says:x", "says:x"))
            connection.execute(update(inbox).values(state="done"))
    with operations.write() as connection:
        add_events(connection, told("says:x"))
    assert states(operations) == {"says:x": "pending"}


def test_thousands_in_one_transaction(operations: Operations) -> None:
    with operations.write() as connection:
        assert add_events(connection, told(*(f"e{n}" for n in range(2_500)))) == 2_500
    assert len(states(operations)) == 2_500


def test_many_requests_share_a_transaction_and_each_is_answered_after_its_own() -> None:
    commits: list[int] = []
    stored: set[str] = set()

    def store(batch: Sequence[Told]) -> int:
        commits.append(len(batch))
        stored.update(event.event_id for _, event, _, _ in batch)
        return len(batch)

    async def request(writer: GroupWriter, name: str) -> None:
        await writer.add(told(name))
        assert name in stored

    async def all_of_them() -> None:
        writer = GroupWriter(store, lambda text: None)
        await asyncio.gather(*(request(writer, f"e{n}") for n in range(500)))
        await writer.close()
        assert (writer.counts.stored, writer.counts.failed) == (500, 0)

    asyncio.run(all_of_them())
    assert sum(commits) == 500
    assert len(commits) < 50


def test_a_store_that_fails_or_is_full_fails_its_requests_alone_and_says_so_once() -> None:
    said: list[str] = []
    broken = [True]

    def store(batch: Sequence[Told]) -> int:
        if broken[0]:
            raise OSError("no space left")
        return len(batch)

    async def go() -> None:
        writer = GroupWriter(store, said.append, most_waiting=3)
        results = await asyncio.gather(*(writer.add(told(str(n))) for n in range(6)), return_exceptions=True)
        assert [type(one) for one in results] == [NotStored] * 6
        broken[0] = False
        await writer.add(told("x"))
        await writer.close()

    asyncio.run(go())
    assert len(said) == 1
    assert "no space left" in said[0]


def test_a_request_does_not_wait_for_ever() -> None:
    import threading

    free = threading.Event()

    def store(batch: Sequence[Told]) -> int:
        free.wait(30)
        return len(batch)

    async def go() -> None:
        writer = GroupWriter(store, lambda text: None, patience_seconds=0.01)
        with pytest.raises(NotStored, match="busy"):
            await writer.add(told("x"))
        free.set()
        await writer.close()

    asyncio.run(go())
