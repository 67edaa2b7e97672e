"""For every system over HTTP: the bytes that arrive are the plan's, but for its declared holes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster.deliver import Means, connect
from ipaas_dagster.plan import PlanFile, apply, make_plan
from ipaas_dagster.plan.model import PlannedRequest
from ipaas_dagster_tests.destinations.conformance.systems import SYSTEMS, Connected
from ipaas_dagster_tests.destinations.conformance.test_whole import Book, remote_of

REMOTE = [name for name in SYSTEMS if not name.startswith(("sql", "files"))]


@pytest.fixture(params=REMOTE)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connected]:
    with SYSTEMS[request.param](tmp_path, request.getfixturevalue) as connected:
        yield connected


@pytest.fixture
def book(there: Connected, tmp_path: Path) -> Book:
    book = Book(tmp_path, there)
    for n in range(1, 8):
        book.customer(n)
    for n in range(1, 4):
        book.child(n, f"instagaze:accounts:{n}")
    return book


def planned(book: Book, out: Path) -> PlanFile:
    return make_plan(book.world.project, book.there.kind, out)


def applied(book: Book, plan: PlanFile) -> None:
    done = apply(book.world.project, plan, Means(connect, wait=book.world.clock.wait))
    assert (done.skipped, done.result.stopped) == ([], None)
    assert done.batches == plan.summary.batches


def arrived(there: Connected, after: int) -> list[tuple[str, str, bytes]]:
    """What was written since: method, URL and body; questions and requests for tokens aside."""
    entries = remote_of(there).stand_in.journal.entries(after)
    return [(e.method, e.url, e.body or b"") for e in entries if not _only_asks(e.method, e.url, e.body or b"")]


def _only_asks(method: str, url: str, body: bytes) -> bool:
    asked = (b"getAPISession", b"<readByQuery", b"<readByName", b"<query>", b"<read>", b"<readMore")
    if "/External/LookupSpecial" in url or "/v2/Auth/" in url:
        return True
    return method == "GET" or "oauth2" in url or any(word in body for word in asked)


def pattern(request: PlannedRequest) -> re.Pattern[bytes]:
    """The request's body, with anything at all where its declared holes are."""
    assert request.encoding == "utf-8"
    escaped = re.escape(request.body.encode())
    for hole in request.holes:
        escaped = escaped.replace(re.escape(hole.marker.encode()), rb"[^\"<]+?")
    return re.compile(escaped, re.DOTALL)


def assert_as_planned(plan: PlanFile, came: list[tuple[str, str, bytes]]) -> None:
    requests = [request for batch in plan.batches() for request in batch.requests]
    assert [request.method for request in requests] == [method for method, _, _ in came]
    for request, (_, url, body) in zip(requests, came, strict=True):
        path = re.escape(request.path)
        for hole in request.holes:
            path = path.replace(re.escape(hole.marker), "[^/?]+")
        assert re.search(path, url), (request.path, url)
        assert pattern(request).fullmatch(body), (request.body[:2_000], body[:2_000])


def test_what_arrives_is_what_was_planned(book: Book, there: Connected, tmp_path: Path) -> None:
    journal = remote_of(there).stand_in.journal
    journal.keep_bodies = True
    plan = planned(book, tmp_path / "first")
    assert arrived(there, 0) == [], "planning writes nothing"
    applied(book, plan)
    assert_as_planned(plan, arrived(there, 0))
    assert len(there.names()) == 7
    assert len(there.children()) == 3

    book.customer(1, name="Renamed")
    book.customer(9)
    book.hub.drop("customers", "instagaze:accounts:7")
    before = journal.total
    plan = planned(book, tmp_path / "second")
    applied(book, plan)
    assert_as_planned(plan, arrived(there, before))
    assert there.names() == sorted(["Renamed", "Customer 9", *(f"Customer {n}" for n in range(2, 7))])


def test_a_plan_holds_no_secret(book: Book, there: Connected, tmp_path: Path) -> None:
    planned(book, tmp_path / "plan")
    text = (tmp_path / "plan").read_text()
    for name, value in there.environment.items():
        if not name.endswith(("_URL", "_ID", "_ACCOUNT", "_VERSION")):
            assert value not in text, name
            assert base64.b64encode(value.encode()).decode() not in text, name


def test_a_bulk_job_is_planned_too(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Its id is a hole: the first of its requests makes it."""
    with SYSTEMS["salesforce"](tmp_path, request.getfixturevalue) as there:
        journal = remote_of(there).stand_in.journal
        journal.keep_bodies = True
        book = Book(tmp_path, there, SALESFORCE_BULK_ABOVE="3", SALESFORCE_BATCH_SIZE="2")
        for n in range(1, 8):
            book.customer(n)
        plan = planned(book, tmp_path / "plan")
        applied(book, plan)
        assert_as_planned(plan, arrived(there, 0))
        assert [method for method, _, _ in arrived(there, 0)] == ["POST", "PUT", "PATCH"]
        assert len(there.names()) == 7
