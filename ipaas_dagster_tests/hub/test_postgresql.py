"""The hub on a server: several writers at once, readers that see one moment, clear words, no password in them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from ipaas_dagster import crash_points
from ipaas_dagster.errors import NotSetUp, SettingsError, StoreUnreachable
from ipaas_dagster.hub import Hub, HubHead
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.hub.landing import Merged
from ipaas_dagster.locks import Locks
from ipaas_dagster.merge import merge_into
from ipaas_dagster.records import LandingNote
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.source.landing import LandingStore
from ipaas_dagster_tests.conftest import NewDatabase
from ipaas_dagster_tests.hub import staged
from ipaas_dagster_tests.hub.staged import Account, Landing, open_hub

SEEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def url(hub_database: NewDatabase) -> str:
    return hub_database()


@pytest.fixture
def hub(tmp_path: Path, url: str) -> Hub:
    return open_hub(tmp_path, url)


def test_a_database_without_hub_reads_as_empty_and_is_left_so(hub: Hub) -> None:
    assert hub.head() == HubHead("", 0)
    assert hub.changes("customers", 0, 10) == []
    assert not hub.exists()


class Landings:
    """Real landings of two collections that share no table of the hub."""

    def __init__(self, folder: Path) -> None:
        self.store = LandingStore(f"file://{folder}")

    def of(self, collection: str) -> LandingNote:
        with running_sandbox(accounts=6, seed=1, samples=None) as sandbox:
            records = [json.dumps(record).encode() for record in sandbox.instagaze.truth(collection)]
        with self.store.writer(collection, run_id="run") as writer:
            writer.page(SEEN, records)
            return writer.close("since")

    def merge(self, hub: Hub, note: LandingNote) -> Merged:
        return merge_into(hub, self.store.path(note.landing_id), note, guard=Guard(1.0, 10**6), run_id="run")


@contextmanager
def first_commit_held() -> Iterator[tuple[threading.Event, threading.Event]]:
    """The first merge stands still right before its commit: (it does, it may go on)."""
    stands, go_on = threading.Event(), threading.Event()

    def reached(point: str) -> None:
        if point == "hub.landing.merge_landing: committing" and not stands.is_set():
            stands.set()
            assert go_on.wait(60)

    crash_points.watch(reached)
    try:
        yield stands, go_on
    finally:
        go_on.set()
        crash_points.watch(None)


def wait_until_one_waits(url: str, other: Future[Merged]) -> None:
    """Somebody waits for a lock of the hub's database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    engine = create_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not other.done() and not connection.scalar(text(waiting)):
            connection.scalar(text("SELECT pg_sleep(0.02)"))
    engine.dispose()


def test_a_position_never_passes_a_change_that_is_still_to_come(tmp_path: Path, hub: Hub, url: str) -> None:
    """The first transaction took its numbers, and commits only when the second would have long been done."""
    landings = Landings(tmp_path / "landings")
    notes = [landings.of("accounts"), landings.of("products")]
    with hub.writing():
        pass  # its tables are made before both
    with ThreadPoolExecutor(2) as pool, first_commit_held() as (stands, go_on):
        first = pool.submit(landings.merge, hub, notes[0])
        assert stands.wait(60)
        second = pool.submit(landings.merge, hub, notes[1])
        wait_until_one_waits(url, second)
        position = hub.head().seq  # what a route would remember as read
        assert not second.done(), "the later numbers are there before the earlier ones"
        assert position == 0
        go_on.set()
        last = max(first.result(60).head.seq, second.result(60).head.seq)
    names = ("customers", "contacts", "items")
    assert sorted(c.seq for name in names for c in hub.changes(name, position, 10_000)) == list(range(1, last + 1))


def test_the_same_landing_merged_by_two_at_once_is_merged_once(tmp_path: Path, hub: Hub, url: str) -> None:
    landings = Landings(tmp_path / "landings")
    note = landings.of("products")
    with ThreadPoolExecutor(2) as pool, first_commit_held() as (stands, go_on):
        first = pool.submit(landings.merge, hub, note)
        assert stands.wait(60)
        second = pool.submit(landings.merge, hub, note)
        wait_until_one_waits(url, second)
        go_on.set()
        assert first.result(60).counts == second.result(60).counts
    assert {change.version for change in hub.changes("items", 0, 1000)} == {1}


def test_a_reader_sees_one_moment_and_holds_up_nobody(hub: Hub) -> None:
    staged.merge_into(hub, Landing("a", 1, [Account(1)]))
    with hub.reading() as connection:
        assert connection is not None
        counted = "SELECT count(*) FROM hub.customers"
        assert connection.execute(counted).fetchone() == (1,)
        staged.merge_into(hub, Landing("b", 2, [Account(2)]))
        assert connection.execute(counted).fetchone() == (1,)
    assert len(hub.current("customers", None, 10)) == 2


def test_a_reader_whose_connection_broke_does_not_spoil_the_next(hub: Hub) -> None:
    staged.merge_into(hub, Landing("a", 1, [Account(1)]))
    with pytest.raises(StoreUnreachable, match="broke off"):
        _break(hub)
    assert hub.head().seq == 1


def _break(hub: Hub) -> None:
    with hub.reading() as connection:
        assert connection is not None
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_no_error_shows_the_password(tmp_path: Path, url: str) -> None:
    wrong = make_url(url).set(username="nobody", password="s3cret-word").render_as_string(hide_password=False)
    with pytest.raises(NotSetUp, match="cannot be opened") as told:
        open_hub(tmp_path, wrong).head()
    assert "s3cret-word" not in f"{told.value!r} {told.value.__cause__!r}"
    for broken in ("postgresql+psycopg:u:s3cret-word@host/db", "mysql://u:s3cret-word@host/db", "s3cret-word"):
        with pytest.raises(SettingsError) as refused:
            Hub(broken, Locks(tmp_path))
        assert "s3cret-word" not in str(refused.value)
