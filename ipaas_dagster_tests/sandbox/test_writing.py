from __future__ import annotations

import json
from typing import Any

import httpx

from ipaas_dagster.sandbox import Sandbox

ADA, BEN = ({"name": name, "email": f"{name.lower()}@example.com"} for name in ("Ada", "Ben"))


def new_account(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = api.post("accounts/", json={"account_name": "Nübel 🚀", "contacts": [ADA, BEN], **fields})
    assert answer.status_code == 201
    record: dict[str, Any] = answer.json()
    return record


def test_what_is_posted_can_be_read_listed_changed_and_deleted(api: httpx.Client) -> None:
    record = new_account(api, billing_address={"city": "東京", "postalCode": "100"})
    path = f"accounts/{record['id']}"
    assert api.get(path).json() == record
    assert record in api.get("accounts", params={"order": "id DESC", "limit": 1}).json()["results"]
    changed = api.patch(path, json={"account_name": "Other"}).json()
    assert changed == {**record, "account_name": "Other"} == api.get(path).json()
    count = api.get("accounts").json()["count"]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.delete(path).status_code == 404
    assert api.get("accounts").json()["count"] == count - 1


def test_contacts_are_a_set_and_who_is_known_keeps_the_id(api: httpx.Client) -> None:
    record = new_account(api)
    ada, ben = record["contacts"]
    assert ada["id"] != ben["id"]
    assert ada["account_id"] == record["id"]
    path, cleo = f"accounts/{record['id']}", {"name": "Cleo", "email": "cleo@example.com"}
    changed = api.patch(path, json={"contacts": [BEN, cleo]}).json()["contacts"]
    assert changed[0] == ben
    assert changed[1]["id"] not in (ada["id"], ben["id"])
    renamed = api.patch(path, json={"contacts": [{"id": ben["id"], "name": "Benedict"}]}).json()["contacts"]
    assert renamed == [{**ben, "name": "Benedict", "updated_at": renamed[0]["updated_at"]}]
    assert api.patch(path, json={"account_name": "Same people"}).json()["contacts"] == renamed


def test_one_contact_may_be_sent_as_an_object(api: httpx.Client) -> None:
    assert [one["name"] for one in new_account(api, contacts=ADA)["contacts"]] == ["Ada"]


def test_invoice_lines_may_be_sent_as_text(sandbox: Sandbox, api: httpx.Client) -> None:
    lines = [{"price": 5, "product_name": "ü"}]
    assert api.patch(f"{sandbox.base_url}/invoices/12", json={"products": json.dumps(lines)}).status_code == 204
    record = sandbox.instagaze.record("invoices", 12)
    assert record is not None
    assert record["products"] == lines
    assert record["number"] == "LLDEMO0002"


def test_a_new_subscription_shows_its_account_and_product(api: httpx.Client) -> None:
    given = {"account_id": 1, "product_id": 1, "price": 100, "billing_frequency": {"id": 5}}
    made = api.post("subscriptions", json=given).json()
    assert made["account"]["account_name"] == api.get("accounts/1").json()["account_name"]
    assert "contacts" not in made["account"]
    assert made["product"] == api.get("products/1").json()
    assert made["billing_frequency"] == {"id": 5, "name": "monthly"}
    assert api.get(f"subscriptions/{made['id']}").json() == {"count": 1, "results": [made]}


def test_passwords_of_instances_are_never_answered(sandbox: Sandbox, api: httpx.Client) -> None:
    given = {"name": "n", "url": "https://x.example.com", "username": "u", "password": "12345"}
    made = api.post("integrations/salesforce", json=given).json()
    assert made["password"] == "*****"
    path = f"integrations/salesforce/{made['id']}"
    assert api.patch(path, json={"password": "abc", "name": "new"}).status_code == 204
    assert (api.get(path).json()["password"], api.get(path).json()["name"]) == ("***", "new")
    given = {"name": "i", "sender_password": "su~@", "user_password": "secret"}
    made = api.post("integrations/Intacct", json=given).json()
    assert (made["sender_password"], made["user_password"]) == ("****", "******")
    assert "su~@" not in json.dumps(sandbox.instagaze.truth("intacct_instances"))


def test_a_new_pipeline_describes_the_fields_it_names(api: httpx.Client) -> None:
    given = {
        "mode": "PUSH",
        "external_object": "Account",
        "integration": {"id": 1, "name": "Salesforce"},
        "pp_object": {"id": 1},
        "mappings": [{"external": "Name", "pp_field": {"id": 2}}],
    }
    made = api.post("pipelines", json=given).json()
    assert made["mappings"][0]["pp_field"]["field"] == "account_name"
    assert made["module"] == "Salesforce"
    assert api.get(f"pipelines/{made['id']}").json() == made


def test_a_write_is_modified_now_by_the_sandbox_clock(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.clock.advance(3600)
    now = sandbox.clock.milliseconds() // 1000
    assert api.get("accounts", params={"modified": now}).json()["count"] == 0
    api.patch("accounts/2", json={"invoice_prefix": "NEW"})
    assert [record["id"] for record in api.get("accounts", params={"modified": now}).json()["results"]] == [2]


def test_an_empty_patch_changes_nothing(sandbox: Sandbox, api: httpx.Client) -> None:
    """The document shows how to get an account as a PATCH without a body."""
    before = sandbox.instagaze.modified("accounts", 1)
    assert api.patch("accounts/1", content=b"").json() == api.get("accounts/1").json()
    assert sandbox.instagaze.modified("accounts", 1) == before


def test_what_referred_to_a_deleted_record_still_does(sandbox: Sandbox, api: httpx.Client) -> None:
    api.delete("accounts/2")
    invoice = sandbox.instagaze.record("invoices", 12)
    assert invoice is not None
    assert invoice["account_id"] == 2
