from __future__ import annotations

import json

import httpx
import pytest

from ipaas_dagster.sandbox import Fault, Sandbox, every_kind
from ipaas_dagster.sandbox.faults import Faults, read_fault

PRODUCT = {"product_name": "Once", "price": 1}


def names(sandbox: Sandbox) -> list[str]:
    return [record["product_name"] for record in sandbox.instagaze.truth("products")]


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit_error"), (500, "api_error"), (503, "api_error")])
@pytest.mark.parametrize("wait", [None, "7"])
def test_an_error_comes_before_the_request_is_looked_at(
    sandbox: Sandbox, api: httpx.Client, status: int, kind: str, wait: str | None
) -> None:
    sandbox.faults.set([Fault("status", status=status, retry_after=wait, times=1)])
    answer = api.post("products", json=PRODUCT)
    assert (answer.status_code, answer.json()["type"]) == (status, kind)
    assert answer.headers.get("retry-after") == wait
    assert "Once" not in names(sandbox)
    assert api.post("products", json=PRODUCT).is_success


def test_a_reset_does_nothing_and_answers_nothing(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.set([Fault("reset", times=1)])
    with pytest.raises(httpx.TransportError):
        api.post("products", json=PRODUCT)
    assert "Once" not in names(sandbox)
    assert api.get("products").is_success


def test_a_lost_answer_really_wrote(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.set([Fault("lost_answer")])
    with pytest.raises(httpx.TransportError):
        api.post("products", json=PRODUCT)
    with pytest.raises(httpx.TransportError):
        api.delete("products/10")
    assert api.get("products").is_success, "reads are spared"
    assert names(sandbox).count("Once") == 1
    assert sandbox.instagaze.record("products", 10) is None


def test_a_truncated_body_is_shorter_than_its_length_says(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.set([Fault("truncated", times=1)])
    with pytest.raises(httpx.RemoteProtocolError):
        api.get("products")
    assert api.get("products").is_success


def test_broken_json_is_whole_and_not_json(sandbox: Sandbox, api: httpx.Client) -> None:
    right = api.get("products").content
    sandbox.faults.set([Fault("broken_json", times=1)])
    answer = api.get("products")
    assert (answer.status_code, len(answer.content)) == (200, len(right))
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_slow_answer_is_the_right_one(sandbox: Sandbox, api: httpx.Client) -> None:
    right = api.get("products").json()
    sandbox.faults.set([Fault("slow", seconds=0.01)])
    assert api.get("products").json() == right
    assert sandbox.faults.struck() == {"slow": 1}


def test_faults_may_be_kept_to_a_path_and_a_method(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.set([Fault("status", path="/invoices", method="GET")])
    assert api.get("invoices").status_code == 500
    assert api.get("products").status_code == 200
    assert api.delete("invoices/12").status_code == 204


def test_the_journal_says_what_the_client_saw(sandbox: Sandbox, api: httpx.Client) -> None:
    api.get("products", params={"limit": 2})
    sandbox.faults.set([Fault("reset", times=1)])
    with pytest.raises(httpx.TransportError):
        api.get("accounts")
    # A cut connection is noted after it was cut: the next answer says that the note is there.
    api.get("gateways")
    seen = [(entry.method, entry.url, entry.status, entry.fault) for entry in sandbox.journal.entries()]
    assert ("GET", "/api/admin/products?limit=2", 200, None) in seen
    assert ("GET", "/api/admin/accounts", 0, "reset") in seen
    assert sandbox.token not in repr(sandbox.journal.entries())


def test_the_journal_keeps_the_address_as_it_came(sandbox: Sandbox, api: httpx.Client) -> None:
    api.get("invoices/12%231%2F2", params={"x": "é"})
    assert sandbox.journal.entries()[-1].url == "/api/admin/invoices/12%231%2F2?x=%C3%A9"


def test_the_same_seed_strikes_the_same_requests_at_the_asked_rate() -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults([Fault("status", 0.1)], seed)
        return [faults.draw("GET", "/x") is not None for _ in range(2000)]

    assert strikes(5) == strikes(5) != strikes(6)
    assert 120 < sum(strikes(5)) < 280


def test_every_kind_is_every_kind() -> None:
    faults = Faults(every_kind(0.2), seed=1)
    for _ in range(500):
        faults.draw("POST", "/x")
    assert set(faults.struck()) == {
        "status 429", "status 500", "status 503", "reset", "truncated", "broken_json", "slow", "lost_answer",
        "late_error",
    }  # fmt: skip
    assert all(faults.struck().values())


@pytest.mark.parametrize(
    "given", [{"kind": "melt"}, {"rate": 1}, {"kind": "reset", "speed": 3}, {"kind": "slow", "rate": 2}]
)
def test_an_unknown_fault_is_refused_with_what_is_known(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"kind|status|between"):
        read_fault(given)
