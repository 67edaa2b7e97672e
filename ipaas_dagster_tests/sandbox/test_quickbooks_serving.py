"""QuickBooks over HTTP: faults on the way, and the control paths."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ipaas_dagster.sandbox import Fault, Sandbox, running_sandbox

ADA = {"DisplayName": "Ada"}
BATCH = {"BatchItemRequest": [{"bId": "1", "operation": "create", "Customer": ADA}]}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(samples=None) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client with a token, below the company's address."""
    known = sandbox.environment
    granted = httpx.post(
        known["QUICKBOOKS_TOKEN_URL"],
        data={"grant_type": "refresh_token", "refresh_token": known["QUICKBOOKS_REFRESH_TOKEN"]},
        auth=(known["QUICKBOOKS_CLIENT_ID"], known["QUICKBOOKS_CLIENT_SECRET"]),
        trust_env=False,
    ).json()
    headers = {"Authorization": f"Bearer {granted['access_token']}", "Accept": "application/json"}
    base = f"{known['QUICKBOOKS_URL']}/v3/company/{known['QUICKBOOKS_REALM_ID']}/"
    with httpx.Client(base_url=base, headers=headers, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("kind", ["lost_answer", "late_error"])
@pytest.mark.parametrize(("path", "body"), [("customer", ADA), ("batch", BATCH)])
def test_what_was_done_without_an_answer_is_answered_to_the_same_request_id(
    sandbox: Sandbox, api: httpx.Client, kind: str, path: str, body: object
) -> None:
    sandbox.quickbooks.faults.set([Fault(kind, times=1)])
    if kind == "lost_answer":
        with pytest.raises(httpx.TransportError):
            api.post(path, json=body, params={"requestid": "r"})
    else:
        assert api.post(path, json=body, params={"requestid": "r"}).status_code == 500
    assert len(sandbox.quickbooks.truth("Customer")) == 1
    again = api.post(path, json=body, params={"requestid": "r"})
    assert (again.status_code, "Fault" in again.text) == (200, False)
    assert len(sandbox.quickbooks.truth("Customer")) == 1


@pytest.mark.parametrize(("status", "code"), [(429, "3001"), (401, "3200"), (503, "10000")])
def test_errors_on_the_way_have_the_body_of_the_gateway(
    sandbox: Sandbox, api: httpx.Client, status: int, code: str
) -> None:
    sandbox.quickbooks.faults.set([Fault("status", status=status, times=1)])
    answer = api.post("customer", json=ADA)
    assert (answer.status_code, code in answer.text, answer.text[0]) == (status, True, "<" if status == 429 else "{")
    assert sandbox.quickbooks.truth("Customer") == []


def test_the_control_paths_do_what_commands_do(sandbox: Sandbox, api: httpx.Client) -> None:
    control = f"{sandbox.origin}/_sandbox/quickbooks"
    seeded = httpx.post(f"{control}/seed", json={"entity": "Customer", "records": [ADA]}, trust_env=False)
    assert seeded.json() == {"ids": ["1"]}
    truth = httpx.get(f"{control}/truth/Customer", trust_env=False).json()
    assert [one["DisplayName"] for one in truth["results"]] == ["Ada"]
    changed = {"entity": "Customer", "id": "1", "fields": {"Notes": "x"}}
    assert httpx.post(f"{control}/change", json=changed, trust_env=False).json()["sync_token"] == "1"
    httpx.post(f"{control}/expire_tokens", json={}, trust_env=False)
    assert api.get("customer/1").status_code == 401
    assert httpx.post(f"{control}/configure", json={"banana": 1}, trust_env=False).status_code == 400
