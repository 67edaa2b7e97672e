from __future__ import annotations

from typing import Any

import httpx
import pytest

from ipaas_dagster.sandbox import Sandbox

ATTRIBUTES = {"type", "charge", "code", "decline_code", "doc_url", "message", "param", "source"}
ACCOUNT = {"account_name": "New"}


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic abc", "Bearer", "Bearer "])
def test_without_the_token_nothing_is_answered(sandbox: Sandbox, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.strip()}
    answer = httpx.get(sandbox.base_url + "accounts", headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert set(answer.json()) == ATTRIBUTES
    assert answer.json()["type"] == "authentication_error"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "param"),
    [
        ("GET", "accounts?modified=yesterday", None, 400, "modified"),
        ("GET", "accounts?modified=1.5", None, 400, "modified"),
        ("GET", "accounts?created=", None, 400, "created"),
        ("GET", "accounts?limit=-1", None, 400, "limit"),
        ("GET", "accounts?offset=x", None, 400, "offset"),
        ("GET", "accounts?order=modified UP", None, 400, "order"),
        ("GET", "accounts?order=no_such_property ASC", None, 400, "order"),
        ("GET", "accounts?updated=1", None, 400, "updated"),
        ("GET", "gateways?limit=1", None, 400, "limit"),
        ("GET", "instagaze/schema", None, 400, "filter[where][ppobject_id]"),
        ("GET", "accounts/999999", None, 404, None),
        ("GET", "accounts/x", None, 404, None),
        ("GET", "transactions/2", None, 404, None),
        ("GET", "no/such/thing", None, 404, None),
        ("GET", "invoices/12", None, 405, None),
        ("PATCH", "subscriptions/1", {}, 405, None),
        ("POST", "transactions", {}, 405, None),
        ("PUT", "accounts/1", {}, 405, None),
        ("DELETE", "gateways", None, 405, None),
        ("POST", "accounts", {}, 422, "account_name"),
        ("POST", "products", {"product_name": "x", "price": "12"}, 422, "price"),
        ("POST", "products", {"product_name": "x", "price": 1.5}, 422, "price"),
        ("POST", "invoices", {"number": "X", "account_id": 4711}, 422, "account_id"),
        ("POST", "subscriptions", {"account_id": 1, "product_id": 4711}, 422, "product_id"),
        ("PATCH", "accounts/1", {"account_name": None}, 422, "account_name"),
        ("PATCH", "accounts/1", {"contacts": "nobody"}, 422, "contacts"),
        ("PATCH", "invoices/12", {"products": "[{"}, 422, "products"),
        ("POST", "accounts", [1], 422, None),
    ],
)  # fmt: skip
def test_refusals_have_the_documented_attributes_and_change_nothing(
    sandbox: Sandbox, api: httpx.Client, method: str, path: str, body: Any, status: int, param: str | None
) -> None:
    before = {name: sandbox.instagaze.truth(name) for name in sandbox.instagaze.shelves}
    answer = api.request(method, path, json=body)
    assert answer.status_code == status
    assert set(answer.json()) == ATTRIBUTES
    assert answer.json()["param"] == param
    assert answer.json()["message"]
    assert {name: sandbox.instagaze.truth(name) for name in sandbox.instagaze.shelves} == before


def test_a_body_that_is_not_json_is_a_bad_request(api: httpx.Client) -> None:
    assert api.post("accounts", content=b'{"account_name": ').status_code == 400


def test_only_json_can_be_asked_for(api: httpx.Client) -> None:
    assert api.get("accounts", headers={"Accept": "text/html"}).status_code == 406


def test_a_refused_method_says_which_are_allowed(api: httpx.Client) -> None:
    assert api.patch("subscriptions/1", json={}).headers["allow"] == "DELETE, GET"
