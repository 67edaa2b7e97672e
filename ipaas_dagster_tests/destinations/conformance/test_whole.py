"""One suite over every system, through whole deliveries: what a user would notice, by the system's own word.

A case that does not apply is skipped with its reason, and the reason is proven where the system could have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.deliver import DeliverResult, Means, connect, deliver, setting
from ipaas_dagster.destinations import DESTINATIONS, destination_kind
from ipaas_dagster.destinations.base import Batch, Capabilities, Destination, Entry, Outcome
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.project import Project
from ipaas_dagster.sandbox import Fault
from ipaas_dagster_tests.conftest import use_store
from ipaas_dagster_tests.destinations.conformance.systems import SYSTEMS, Connected, Remote
from ipaas_dagster_tests.outbox.world import World


class Crash(BaseException):
    """The process ends here: nothing catches it, nothing is committed after it."""


@dataclass
class Between:
    """A real destination, with something that happens before or after its next batches."""

    real: Destination
    before: list[Callable[[], object] | None] = field(default_factory=list)
    after: list[Callable[[], object] | None] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return self.real.capabilities

    def check(self) -> str:
        return self.real.check()

    def requests(self, batch: Batch) -> Sequence[Request]:
        return self.real.requests(batch)

    def deliver(self, batch: Batch) -> Sequence[Outcome]:
        self._happens(self.before)
        outcomes = self.real.deliver(batch)
        self._happens(self.after)
        return outcomes

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        return self.real.resolve(entries)

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        return self.real.read(collection, object, keys)

    def ledger_name(self, batch: Batch) -> tuple[str, str] | None:
        return self.real.ledger_name(batch)

    def close(self) -> None:
        self.real.close()

    @staticmethod
    def _happens(events: list[Callable[[], object] | None]) -> None:
        event = events.pop(0) if events else None
        if event is not None:
            event()


class Book:
    """An installation that is connected to the system, over a hub in memory."""

    def __init__(self, folder: Path, there: Connected, **variables: str) -> None:
        self.there = there
        self.world = World(folder, environment={**there.environment, **variables})
        self.hub = self.world.hub

    def customer(self, which: int, **columns: Any) -> str:
        hub_id = f"instagaze:accounts:{which}"
        self.hub.put("customers", hub_id, **{"name": f"Customer {which}", "number": f"N-{which}", **columns})
        return hub_id

    def child(self, number: int, parent: str) -> str:
        collection, column = self.there.child
        hub_id = f"instagaze:{collection}:{number}"
        columns = {column: f"Child {number}", "customer_id": parent, **self.there.child_columns}
        self.hub.put(collection, hub_id, **columns)
        self.there.child_needs(self.hub, hub_id)
        return hub_id

    def deliver(
        self,
        before: Sequence[Callable[[], object] | None] = (),
        after: Sequence[Callable[[], object] | None] = (),
    ) -> DeliverResult:
        def between(project: Project, system: str) -> Destination:
            kind = destination_kind(project.worksheet.system(system).kind.name)
            made = kind.connect(replace(setting(project, system), wait=self.world.clock.wait))
            return Between(made, list(before), list(after))

        means = Means(between, wait=self.world.clock.wait, chance=lambda: 0.5)
        return deliver(self.world.project, self.there.kind, means)

    def entry(self, hub_id: str) -> Any:
        return self.world.entries(system=self.there.kind, hub_id=hub_id)[-1]

    def able(self) -> Capabilities:
        destination = connect(self.world.project, self.there.kind)
        destination.close()
        return destination.capabilities


CASES = [(name, store) for store in ("sqlite", "postgresql") for name in SYSTEMS]
"""Each system, with operations on each engine."""


@pytest.fixture(params=CASES, ids="-on-".join)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connected]:
    name, store = request.param
    with contextmanager(use_store)(request, store), SYSTEMS[name](tmp_path, request.getfixturevalue) as connected:
        yield connected


@pytest.fixture
def book(there: Connected, tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path, there)
    yield book
    book.world.assert_balanced()


def remote_of(there: Connected) -> Remote:
    """The case needs an HTTP service: without one it is skipped, and that none is named to it is proven."""
    if there.remote is None:
        assert not [value for value in there.environment.values() if value.startswith("http")]
        pytest.skip(f"{there.kind} is reached without an HTTP service: no sessions, limits or lost answers of one")
    return there.remote


def test_every_destination_has_a_system() -> None:
    assert {name.split("-")[0] for name in SYSTEMS} == {kind.name for kind in DESTINATIONS}


def test_records_arrive_once_and_a_second_run_sends_nothing(book: Book, there: Connected) -> None:
    for n in range(1, 6):
        book.customer(n)
    book.child(1, "instagaze:accounts:2")
    book.deliver()
    assert there.names() == [f"Customer {n}" for n in range(1, 6)]
    assert there.children() == [("Child 1", "Customer 2")]
    sent = there.remote.requests if there.remote else 0
    assert book.deliver().calls == 0
    assert (there.remote.requests if there.remote else 0) == sent


def test_a_change_arrives_and_what_is_unchanged_is_not_sent(book: Book, there: Connected) -> None:
    book.customer(1)
    book.customer(2)
    book.deliver()
    book.customer(1, name="Renamed")
    book.customer(2)
    result = book.deliver()
    assert there.names() == ["Customer 2", "Renamed"]
    assert (result.routes["customers"].delivered, result.routes["customers"].same_as_delivered) == (1, 1)


def test_deleted_there_and_back(book: Book, there: Connected) -> None:
    able = book.able()
    hub_id = book.customer(1)
    book.customer(2)
    book.deliver()
    book.hub.drop("customers", hub_id)
    book.deliver()
    if not able.deletes:
        assert there.names() == ["Customer 1", "Customer 2"]
        pytest.skip("it declares that it deletes nothing, and it did not")
    assert there.names() == ["Customer 2"]
    book.customer(1, name="Back")
    book.deliver()
    assert there.names() == ["Back", "Customer 2"]


ODD = [{"name": "a\x00b"}, {"name": "\x01"}, {"owner_email": "no address"}, {"owner_email": "a\x01b"}, {"name": None}]
"""What other systems refuse of a customer."""


def test_one_bad_record_is_dead_by_name_and_the_others_arrive(book: Book, there: Connected) -> None:
    for n in range(1, 8):
        book.customer(n)
    if there.bad is None:
        odd = [book.customer(n, **columns) for n, columns in enumerate(ODD, 8)]
        book.deliver()
        assert [book.entry(hub_id).state for hub_id in odd] == ["delivered"] * len(ODD)
        pytest.skip("it takes every value that a record can have, as it just did")
    bad = book.customer(8, **there.bad)
    result = book.deliver()
    assert there.names() == [f"Customer {n}" for n in range(1, 8)]
    assert (result.routes["customers"].delivered, result.routes["customers"].new_dead) == (7, 1)
    assert book.entry(bad).state == "dead"
    assert len(book.entry(bad).reason) > 3
    book.customer(8, **{name: None for name in there.bad if name != "name"})
    book.deliver()
    assert len(there.names()) == 8
    assert {e.state for e in book.world.entries(hub_id=bad)} == {"superseded", "delivered"}


def test_throttling_uses_up_no_attempt(book: Book, there: Connected) -> None:
    remote = remote_of(there)
    ids = [book.customer(n) for n in range(1, 4)]
    remote.stand_in.faults.set([remote.throttled])
    book.deliver()
    assert sum(remote.stand_in.faults.struck().values()) == 1
    assert there.names() == [f"Customer {n}" for n in range(1, 4)]
    assert {book.entry(hub_id).attempts for hub_id in ids} == {1}
    assert book.world.clock.waited


def test_credentials_that_expire_in_the_middle_are_renewed(book: Book, there: Connected) -> None:
    remote = remote_of(there)
    collection, columns = there.second
    book.customer(1)
    book.hub.put(collection, f"instagaze:products:{1}", **columns)
    result = book.deliver(before=[None, remote.expire])
    assert result.stopped is None
    assert there.names() == ["Customer 1"]
    assert {e.state for e in book.world.entries(system=there.kind)} == {"delivered"}


@pytest.mark.parametrize("kind", ["lost_answer", "late_error", "truncated", "broken_json"])
def test_an_answer_that_is_lost_after_the_write(book: Book, there: Connected, kind: str) -> None:
    remote = remote_of(there)
    for n in range(1, 5):
        book.customer(n)
    remote.stand_in.faults.set([remote.fault(kind, times=2)])
    book.deliver()
    assert sum(remote.stand_in.faults.struck().values()) == 2
    assert there.names() == [f"Customer {n}" for n in range(1, 5)]
    book.customer(1, name="Renamed")
    remote.stand_in.faults.set([remote.fault(kind, times=1)])
    book.deliver()
    assert there.names() == ["Customer 2", "Customer 3", "Customer 4", "Renamed"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_between_send_and_commit(book: Book, there: Connected, when: str) -> None:
    def crash() -> None:
        raise Crash

    for n in range(1, 5):
        book.customer(n)
    with pytest.raises(Crash):
        book.deliver(**{when: [crash]})
    assert {e.state for e in book.world.entries(system=there.kind)} == {"sending"}
    book.deliver()
    assert there.names() == [f"Customer {n}" for n in range(1, 5)]
    book.customer(2, name="Renamed")
    with pytest.raises(Crash):
        book.deliver(**{when: [crash]})
    book.deliver()
    assert there.names() == ["Customer 1", "Customer 3", "Customer 4", "Renamed"]


def test_a_parent_that_is_missing_and_then_arrives(book: Book, there: Connected) -> None:
    child = book.child(1, "instagaze:accounts:1")
    book.deliver()
    if book.able().keeps_hub_ids:
        assert book.entry(child).state == "delivered"
        pytest.skip("it keeps references as hub ids: a child goes before its parent, as it just did")
    assert (book.entry(child).state, book.entry(child).blocked_on) == ("blocked", "instagaze:accounts:1")
    assert there.children() == []
    book.customer(1)
    book.deliver()
    assert there.children() == [("Child 1", "Customer 1")]


TEXTS = ["Zoë 👩‍👩‍👧 中文 עברית", "quote \" apostrophe ' comma , & <b> %", "  inner   spaces kept", "NULL", "=1+1"]


def test_text_is_kept_exactly(book: Book, there: Connected) -> None:
    for turn in ("first", "again"):
        for which, name in enumerate(TEXTS):
            book.customer(which, name=name, number=f"{turn} {which}")
        book.deliver()
        assert there.names() in (sorted(TEXTS), sorted(map(str.strip, TEXTS)))


def test_a_name_that_is_too_long_is_cut_by_the_template_or_dead_by_its_field(book: Book, there: Connected) -> None:
    long = "x" * 3_000
    hub_id = book.customer(1, name=long)
    book.customer(2)
    book.deliver()
    entry = book.entry(hub_id)
    if there.name_limit is None:
        assert there.names() == ["Customer 2", long]
    elif entry.state == "dead":
        assert there.names() == ["Customer 2"]
        assert "name" in entry.reason.lower()
    else:
        assert there.names() == ["Customer 2", long[: there.name_limit]]


def test_two_workers_at_once(book: Book, there: Connected, tmp_path: Path) -> None:
    """The system's one deliverer: the second waits, then finds nothing to do."""
    for n in range(1, 31):
        book.customer(n)
    other = Book(tmp_path, there)
    other.world.project.__dict__["hub"] = book.hub
    with ThreadPoolExecutor(2) as pool:
        results = [done.result() for done in [pool.submit(one.deliver) for one in (book, other)]]
    assert sorted(there.names()) == sorted(f"Customer {n}" for n in range(1, 31))
    assert sum(result.routes["customers"].delivered for result in results) == 30


