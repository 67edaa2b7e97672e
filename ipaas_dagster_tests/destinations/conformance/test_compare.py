"""What somebody else changed or deleted in a system is found and repaired: over every system that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster.completeness import SystemReconcile, check_records, reconcile_system
from ipaas_dagster.deliver import Means, connect
from ipaas_dagster_tests.destinations.conformance.systems import SYSTEMS, Connected
from ipaas_dagster_tests.destinations.conformance.tampering import BACK_THERE, TAMPERING
from ipaas_dagster_tests.destinations.conformance.test_whole import Book


@pytest.fixture(params=[name for name in SYSTEMS if name != "webhook"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connected]:
    with SYSTEMS[request.param](tmp_path, request.getfixturevalue) as connected:
        yield connected


def _reconcile(book: Book) -> SystemReconcile:
    means = Means(connect, wait=book.world.clock.wait, chance=lambda: 0.5)
    return reconcile_system(book.world.project, book.there.kind, means=means)


def test_what_was_changed_or_deleted_behind_our_back_is_found_and_repaired(there: Connected, tmp_path: Path) -> None:
    book = Book(tmp_path, there)
    ids = [book.customer(which) for which in range(1, 5)]
    book.child(7, ids[3])
    first = _reconcile(book)
    assert first.different == 0, [one["in_words"] for one in first.differences]
    names, children = there.names(), there.children()
    assert names == [f"Customer {which}" for which in range(1, 5)]

    TAMPERING[there.kind].rename(there, "Customer 1", "Somebody else's")
    TAMPERING[there.kind].delete(there, "Customer 2")
    found = _reconcile(book)

    customers = found.routes["customers"]
    assert (customers.changed, customers.missing, customers.extra) == (1, 1, 0), found.differences
    assert {(one["hub_id"], one["what"]) for one in found.differences} == {(ids[0], "changed"), (ids[1], "missing")}
    assert found.unread is None
    assert found.notes == ()
    assert there.names() == names
    assert there.children() == children
    book.world.assert_balanced()

    entries = len(book.world.entries())
    again = _reconcile(book)
    assert again.different == 0
    assert len(book.world.entries()) == entries
    assert sum(one.calls for one in again.delivered) == 0  # nothing was sent


def test_a_given_record_is_compared_and_repaired(there: Connected, tmp_path: Path) -> None:
    book = Book(tmp_path, there)
    ids = [book.customer(which) for which in range(1, 4)]
    book.deliver()
    TAMPERING[there.kind].rename(there, "Customer 1", "Somebody else's")
    TAMPERING[there.kind].rename(there, "Customer 3", "Not asked about")
    found = check_records(book.world.project, there.kind, "customers", ids[:2])
    assert (found.compared, found.changed, found.queued) == (2, 1, 1)
    book.deliver()
    assert there.names() == ["Customer 1", "Customer 2", "Not asked about"]


@pytest.mark.parametrize("name", ["sql-sqlite", "salesforce", "quickbooks", "intacct"])
def test_a_deleted_record_that_is_back_there_is_deleted_again(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with SYSTEMS[name](tmp_path, request.getfixturevalue) as there:
        book = Book(tmp_path, there)
        gone, _ = book.customer(1), book.customer(2)
        book.deliver()
        book.hub.drop("customers", gone)
        book.deliver()
        BACK_THERE[there.kind](there, gone, "Customer 1")
        assert there.names() == ["Customer 1", "Customer 2"]
        found = _reconcile(book)
        assert (found.routes["customers"].extra, found.different) == (1, 1)
        assert there.names() == ["Customer 2"]
        assert _reconcile(book).different == 0
        book.world.assert_balanced()
