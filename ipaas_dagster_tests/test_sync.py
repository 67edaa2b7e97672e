"""The composition behind `ipaas sync`: what is called in which order, and what stops what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from ipaas_dagster.deliver import DeliverResult, RouteCounts
from ipaas_dagster.errors import NotSetUp, Unavailable
from ipaas_dagster.merge import Counts, MergeResult
from ipaas_dagster.operations.tables import outbox
from ipaas_dagster.project import Project
from ipaas_dagster.pull import PullResult
from ipaas_dagster.reconcile import ReconcileResult
from ipaas_dagster.records import Scope
from ipaas_dagster.settings import load
from ipaas_dagster.sync import UseCases, deliver_all, reconcile_all, sync

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Fake:
    """Use cases that write down their calls; what is in `broken` fails instead."""

    def __init__(self, **broken: Exception) -> None:
        self.calls: list[str] = []
        self.broken = broken
        self.landed: list[str] = []
        self.merges: dict[str, MergeResult] = {}
        self.deliveries: dict[str, DeliverResult] = {}
        self.use = UseCases(self.pull, self.merge, self.waiting, self.reconcile, self.deliver)

    def _call(self, what: str, name: str) -> None:
        self.calls.append(f"{what} {name}")
        if f"{what}_{name}" in self.broken:
            raise self.broken[f"{what}_{name}"]

    def pull(self, project: Project, collection: str, scope: Scope | None) -> PullResult:
        self._call("pull", collection)
        self.landed.append(collection)
        return PullResult(collection, scope or Scope.full(), "l1", 3, 1, 0.1, None, NOON)

    def waiting(self, project: Project, collections: tuple[str, ...]) -> list[str]:
        return [name for name in self.landed if name in collections]

    def merge(self, project: Project, collections: Iterable[str] | None) -> list[MergeResult]:
        (name,) = collections or ("what a crash left",)
        self._call("merge", name)
        result = MergeResult("l1", name, "full", {name: Counts(fetched=3, inserted=3)})
        return [self.merges.get(name, result)] if collections else []

    def reconcile(self, project: Project, collection: str) -> ReconcileResult:
        self._call("reconcile", collection)
        pulled = PullResult(collection, Scope.full(), "l1", 3, 1, 0.1, None, NOON)
        return ReconcileResult(collection, pulled, (), missed=0, deleted=1, held=0)

    def deliver(self, project: Project, system: str) -> DeliverResult:
        self._call("deliver", system)
        return self.deliveries.get(system, DeliverResult(system, {"customers": RouteCounts(delivered=3)}))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(load({"IPAAS_STATE": str(tmp_path / "state")}, tmp_path / ".env"), clock=lambda: NOON)


def both(*names: str) -> list[tuple[str, Scope | None]]:
    return [(name, None) for name in names]


def test_everything_is_pulled_then_merged_then_delivered(project: Project) -> None:
    fake = Fake()
    outcome = sync(project, both("accounts", "products"), ["sql", "files"], use=fake.use)
    assert fake.calls == [
        "pull accounts",
        "pull products",
        "merge what a crash left",
        "merge accounts",
        "merge products",
        "deliver sql",
        "deliver files",
    ]
    assert outcome.findings == []


def test_a_collection_that_cannot_be_read_stops_no_other(project: Project) -> None:
    fake = Fake(pull_accounts=Unavailable("instagaze did not answer", system="instagaze"))
    outcome = sync(project, both("accounts", "products"), ["sql"], use=fake.use)
    assert fake.calls[-2:] == ["merge products", "deliver sql"]
    assert outcome.findings == ["accounts: instagaze did not answer"]


def test_a_landing_left_waiting_is_merged_although_its_collection_cannot_be_read(project: Project) -> None:
    fake = Fake(pull_accounts=Unavailable("instagaze did not answer", system="instagaze"))
    fake.landed = ["accounts"]
    sync(project, both("accounts"), [], use=fake.use)
    assert "merge accounts" in fake.calls


def test_an_unforeseen_failure_in_one_merge_stops_no_other(project: Project) -> None:
    failure = ZeroDivisionError("by zero")
    fake = Fake(merge_accounts=failure)
    outcome = sync(project, both("accounts", "products"), ["sql"], use=fake.use)
    assert fake.calls[-2:] == ["merge products", "deliver sql"]
    assert outcome.findings == ["accounts: unexpected ZeroDivisionError: by zero"]
    assert outcome.unexpected == [failure]


def test_a_system_that_fails_stops_no_other(project: Project) -> None:
    fake = Fake(deliver_sql=Unavailable("connection refused", system="sql"))
    outcome = deliver_all(project, ["sql", "files"], use=fake.use)
    assert fake.calls == ["deliver sql", "deliver files"]
    assert outcome.findings == ["sql: connection refused"]


def test_wrong_settings_stop_everything(project: Project) -> None:
    fake = Fake(pull_accounts=NotSetUp("set IPAAS_STATE"))
    with pytest.raises(NotSetUp):
        sync(project, both("accounts", "products"), ["sql"], use=fake.use)
    assert fake.calls == ["pull accounts"]


def test_an_interrupt_is_not_swallowed(project: Project) -> None:
    fake = Fake(pull_accounts=KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        sync(project, both("accounts"), ["sql"], use=fake.use)


def test_a_window_is_handed_on(project: Project) -> None:
    window = Scope.window(NOON, NOON)
    outcome = sync(project, [("accounts", window)], [], use=Fake().use)
    assert outcome.pulled[0].scope == window


def test_holds_and_damaged_landings_are_told(project: Project) -> None:
    fake = Fake()
    fake.merges["accounts"] = MergeResult("l1", "accounts", "full", {}, holds=("l1.customers",))
    fake.merges["products"] = MergeResult("l2", "products", "full", {}, damaged="its checksum is wrong")
    outcome = sync(project, both("accounts", "products"), [], use=fake.use)
    held, damaged = outcome.findings
    assert "l1.customers" in held
    assert "ipaas approve" in held
    assert "products" in damaged
    assert "its checksum is wrong" in damaged


def test_counts_that_do_not_add_up_are_told(project: Project) -> None:
    fake = Fake()
    lost_one = {"customers": Counts(fetched=3, inserted=2)}
    fake.merges["accounts"] = MergeResult("l1", "accounts", "full", lost_one)
    outcome = sync(project, both("accounts"), [], use=fake.use)
    assert len(outcome.findings) == 1
    assert "customers: landing l1 does not balance" in outcome.findings[0]


def test_dead_letters_are_told_by_name_and_reason(project: Project) -> None:
    _dead(project, "instagaze:accounts:7", "name is longer than 80")
    fake = Fake()
    fake.deliveries["sql"] = DeliverResult("sql", {"customers": RouteCounts(queued=1, new_dead=1)})
    outcome = deliver_all(project, ["sql"], use=fake.use)
    assert outcome.findings == ["sql: customers instagaze:accounts:7 is dead: name is longer than 80"]


def test_a_system_switched_off_is_no_finding_and_a_stopped_one_is(project: Project) -> None:
    fake = Fake()
    fake.deliveries["sql"] = DeliverResult("sql", {}, switched_off="preset 'sql' needs SQL_URL")
    fake.deliveries["files"] = DeliverResult("files", {}, stopped="the folder cannot be written")
    outcome = deliver_all(project, ["sql", "files"], use=fake.use)
    assert outcome.findings == ["files: the folder cannot be written; what is owed stays owed"]


def test_reconcile_delivers_its_repairs(project: Project) -> None:
    fake = Fake(reconcile_accounts=Unavailable("no answer", system="instagaze"))
    outcome = reconcile_all(project, ["accounts", "products"], ["sql"], use=fake.use)
    assert fake.calls == ["reconcile accounts", "reconcile products", "deliver sql"]
    assert outcome.findings == ["accounts: no answer"]
    assert [r.collection for r in outcome.reconciled] == ["products"]


def _dead(project: Project, hub_id: str, reason: str) -> None:
    row = {
        "system": "sql",
        "collection": "customers",
        "hub_id": hub_id,
        "operation": "upsert",
        "state": "dead",
    }
    row |= {"epoch": "e", "seq": 1, "version": 1, "request_key": "k", "reason": reason}
    with project.operations.write() as connection:
        connection.execute(insert(outbox).values(**row, queued_at=NOON, updated_at=NOON))
