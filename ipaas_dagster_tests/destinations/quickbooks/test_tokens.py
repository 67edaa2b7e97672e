"""Refresh tokens that rotate: nobody is locked out, none is lost, none is seen."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.destinations.quickbooks.tokens import CompanySession
from ipaas_dagster.sandbox import Fault, Sandbox
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.destinations.quickbooks.world import Company, assert_exactly_once, customer, trade


def refreshes(quickbooks: QuickBooks) -> list[tuple[int | None, int | None]]:
    """(number of the refresh token that was used, of the one that it got)."""
    found: list[dict[str, Any]] = quickbooks.command("counters", {})["refreshes"]
    return [(one["used"], one["got"]) for one in found]


def run(*words: str, kill: bool = False) -> subprocess.Popen[bytes]:
    name = "ipaas_dagster_tests.destinations.quickbooks.refreshing"
    return subprocess.Popen([sys.executable, "-m", name, *words], stderr=subprocess.PIPE)


def test_the_newest_one_is_used_whoever_got_it(world: Company, quickbooks: QuickBooks) -> None:
    quickbooks.configure(refresh_grace_seconds=0)
    for number in range(1, 4):
        customer(world, number)
        world.delivered()
        world.clock.wait(3_700)
    assert refreshes(quickbooks) == [(0, 1), (1, 2), (2, 3)]


def test_an_access_token_is_shared_and_not_fetched_anew(world: Company, quickbooks: QuickBooks) -> None:
    for number in range(1, 4):
        customer(world, number)
        world.delivered()
    assert world.destination().check()
    assert refreshes(quickbooks) == [(0, 1)]


def test_expired_in_the_middle_it_is_renewed_once(world: Company, quickbooks: QuickBooks) -> None:
    quickbooks.configure(access_requests=2)
    trade(world, 40)
    world.delivered()
    assert_exactly_once(world, quickbooks)
    assert {entry.attempts for entry in world.entries()} == {1}


def test_two_processes_deliver_while_tokens_rotate(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each refresh token is good for one refresh; in both processes an hour passes with each batch."""
    quickbooks = sandbox.quickbooks
    quickbooks.configure(refresh_grace_seconds=0)
    words = [str(tmp_path), sandbox.origin]
    both = [run(*words, "quickbooks", "0"), run(*words, "quickbooks_too", "1000")]
    for process in both:
        assert process.wait() == 0, process.stderr.read().decode() if process.stderr else ""
    names = [record["DisplayName"] for record in quickbooks.truth("Customer")]
    assert len(names) == len(set(names)) == 60
    used = [first for first, _ in refreshes(quickbooks)]
    assert used == list(range(len(used))), "each once, in order"
    assert len(used) > 4


@pytest.mark.parametrize("grace", [3_600, 0], ids=["the old one is still taken", "the old one is refused"])
def test_killed_between_receipt_and_store(sandbox: Sandbox, tmp_path: Path, grace: float) -> None:
    quickbooks = sandbox.quickbooks
    quickbooks.configure(refresh_grace_seconds=grace)
    process = run(str(tmp_path), sandbox.origin, "quickbooks", "0", "kill")
    assert process.wait() == -signal.SIGKILL
    world = Company(tmp_path, sandbox.environment, batch_size="5")
    for number in range(30):
        customer(world, number)
    if grace:
        world.delivered()
        return
    stopped = world.deliver().stopped
    assert stopped is not None
    assert "Connect the company anew" in stopped
    assert "QUICKBOOKS_REFRESH_TOKEN" in stopped
    assert "dead" not in world.states(system="quickbooks")
    environment = {**sandbox.environment, "QUICKBOOKS_REFRESH_TOKEN": quickbooks.tokens.current}
    anew = Company(tmp_path, environment, batch_size="5")
    anew.project.__dict__["hub"] = anew.hub = world.hub
    anew.delivered()


def test_an_answer_that_got_lost_is_asked_for_again(world: Company, quickbooks: QuickBooks) -> None:
    quickbooks.configure(refresh_grace_seconds=3_600)
    quickbooks.faults.set(
        [Fault("lost_answer", path="/tokens", times=1), Fault("broken_json", path="/tokens", times=1)]
    )
    customer(world, 1)
    world.delivered()


def test_a_company_that_was_disconnected_stops_the_system_and_nothing_dies(
    world: Company, quickbooks: QuickBooks
) -> None:
    customer(world, 1)
    quickbooks.command("revoke", {})
    stopped = world.deliver().stopped
    assert stopped is not None
    assert "QUICKBOOKS_REFRESH_TOKEN" in stopped
    assert world.states(system="quickbooks") == ["pending"]


def test_a_wrong_client_secret_is_said_without_showing_it(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = "not-the-right-client-secret"
    world = Company(tmp_path, {**sandbox.environment, "QUICKBOOKS_CLIENT_SECRET": secret})
    customer(world, 1)
    stopped = world.deliver().stopped
    assert stopped is not None
    assert "client_id or client_secret was refused: invalid_client" in stopped
    assert secret not in stopped


def test_no_token_is_anywhere_in_clear(world: Company, quickbooks: QuickBooks) -> None:
    trade(world, 5)
    world.delivered()
    world.project.operations.dispose()
    secrets = [quickbooks.tokens.current, quickbooks.settings.refresh_token, quickbooks.settings.client_secret]
    secrets += list(quickbooks.tokens._access)
    for path in world.project.settings.state.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not [secret for secret in secrets if secret.encode() in data], path
    session = CompanySession(world.setting(), _company(world), None)  # type: ignore[arg-type]
    session.headers()
    assert not [secret for secret in secrets if secret in repr(session._chain) + repr(_company(world))]


def test_what_was_sealed_with_another_secret_says_what_to_do(world: Company, quickbooks: QuickBooks) -> None:
    customer(world, 1)
    world.delivered()
    changed = replace(_company(world), client_secret="another")
    from ipaas_dagster.destinations.base import Unreachable

    with pytest.raises(Unreachable, match="remove the file and connect anew"):
        CompanySession(world.setting(), changed, None).headers()  # type: ignore[arg-type]


def _company(world: Company) -> Any:
    from ipaas_dagster.destinations.quickbooks.preset import read_company

    return read_company(world.setting())