def test_a_host_that_is_not_there_stops_the_system_and_loses_nothing(there: Connected, tmp_path: Path) -> None:
    remote = remote_of(there)
    away = Book(tmp_path, there, **remote.nowhere)
    hub_id = away.customer(1)
    result = away.deliver()
    assert result.stopped
    assert (away.entry(hub_id).state, away.entry(hub_id).attempts) == ("pending", 0)
    back = Book(tmp_path, there)
    back.world.project.__dict__["hub"] = away.hub
    back.deliver()
    assert there.names() == ["Customer 1"]


def test_wrong_credentials_stop_the_system_and_are_not_repeated_in_words(there: Connected, tmp_path: Path) -> None:
    remote = remote_of(there)
    wrong = Book(tmp_path, there, **remote.wrong)
    hub_id = wrong.customer(1)
    result = wrong.deliver()
    assert result.stopped
    assert not any(secret in result.stopped for secret in remote.wrong.values())
    assert (wrong.entry(hub_id).state, wrong.entry(hub_id).attempts) == ("pending", 0)
    assert there.names() == []


def test_many_faults_and_still_each_record_once(book: Book, there: Connected) -> None:
    """A fifth of all answers is lost, over several runs with changes between them."""
    remote = remote_of(there)
    remote.stand_in.faults.set([Fault("lost_answer", 0.2), Fault("late_error", 0.05), Fault("reset", 0.05)], seed=7)
    for round_ in range(3):
        for n in range(1, 41):
            if n % 3 == round_ or round_ == 0:
                book.customer(n, name=f"Customer {n} v{round_}")
                if n % 5 == 0:
                    book.child(n, f"instagaze:accounts:{n}")
        book.deliver()
    remote.stand_in.faults.clear()
    for _ in range(3):
        book.world.clock.wait(3600)
        book.deliver()
    wanted = [f"Customer {n} v{n % 3 if n % 3 else 0}" for n in range(1, 41)]
    assert there.names() == sorted(wanted)
    assert len(there.children()) == 8
