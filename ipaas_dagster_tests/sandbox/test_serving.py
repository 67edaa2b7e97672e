from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.error import HTTPError

import httpx
import pytest

from ipaas_dagster.sandbox import Fault, Sandbox, running_sandbox, sandbox_process
from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster_tests.sandbox.conftest import client_of

WHEN = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


def test_the_date_header_is_the_sandbox_clock() -> None:
    clock = SandboxClock(lambda: WHEN, skew=timedelta(hours=-3))
    with running_sandbox(clock=clock) as sandbox, client_of(sandbox) as api:
        assert parsedate_to_datetime(api.get("gateways").headers["date"]) == WHEN - timedelta(hours=3)
        clock.advance(90)
        assert parsedate_to_datetime(api.get("nothing").headers["date"]) == WHEN - timedelta(hours=3, seconds=-90)


def test_two_sandboxes_do_not_know_each_other(sandbox: Sandbox) -> None:
    with running_sandbox() as other:
        assert other.origin != sandbox.origin
        other.instagaze.delete("accounts", 1)
        assert sandbox.instagaze.record("accounts", 1) is not None


def test_after_its_end_nothing_listens() -> None:
    with running_sandbox() as sandbox, client_of(sandbox) as api:
        assert api.get("accounts").is_success
    with pytest.raises(httpx.TransportError):
        httpx.get(sandbox.base_url, trust_env=False)


def test_the_control_paths_need_no_token_and_are_not_in_the_journal(sandbox: Sandbox) -> None:
    def control(method: str, path: str, body: object = None) -> httpx.Response:
        return httpx.request(method, f"{sandbox.origin}/_sandbox/{path}", json=body, trust_env=False)

    faults = {"faults": [{"kind": "status", "status": 503, "times": 1}], "seed": 3}
    assert control("POST", "faults", faults).json()["faults"][0]["status"] == 503
    with client_of(sandbox) as api:
        assert api.get("gateways").status_code == 503
    assert control("GET", "journal").json()["entries"][0]["fault"] == "status 503"
    assert control("GET", "journal").json()["total"] == 1
    assert control("DELETE", "faults").json()["faults"] == []
    assert control("GET", "truth/accounts").json()["results"] == sandbox.instagaze.truth("accounts")
    assert len(control("POST", "mutate", {"collection": "products", "delete": 2}).json()["deleted"]) == 2
    now = control("POST", "clock", {"now": "2026-03-01T10:30:00Z", "advance_seconds": 60}).json()["now"]
    assert datetime.fromisoformat(now) == WHEN + timedelta(seconds=60)
    assert control("POST", "dialect", {"bare_lists": True}).json()["bare_lists"] is True
    for path, body in (("faults", {"faults": [{"kind": "x"}]}), ("clock", {"then": 1}), ("dialect", {"x": 1})):
        refused = control("POST", path, body)
        assert refused.status_code == 400
        assert "it has" in refused.text or "allowed" in refused.text
    assert control("GET", "truth/nothing").status_code == 400


def test_a_sandbox_process_does_what_the_one_in_a_thread_does() -> None:
    with sandbox_process(accounts=20, bad_records=True, max_page=50) as remote:
        headers = {"Authorization": f"Bearer {remote.token}"}
        with httpx.Client(base_url=remote.base_url, headers=headers, trust_env=False) as api:
            made = remote.insert("accounts", {"account_name": "ق"})
            assert api.get(f"accounts/{made['id']}").json()["account_name"] == "ق"
            remote.change("accounts", made["id"], {"account_name": "й"})
            assert remote.put("products", {"price": "?"}) == max(one["id"] for one in remote.truth("products"))
            remote.delete("accounts", 1)
            assert api.get("accounts/1").status_code == 404
            assert len(remote.mutate("invoices", change=2, seed=1).changed) == 2
            remote.set_faults([Fault("status", status=500, times=1)])
            assert api.get("accounts").status_code == 500
            names = [record["account_name"] for record in remote.truth("accounts")]
            assert "й" in names
            assert len(names) == api.get("accounts").json()["count"]
            assert [entry["status"] for entry in remote.journal(after=2)["entries"]] == [500, 200]
            with pytest.raises(HTTPError):
                remote.delete("accounts", 1)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_served_sandbox_says_where_it_is_and_ends_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    ready = tmp_path / "ready"
    words = ["--port", "0", "--accounts", "5", "--seed", "1", "--ready-file", str(ready)]
    command = [sys.executable, "-m", "ipaas_dagster.sandbox", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as child:  # type: ignore[call-overload]
        said = list(iter(lambda: child.stdout.readline().rstrip(), "ready"))
        assert [line.partition("=")[0] for line in said[:2]] == ["INSTAGAZE_BASE_URL", "INSTAGAZE_TOKEN"]
        values = dict(line.split("=", 1) for line in said)
        headers = {"Authorization": f"Bearer {values['INSTAGAZE_TOKEN']}"}
        url = values["INSTAGAZE_BASE_URL"] + "accounts"
        assert httpx.get(url, headers=headers, trust_env=False).json()["count"] == 7
        assert said == ready.read_text(encoding="utf-8").splitlines()
        os.kill(child.pid, how)
        assert (child.wait(20), child.stderr.read()) == (0, "")
    assert not ready.exists()
