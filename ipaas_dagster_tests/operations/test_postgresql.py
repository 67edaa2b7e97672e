"""What is different where the store is a server: connections are lost, several make it at once, a password is there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, func, insert, select, text

from ipaas_dagster.errors import NotSetUp, StoreUnreachable
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import marks
from ipaas_dagster.records import utc_now


@pytest.fixture
def store(postgresql: str) -> Iterator[Operations]:
    opened = Operations(postgresql)
    yield opened
    opened.dispose()


def note(connection: Connection, name: str) -> None:
    connection.execute(insert(marks).values(name=name, value=1, updated_at=utc_now()))


def count(store: Operations) -> int | None:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(marks))


def session_of(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def cut(store: Operations, session: int) -> None:
    """The server ends that session, as when it restarts."""
    with store.engine.connect() as other:
        other.execute(text(f"SELECT pg_terminate_backend({session})"))


def test_a_connection_lost_in_the_middle_is_told_and_nothing_is_half_written(store: Operations) -> None:
    def lost_in_the_middle() -> None:
        with store.write() as connection:
            note(connection, "first")
            cut(store, session_of(connection))
            note(connection, "second")

    with pytest.raises(StoreUnreachable, match=r"was lost .* run again"):
        lost_in_the_middle()
    assert count(store) == 0
    with store.write() as connection:
        note(connection, "again")
    assert count(store) == 1


def test_a_connection_that_was_closed_while_nobody_used_it_is_replaced(store: Operations) -> None:
    with store.read() as connection:
        session = session_of(connection)
    with store.read(), store.read() as connection:  # the one is in use, so that another one cuts it
        assert session_of(connection) != session
        connection.execute(text(f"SELECT pg_terminate_backend({session})"))
    assert count(store) == 0


def test_a_reading_transaction_is_one_snapshot_and_writes_nothing(store: Operations) -> None:
    with store.read() as reading:
        assert reading.scalar(select(func.count()).select_from(marks)) == 0
        with store.write() as connection:
            note(connection, "meanwhile")
        assert reading.scalar(select(func.count()).select_from(marks)) == 0
    assert count(store) == 1


def test_several_processes_may_make_it_at_once(postgresql: str) -> None:
    stores = [Operations(postgresql) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, stores)) == [0, 0, 0, 0]
    for one in stores:
        one.dispose()


def test_the_password_is_never_shown() -> None:
    with pytest.raises(NotSetUp) as error:
        count(Operations("postgresql+psycopg://me:s3cret-word@127.0.0.1:1/books?sslpassword=other-word"))
    told = f"{error.value} {error.value.__cause__}"
    assert "s3cret-word" not in told
    assert "other-word" not in told
    assert "127.0.0.1:1/books" in told
