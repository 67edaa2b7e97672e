"""A holder that is stopped beyond its lease and goes on: what it would commit is refused, what it would send changes
nothing twice. Real processes, stopped and continued; expiry is waited for by asking the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ipaas_dagster.ledger import balance
from ipaas_dagster.merge import merge, merge_lock
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import calls, landings, leases
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.destinations.conformance.systems import SYSTEMS, Connected, Fixture
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.leases.stopped import world as delivering_world


class Stopped:
    """A process that has stopped itself; `go_on` gives what it printed to its end."""

    def __init__(self, environment: Mapping[str, str], *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ipaas_dagster_tests.leases.stopped", *words],
            env={"PATH": os.environ["PATH"], **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), self.process.stdout.read() if self.process.stdout else ""

    def go_on(self) -> str:
        self.process.send_signal(signal.SIGCONT)
        out, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 1, out
        return out

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@contextmanager
def stopped(environment: Mapping[str, str], *words: str) -> Iterator[Stopped]:
    one = Stopped(environment, *words)
    try:
        yield one
    finally:
        one.end()


def wait_until_expired(store: Operations, name: str) -> None:
    over = select(leases.c.expires_at <= func.clock_timestamp()).where(leases.c.name == name)
    while True:
        with store.read() as connection:
            if connection.scalar(over):
                return


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(accounts=40, seed=5, samples=None) as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path, postgresql: str) -> World:
    more = {"IPAAS_OPERATIONS_URL": postgresql, "IPAAS_LEASE_SECONDS": "1", "IPAAS_LAG_SECONDS": "0"}
    return World(sandbox, tmp_path / "state", tuple(more.items()))


def landed(project: Project) -> list[tuple[str, str]]:
    with project.operations.read() as connection:
        rows = connection.execute(select(landings.c.scope, landings.c.state).order_by(landings.c.number))
        return [(row.scope, row.state) for row in rows]


def settled(world: World, project: Project) -> None:
    """Everything is merged once, the books balance, and no call stands in the ledger twice."""
    pull(project, "accounts")
    merge(project)
    assert world.hub()["customers"] == world.truth()["customers"]
    assert all(state == "merged" for _, state in landed(project))
    assert balance(project).true
    assert project.landings.leftovers() == []
    with project.operations.read() as connection:
        many = connection.execute(select(calls.c.call_id).group_by(calls.c.call_id).having(func.count() > 1)).all()
    assert many == []
    project.operations.dispose()


def test_a_scan_that_was_stopped_while_it_read(world: World) -> None:
    with stopped(world.environment, "scan", "reading") as late:
        project = world.project()
        wait_until_expired(project.operations, "scan-accounts")
        pull(project, "accounts")
        assert "LeaseLost: 'scan-accounts' was taken over" in late.go_on()
    assert landed(project) == [("full", "waiting")]
    settled(world, project)


def test_a_scan_whose_landing_its_successor_adopted(world: World) -> None:
    with stopped(world.environment, "scan", "landed") as late:
        project = world.project()
        wait_until_expired(project.operations, "scan-accounts")
        assert pull(project, "accounts").scope.kind == "since", "the cursor moved with the adopted landing"
        assert "LeaseLost" in late.go_on()
    assert [scope for scope, _ in landed(project)].count("full") == 1
    settled(world, project)


def test_a_scan_whose_data_its_successor_cleaned_up(world: World) -> None:
    said: list[str] = []
    with stopped(world.environment, "scan", "renamed") as late:
        project = world.project()
        wait_until_expired(project.operations, "scan-accounts")
        pull(project, "accounts")
        assert "LeaseLost" in late.go_on()
    project.say = said.append
    settled(world, project)
    assert [text for text in said if "has no data; it was never noted" in text]


@pytest.mark.parametrize("moment", ["begun", "merged"])
def test_a_merge_that_was_stopped(world: World, moment: str, hub_url: str) -> None:
    """Before the hub had the landing, and after, when only the note of it was missing."""
    world = replace(world, extra=(*world.extra, ("IPAAS_HUB_URL", hub_url)))
    project = world.project()
    pull(project, "accounts")
    with stopped(world.environment, "merge", moment) as late:
        lock = merge_lock(project, "accounts")
        wait_until_expired(project.operations, lock)
        merged = merge(project)
        assert len(merged) == (1 if moment == "begun" else 0)
        with project.locks.hold(lock):
            pass  # a hub that several merge into has a lock a collection, and here was nothing left to merge
        assert f"LeaseLost: '{lock}' was taken over" in late.go_on()
    with project.hub.reading() as connection:
        assert connection is not None
        assert connection.execute("SELECT max(version) FROM hub.customers").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM hub.merged_landings").fetchone() == (1,)
    settled(world, project)


def late_delivery(kind: str, moment: str, folder: Path, postgresql: str, fixture: Fixture) -> tuple[list[str], int]:
    """(names there at the end, writing requests that came after the successor was done)"""
    with SYSTEMS[kind](folder, fixture) as there:
        environment = {**there.environment, "IPAAS_OPERATIONS_URL": postgresql, "IPAAS_LEASE_SECONDS": "1"}
        environment |= {"IPAAS_STATE": str(folder / "state")}
        with stopped(environment, "deliver", moment, str(folder), there.kind) as late:
            successor = delivering_world(folder, environment)
            wait_until_expired(successor.project.operations, f"deliver-{there.kind}")
            while "in_doubt" in (successor.deliver(there.kind), successor.states(system=there.kind))[1]:
                successor.clock.wait(60)
            assert there.names() == NAMES
            before = writes(there)
            assert f"LeaseLost: 'deliver-{there.kind}' was taken over" in late.go_on()
        assert set(successor.states(system=there.kind)) == {"delivered"}
        successor.assert_balanced()
        successor.project.operations.dispose()
        return there.names(), writes(there) - before


NAMES = ["Customer 000000", "Customer 000001", "Customer 000002"]


def writes(there: Connected) -> int:
    if there.remote is None:
        return 0
    found = there.remote.stand_in.journal.entries()
    return len([e for e in found if e.method != "GET" and e.path.startswith(there.remote.written_below)])


LATE = [
    ("sql-sqlite", "checked", 0),
    ("files", "checked", 0),
    ("salesforce", "sending", 1),
    ("webhook", "sending", 1),
    pytest.param("quickbooks", "sending", 1, marks=pytest.mark.slow),
    pytest.param("intacct", "sending", 1, marks=pytest.mark.slow),
    pytest.param("ipaas_com", "checked", 0, marks=pytest.mark.slow),
    ("instagaze", "checked", 0),
]


@pytest.mark.parametrize(("kind", "moment", "sent"), LATE)
def test_a_late_send_changes_nothing_twice(
    kind: str, moment: str, sent: int, tmp_path: Path, postgresql: str, request: pytest.FixtureRequest
) -> None:
    """`sending`: the very request is late, and goes out. `checked`: over HTTP it is not even sent, since the lease is
    asked for again right before it; `sql` and `files` know what they have."""
    late = late_delivery(kind, moment, tmp_path, postgresql, request.getfixturevalue)
    assert late == (NAMES, sent)


def test_the_gap_of_a_system_without_keys(tmp_path: Path, postgresql: str, request: pytest.FixtureRequest) -> None:
    """A portal's POST has no key: one that is stopped after the check and before its first byte makes a double."""
    names, sent = late_delivery("instagaze", "sending", tmp_path, postgresql, request.getfixturevalue)
    assert (names, sent) == ([NAMES[0], *NAMES], 1)
