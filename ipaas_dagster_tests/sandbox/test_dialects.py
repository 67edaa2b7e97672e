from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from ipaas_dagster.sandbox import Dialect, Sandbox
from ipaas_dagster.sandbox.instagaze.dialects import read_dialect


def speak(sandbox: Sandbox, **differences: Any) -> None:
    sandbox.instagaze.dialect = replace(Dialect(), **differences)


def results(api: httpx.Client, collection: str, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(collection, params=params).json()["results"]
    return found


def test_lists_may_be_bare(sandbox: Sandbox, api: httpx.Client) -> None:
    plain = results(api, "accounts", limit=5)
    speak(sandbox, bare_lists=True)
    assert api.get("accounts", params={"limit": 5}).json() == plain


@pytest.mark.parametrize(("count", "shown"), [("missing", None), ("page", 5), ("wrong", 26), ("right", 52)])
def test_count_may_be_missing_or_wrong(sandbox: Sandbox, api: httpx.Client, count: str, shown: int | None) -> None:
    speak(sandbox, count=count)
    assert api.get("accounts", params={"limit": 5}).json().get("count") == shown


def test_filters_may_be_ignored(sandbox: Sandbox, api: httpx.Client) -> None:
    plain = results(api, "accounts", limit=5)
    far = sandbox.clock.milliseconds() // 1000 + 1000
    speak(sandbox, honours_order=False, honours_modified=False, honours_offset=False)
    assert results(api, "accounts", limit=5, order="id DESC", modified=far, offset=3) == plain


def test_unknown_filters_may_be_passed_over(sandbox: Sandbox, api: httpx.Client) -> None:
    speak(sandbox, refuses_unknown_filters=False)
    assert api.get("accounts", params={"page": 2}).status_code == 200


def test_currencies_may_all_be_symbols_or_objects(sandbox: Sandbox, api: httpx.Client) -> None:
    stored = {type(record["currency"]) for record in results(api, "invoices")}
    speak(sandbox, currency="object")
    objects = [record["currency"] for record in results(api, "invoices")]
    speak(sandbox, currency="symbol")
    symbols = [record["currency"] for record in results(api, "invoices")]
    assert stored == {str, dict}
    assert [currency["prefix"] for currency in objects] == symbols


def test_postal_codes_may_be_written_either_way(sandbox: Sandbox, api: httpx.Client) -> None:
    for name, other in (("postal_code", "postalCode"), ("postalCode", "postal_code")):
        speak(sandbox, postal_code=name)
        addresses = [record["billing_address"] for record in results(api, "accounts")]
        assert all(name in address and other not in address for address in addresses)


def test_products_may_be_text(sandbox: Sandbox, api: httpx.Client) -> None:
    plain = results(api, "invoices")
    speak(sandbox, products_as_text=True)
    assert [json.loads(record["products"]) for record in results(api, "invoices")] == [
        record["products"] for record in plain
    ]


def test_times_may_have_another_offset_and_ids_be_text(sandbox: Sandbox, api: httpx.Client) -> None:
    plain = results(api, "transactions")[0]
    speak(sandbox, times_with_offsets=True, ids_as_text=True, extra_fields=True)
    other = results(api, "transactions")[0]
    assert other["charge_date"].endswith("+02:00")
    assert datetime.fromisoformat(other["charge_date"]) == datetime.fromisoformat(plain["charge_date"])
    assert (other["id"], other["account_id"]) == (str(plain["id"]), str(plain["account_id"]))
    assert set(other) - set(plain) == {"sandbox_extra"}
    assert other["total"] == plain["total"]


def test_errors_may_be_wrapped_and_deleted_records_gone(sandbox: Sandbox, api: httpx.Client) -> None:
    speak(sandbox, wrapped_errors=True, deleted_are_gone=True)
    api.delete("accounts/1")
    answer = api.get("accounts/1")
    assert answer.status_code == 410
    assert answer.json()["error"]["code"] == "gone"
    assert api.get("accounts/999999").status_code == 404


def test_a_subscription_may_be_answered_plainly(sandbox: Sandbox, api: httpx.Client) -> None:
    listed = api.get("subscriptions/1").json()["results"][0]
    speak(sandbox, plain_subscription=True)
    assert api.get("subscriptions/1").json() == listed


def test_the_truth_has_no_dialect(sandbox: Sandbox) -> None:
    before = sandbox.instagaze.truth("accounts")
    speak(sandbox, ids_as_text=True, extra_fields=True)
    assert sandbox.instagaze.truth("accounts") == before


def test_an_unknown_difference_is_refused() -> None:
    with pytest.raises(ValueError, match="bare_lists"):
        read_dialect({"bear_lists": True})
