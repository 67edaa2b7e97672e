"""iPaaS.com's stand-in: who gets in, for how long, how often; the forms of errors and of pages."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster_tests.sandbox.ipaas_com_client import (
    Client,
    choose_company,
    code,
    connect,
    log_in,
    read,
    stopped_server,
)

CUSTOMERS = "customers/v2/Customers"


def test_login_company_refresh() -> None:
    server, clock = stopped_server()
    first = log_in(server)
    alone = Client(server, f"Bearer {first['access_token']}")
    assert code(alone.ask("GET", CUSTOMERS)) == "AUTZ-1001", "no company yet"
    companies = alone.get(f"sso/v2/User/{first['id']}/Companies")
    assert [one["id"] for one in companies] == [server.settings.companies[0][0]]
    second = choose_company(server, first["access_token"])
    mine = Client(server, f"Bearer {second['access_token']}")
    assert mine.get(CUSTOMERS) == []
    clock.advance(3600)
    assert (mine.ask("GET", CUSTOMERS).status, code(mine.ask("GET", CUSTOMERS))) == (401, "AUTH-1003")
    pair = {"access_token": second["access_token"], "refresh_token": second["refresh_token"]}
    third = Client(server).post("sso/v2/Auth/Refresh", pair)
    assert Client(server, third["access_token"]).get(CUSTOMERS) == [], "still of the company"
    assert code(Client(server).ask("POST", "sso/v2/Auth/Refresh", pair)) == "AUTH-1004", "good once"


def test_wrong_password_foreign_company_no_token() -> None:
    server, _ = stopped_server()
    wrong = {"email_address": server.settings.email, "password": "no"}
    assert code(Client(server).ask("POST", "sso/v2/Auth/Login", wrong)) == "AUTH-1001"
    assert code(Client(server).ask("GET", CUSTOMERS)) == "AUTH-1002"
    token = Client(server, f"Bearer {log_in(server)['access_token']}")
    assert code(token.ask("GET", "sso/v2/User/ChangeCompany/00000000-0000-0000-0000-000000000000")) == "AUTZ-1001"
    assert code(token.ask("GET", "sso/v2/User/somebody/Companies")) == "NFND-1001"


@pytest.mark.parametrize(("accepted", "raw", "bearer"), [("both", 200, 200), ("raw", 200, 401), ("bearer", 401, 200)])
def test_forms_of_the_header(accepted: str, raw: int, bearer: int) -> None:
    server, _ = stopped_server(authorization=accepted)
    assert Client(server, server.settings.api_key).ask("GET", CUSTOMERS).status == raw
    assert Client(server, f"Bearer {server.settings.api_key}").ask("GET", CUSTOMERS).status == bearer


def test_a_change_of_roles_wants_a_new_login() -> None:
    server, _ = stopped_server()
    old = choose_company(server, log_in(server)["access_token"])
    server.command("change_roles", {})
    answer = Client(server, old["access_token"]).ask("GET", CUSTOMERS)
    assert (answer.status, code(answer)) == (401, "AUTZ-1002")
    pair = {"access_token": old["access_token"], "refresh_token": old["refresh_token"]}
    assert code(Client(server).ask("POST", "sso/v2/Auth/Refresh", pair)) == "AUTZ-1002"
    assert connect(server).get(CUSTOMERS) == [], "the API key is another matter"
    fresh = choose_company(server, log_in(server)["access_token"])
    assert Client(server, fresh["access_token"]).get(CUSTOMERS) == []
    server.command("change_roles", {"api_key": True})
    assert code(connect(server).ask("GET", CUSTOMERS)) == "AUTZ-1002"


def test_volume_limit_waits_and_passes() -> None:
    server, clock = stopped_server(volume_calls=2, volume_seconds=10)
    client = connect(server)
    client.get(CUSTOMERS)
    clock.advance(4)
    client.get(CUSTOMERS)
    answer = client.ask("GET", CUSTOMERS)
    assert (answer.status, answer.headers["retry-after"]) == (429, "6")
    assert b"volume" in answer.body
    clock.advance(6)
    client.get(CUSTOMERS)


def test_monthly_limit_stays_until_the_month_is_over() -> None:
    server, clock = stopped_server()
    client = connect(server)
    client.get(CUSTOMERS)
    server.command("monthly_limit", {"after": 1})
    client.get(CUSTOMERS)
    for _ in range(2):
        answer = client.ask("GET", CUSTOMERS)
        assert (answer.status, "retry-after" in answer.headers) == (429, False)
        assert b"monthly" in answer.body
        clock.advance(3600)
    server.command("new_month", {})
    client.get(CUSTOMERS)
    assert server.command("counters", {})["refused"] == {"volume": 0, "monthly": 2}


@pytest.mark.parametrize(
    ("form", "content", "has_code"),
    [("coded", "text/plain", True), ("plain", "text/plain", False), ("json", "application/json", True)],
)
def test_errors_in_three_forms(form: str, content: str, has_code: bool) -> None:
    server, _ = stopped_server(errors=form)
    answer = connect(server).ask("GET", "customers/v2/Customer/5")
    assert (answer.status, answer.content_type.startswith(content)) == (404, True)
    assert (b"NFND-1001" in answer.body) is has_code
    assert b"was not found" in answer.body


def pagination(**settings: Any) -> str:
    server, _ = stopped_server(**settings)
    server.command("seed", {"model": "customer", "records": [{"company": str(n)} for n in range(5)]})
    answer = connect(server).ask("GET", CUSTOMERS, pageNumber="2", pageSize="2")
    assert [one["company"] for one in read(answer)] == ["2", "3"]
    return dict(answer.headers).get("X-Pagination", "")


def test_pages() -> None:
    correct = pagination()
    expected = {"total_Count": 5, "page_Size": 2, "current_Page": 2, "total_Pages": 3}
    assert json.loads(correct) == {**expected, "previous_Page": "Yes", "next_Page": "Yes"}
    assert pagination(pagination="malformed") == correct[:-1] + "{"
    assert pagination(pagination="none") == ""
    assert "total_count" in json.loads(pagination(pagination_keys="lower"))


def test_searches() -> None:
    server, _ = stopped_server()
    client = connect(server)
    client.customer(email_address="Ann@example.com")
    client.customer(email_address="bob@example.com")
    found = client.get(CUSTOMERS, action="equals", EmailAddress="ann@example.com")
    assert [one["email_address"] for one in found] == ["Ann@example.com"]
    assert code(client.ask("GET", CUSTOMERS, EmailAddress="ann@example.com")) == "VALD-1001", "without an action"
    assert code(client.ask("GET", CUSTOMERS, action="equals", Colour="red")) == "VALD-1001"
    assert code(client.ask("GET", CUSTOMERS, pageNumber="0")) == "VALD-1001"


def test_every_api_below_its_own_path_and_only_there() -> None:
    server, _ = stopped_server(base_paths={"customers": "cust"})
    client = connect(server)
    assert client.get("cust/v2/Customers") == []
    assert client.ask("GET", CUSTOMERS).status == 404
    assert code(client.ask("GET", "cust/v2/Nothing")) == "NFND-1002"


def test_events_are_there_only_if_switched_on() -> None:
    server, _ = stopped_server()
    client = connect(server)
    client.customer()
    assert client.ask("GET", "subscriptions/v2/Events").status == 404
    server.configure(events=True)
    assert [one["action"] for one in client.get("subscriptions/v2/Events", pageNumber="1")] == ["Create"]
    assert client.get("subscriptions/v2/Subscription/7001")["id"] == 7001
    assert client.ask("GET", "subscriptions/v2/Subscription/1").status == 404


def test_over_http_beside_the_others() -> None:
    with running_sandbox() as sandbox:
        told = sandbox.environment
        with httpx.Client(base_url=told["IPAAS_COM_URL"], trust_env=False) as http:
            answer = http.post("/customers/v2/Customer", json={}, headers={"Authorization": told["IPAAS_COM_API_KEY"]})
            assert answer.status_code == 201
            assert http.get(f"/{CUSTOMERS}").status_code == 401
        truth = httpx.get(f"{sandbox.origin}/_sandbox/ipaas_com/truth/customer", trust_env=False).json()
        assert truth["count"] == 1
