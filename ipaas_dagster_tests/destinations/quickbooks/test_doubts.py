"""Lost answers, throttling, crashes: afterwards everything is there exactly once, and the balances are right."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Fault, Sandbox
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.destinations.quickbooks.world import (
    PATIENCE,
    Company,
    assert_exactly_once,
    customer,
    invoice,
    item,
    one,
    payment,
    trade,
)

LOST = Fault("lost_answer", path="/batch", times=1)


def until_settled(world: Company, most: int = 30) -> None:
    """Runs as a scheduler makes them, until nothing is owed."""
    world.patience = PATIENCE
    for _ in range(most):
        world.deliver()
        if {e.state for e in world.entries()} <= {"delivered", "superseded"}:
            break
        world.clock.wait(600)
    world.delivered()


@pytest.mark.parametrize("seed", range(2))
def test_every_fault_at_20_percent(world: Company, quickbooks: QuickBooks, seed: int) -> None:
    trade(world, 40)
    faults = [Fault(kind, 0.2) for kind in ("lost_answer", "late_error", "truncated", "broken_json", "reset")]
    quickbooks.faults.set([*faults, Fault("status", 0.2, status=429), Fault("status", 0.1, status=503)], seed)
    world.patience = 60.0
    for _ in range(6):
        world.deliver()
        world.clock.wait(600)
    quickbooks.faults.clear()
    until_settled(world)
    assert_exactly_once(world, quickbooks)
    assert world.notes() == []


def test_the_same_bytes_go_again_under_the_same_request_id(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    customer(world, 2)
    quickbooks.faults.set([LOST])
    quickbooks.journal.keep_bodies = True
    world.delivered()
    sent = [entry for entry in quickbooks.journal.entries() if entry.path.endswith("/batch")]
    assert len(sent) == 2
    assert len({(entry.url, entry.body) for entry in sent}) == 1
    assert len(quickbooks.truth("Customer")) == 2
    counters = quickbooks.command("counters", {})
    assert (counters["replayed"], counters["request_ids_with_other_bodies"]) == (1, 0)


def test_an_update_in_doubt_goes_again_with_the_token_that_it_went_with(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    world.delivered()
    customer(world, 1, name="Renamed")
    quickbooks.faults.set([LOST])
    world.delivered()
    record = one(quickbooks, "Customer")
    assert (record["DisplayName"], record["SyncToken"]) == ("Renamed", "1")


@pytest.mark.parametrize("later", [timedelta(minutes=5), timedelta(hours=2)], ids=["soon", "much later"])
def test_request_ids_that_quickbooks_forgot_make_nothing_twice(
    world: Company, quickbooks: QuickBooks, later: timedelta
) -> None:
    """Soon: the same bytes meet a company that knows nothing of them; names and numbers are refused, and looked up.
    Later: they are looked up first."""
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1)
    world.delivered()
    customer(world, 2)
    item(world, 2)
    invoice(world, 2, 2, ((2, 1),))
    quickbooks.faults.set([Fault("lost_answer", path="/batch")])
    world.patience = 0.0
    world.deliver()
    quickbooks.faults.clear()
    quickbooks.command("forget_request_ids", {})
    world.clock.wait(later.total_seconds())
    until_settled(world)
    assert_exactly_once(world, quickbooks)
    assert len(quickbooks.truth("Item")) == 2


def test_a_payment_in_doubt_for_long_is_looked_up(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    world.delivered()
    payment(world, 1, 1, None, 500)
    quickbooks.faults.set([Fault("lost_answer", path="/batch")])
    world.patience = 0.0
    world.deliver()
    quickbooks.faults.clear()
    quickbooks.command("forget_request_ids", {})
    world.clock.wait(7_200)
    until_settled(world)
    assert len(quickbooks.truth("Payment")) == 1
    assert_exactly_once(world, quickbooks)


def test_links_that_were_lost_make_nothing_twice(world: Company, quickbooks: QuickBooks, tmp_path: Path) -> None:
    """A new operations store meets a company that has everything: each record is found by its key and its mark."""
    trade(world, 10)
    world.delivered()
    before = {entity: len(quickbooks.truth(entity)) for entity in ("Customer", "Item", "Invoice", "Payment")}
    again = Company(tmp_path / "again", world.project.settings.environment)
    again.project.__dict__["hub"] = again.hub = world.hub
    (tmp_path / "again/state/secrets").parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "state/secrets").rename(tmp_path / "again/state/secrets")
    again.delivered()
    assert {entity: len(quickbooks.truth(entity)) for entity in before} == before
    assert_exactly_once(again, quickbooks)


@pytest.mark.parametrize(("write", "when"), [(1, "after"), (3, "before"), (4, "after"), (6, "after")])
def test_killed_at_a_request(sandbox: Sandbox, tmp_path: Path, when: str, write: int) -> None:
    """kill -9 right before the nth batch goes out, and right after its answer came."""
    words = [str(tmp_path), sandbox.origin, str(write), when]
    ended = subprocess.run(
        [sys.executable, "-m", "ipaas_dagster_tests.destinations.quickbooks.killed", *words],
        check=False,
        capture_output=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    world = Company(tmp_path, sandbox.environment)
    trade(world, 40)
    world.delivered()
    assert_exactly_once(world, sandbox.quickbooks)
    assert world.notes() == []
    assert sandbox.quickbooks.replays.replayed == (when == "after")


def test_throttled_it_waits_as_told_and_uses_up_no_attempt(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    quickbooks.faults.set([Fault("status", status=429, path="/batch", times=3)])
    world.delivered()
    assert world.clock.waited == [60.0] * 3
    assert world.entries()[-1].attempts == 1
    assert len(quickbooks.truth("Customer")) == 1


def test_own_limits_are_kept_so_that_quickbooks_never_has_to(sandbox: Sandbox, tmp_path: Path) -> None:
    """Time passes for both only as we wait: the sandbox throttles nothing."""
    from ipaas_dagster.destinations.quickbooks.api import limits_of
    from ipaas_dagster.destinations.quickbooks.preset import read_company
    from ipaas_dagster.destinations.remote.limits import Limiter
    from ipaas_dagster.sandbox.quickbooks.limits import Limits
    from ipaas_dagster.sandbox.quickbooks.settings import Settings

    company = read_company(Company(tmp_path, sandbox.environment).setting(pace="vendor"))
    server, clock = Limits(), sandbox.clock
    clock.stop()
    begun = clock.now()
    limiter = Limiter(limits_of(company), clock.advance, lambda: clock.now().timestamp())
    for number in range(334 * 2):  # a month of 10,000 invoices: a look-up and a batch for each 30
        kind = "batch" if number % 2 else ""
        limiter.take(kind)
        assert server.admits(Settings(), clock.now(), batch=bool(kind))
    assert clock.now() - begun < timedelta(minutes=9)
