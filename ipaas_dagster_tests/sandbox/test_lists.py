from __future__ import annotations

from typing import Any

import httpx
import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.sandbox.conftest import client_of

FILTERED = ("accounts", "products", "invoices", "subscriptions", "transactions")


def ids(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["results"]]


@pytest.mark.parametrize("collection", FILTERED)
def test_pages_in_any_order_give_every_record_once(sandbox: Sandbox, api: httpx.Client, collection: str) -> None:
    truth = [record["id"] for record in sandbox.instagaze.truth(collection)]
    for order in ("", "id DESC", "modified ASC", "modified DESC", "created asc"):
        got: list[int] = []
        while page := ids(api.get(collection, params={"limit": 7, "offset": len(got), "order": order})):
            got += page
        assert sorted(got) == truth
        assert len(got) == api.get(collection).json()["count"]


def test_modified_means_at_or_after_and_never_null(sandbox: Sandbox, api: httpx.Client) -> None:
    instagaze = sandbox.instagaze
    stamps = {record["id"]: instagaze.modified("accounts", record["id"]) for record in instagaze.truth("accounts")}
    instagaze.put("accounts", {"account_name": "no time"}, modified=None)
    second = sorted(stamp for stamp in stamps.values() if stamp is not None)[20] // 1000
    instagaze.put("accounts", {"account_name": "on the second"}, modified=second * 1000)
    instagaze.put("accounts", {"account_name": "just before"}, modified=second * 1000 - 1)
    names = {record["account_name"] for record in api.get("accounts", params={"modified": second}).json()["results"]}
    assert "on the second" in names
    assert not {"just before", "no time"} & names
    since = {number for number, stamp in stamps.items() if stamp is not None and stamp >= second * 1000}
    assert since < set(ids(api.get("accounts", params={"modified": second})))
    assert "no time" in {record["account_name"] for record in sandbox.instagaze.truth("accounts")}


def test_order_by_modified_puts_what_changed_last_at_the_end(sandbox: Sandbox, api: httpx.Client) -> None:
    first = ids(api.get("accounts", params={"order": "modified ASC"}))
    moved = first[len(first) // 2]
    sandbox.instagaze.change("accounts", moved)
    again = ids(api.get("accounts", params={"order": "modified ASC"}))
    assert again == [number for number in first if number != moved] + [moved]
    assert ids(api.get("accounts", params={"order": "modified DESC"})) == again[::-1]


def test_order_by_a_property(api: httpx.Client, sandbox: Sandbox) -> None:
    names = [r["account_name"] for r in api.get("accounts", params={"order": "account_name DESC"}).json()["results"]]
    assert names == sorted(names, reverse=True)
    assert len(names) == len(sandbox.instagaze.truth("accounts"))


def test_created_filters_by_when_a_record_was_made(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.clock.advance(10)
    now = sandbox.clock.milliseconds() // 1000
    made = sandbox.instagaze.insert("accounts")["id"]
    sandbox.instagaze.change("accounts", 1)
    assert ids(api.get("accounts", params={"created": now})) == [made]
    assert set(ids(api.get("accounts", params={"modified": now}))) == {1, made}


def test_limit_is_clamped_and_has_a_default() -> None:
    with running_sandbox(accounts=30, max_page=9, default_page=4) as sandbox, client_of(sandbox) as api:
        assert len(ids(api.get("accounts"))) == 4
        assert len(ids(api.get("accounts", params={"limit": 1000}))) == 9
        assert api.get("accounts", params={"limit": 3}).json()["count"] == 32


def test_a_delete_shifts_later_pages_as_offsets_do(sandbox: Sandbox, api: httpx.Client) -> None:
    before = ids(api.get("accounts", params={"offset": 10, "limit": 5}))
    sandbox.instagaze.delete("accounts", 1)
    assert ids(api.get("accounts", params={"offset": 9, "limit": 5})) == before


@pytest.mark.parametrize("path", ["//accounts", "accounts/", "//accounts//", "/accounts?limit=3"])
def test_doubled_and_trailing_slashes_are_accepted(sandbox: Sandbox, api: httpx.Client, path: str) -> None:
    assert api.get(httpx.URL(sandbox.origin + "/api/admin/" + path)).status_code == 200


def test_pipelines_are_also_below_a_portal(sandbox: Sandbox, api: httpx.Client) -> None:
    below: Any = api.get(f"{sandbox.origin}/api/acme/admin/pipelines/6").json()
    assert below == api.get("pipelines/6").json()
    assert below["instance"]["password"] == "plain-text-fake-password-6"


def test_schemas_are_of_the_object_that_was_asked_for(api: httpx.Client) -> None:
    found = {
        number: {row["id"] for row in api.get("instagaze/schema", params={"filter[where][ppobject_id]": number}).json()}
        for number in (1, 2, 99)
    }
    assert found[1]
    assert found[2]
    assert not found[1] & found[2]
    assert found[99] == set()
