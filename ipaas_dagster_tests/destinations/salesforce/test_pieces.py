"""A batch as the requests that are sent: what stands in the path, in JSON and in CSV, and in which order."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from ipaas_dagster.destinations.base import Batch, Setting, Shape
from ipaas_dagster.destinations.salesforce.api import Api
from ipaas_dagster.destinations.salesforce.destination import SalesforceDestination
from ipaas_dagster.destinations.salesforce.layout import read_layouts
from ipaas_dagster.destinations.salesforce.pieces import plan_upserts
from ipaas_dagster.destinations.salesforce.preset import read_org
from ipaas_dagster.errors import SettingsError
from ipaas_dagster_tests.destinations.salesforce.stage import FEW, NOWHERE, Stage, batch


def requests(stage: Stage, sent: Batch, **fields: str) -> list[Any]:
    with stage.connected(**fields) as destination:
        return list(destination.requests(sent))


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


@pytest.mark.parametrize("last", ["7", "a#1", "ä ö", "x?y=z&w", "q'q\"q"])
def test_one_record_is_named_in_the_path_and_not_in_the_body(alone: Stage, last: str) -> None:
    hub_id = alone.put("customers", f"instagaze:accounts:{last}", name="A")
    (request,) = requests(alone, batch(alone.upsert("customers", hub_id)))
    head, _, value = request.path.rpartition("/")
    assert (request.method, head) == ("PATCH", "/services/data/v62.0/sobjects/Account/Ipaas_Hub_Id__c")
    assert unquote(value) == hub_id
    body = json.loads(request.body)
    assert body["Name"] == "A"
    assert {"Id", "Ipaas_Hub_Id__c", "attributes"} & set(body) == set()


@pytest.mark.parametrize("last", ["a/b", "50%", "..", "a.b", "a\\b"])
def test_an_id_that_an_address_might_change_stands_in_the_body(stage: Stage, last: str) -> None:
    hub_id = stage.put("customers", f"instagaze:accounts:{last}", name="A")
    sent = batch(stage.upsert("customers", hub_id))
    (request,) = requests(stage, sent)
    assert request.path.endswith("/composite/sobjects/Account/Ipaas_Hub_Id__c")
    with stage.connected() as destination:
        assert [o.kind for o in (*destination.deliver(sent), *destination.deliver(sent))] == ["delivered"] * 2
    assert list(stage.there()) == [hub_id]


@pytest.mark.parametrize("last", ["a#1", "ä ö", "x?y=z&w", "q'q\"q"])
def test_every_other_id_survives_the_address(stage: Stage, last: str) -> None:
    hub_id = stage.put("customers", f"instagaze:accounts:{last}", name="A")
    with stage.connected() as destination:
        (outcome,) = destination.deliver(batch(stage.upsert("customers", hub_id)))
        assert outcome.kind == "delivered"
        assert destination.read("customers", "Account", [hub_id])[hub_id]
    assert list(stage.there()) == [hub_id]


def test_several_records_go_in_one_call_in_their_order(alone: Stage) -> None:
    (request,) = requests(alone, alone.customers(3, 1, 2))
    assert (request.method, request.path) == (
        "PATCH",
        "/services/data/v62.0/composite/sobjects/Account/Ipaas_Hub_Id__c",
    )
    body = json.loads(request.body)
    assert body["allOrNone"] is False
    assert [one["Ipaas_Hub_Id__c"][-1] for one in body["records"]] == ["3", "1", "2"]
    assert {one["attributes"]["type"] for one in body["records"]} == {"Account"}
    assert all("Id" not in one for one in body["records"])


def test_amounts_are_exact_numbers_and_times_are_utc(alone: Stage) -> None:
    due = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
    alone.put("invoices", "i:1", number="1", currency="USD", total_minor=9007199254740993, tax_minor=-5, due_at=due)
    (request,) = requests(alone, batch(alone.upsert("invoices", "i:1")))
    assert b'"Total__c":90071992547409.93' in request.body
    assert b'"Tax__c":-0.05' in request.body
    assert b'"Due_At__c":"2026-01-31T23:59:59.123Z"' in request.body
    assert b'"Is_Paid__c":false' in request.body, "a boolean is never null"


def test_parents_are_named_by_their_hub_id_and_none_by_null(alone: Stage) -> None:
    alone.put("payments", "p:1", customer_id="c:1", contact_id=None, invoice_id="i:1", currency="USD")
    (request,) = requests(alone, batch(alone.upsert("payments", "p:1")))
    body = json.loads(request.body)
    assert body["Account__r"] == {"Ipaas_Hub_Id__c": "c:1"}
    assert body["Invoice__r"] == {"Ipaas_Hub_Id__c": "i:1"}
    assert body["Contact__c"] is None
    assert {"Account__c", "Invoice__c", "Contact__r"} & set(body) == set()
    alone.put("contacts", "k:1", customer_id="c:1", name="N")
    (request,) = requests(alone, batch(alone.upsert("contacts", "k:1")))
    assert json.loads(request.body)["Account"] == {"Ipaas_Hub_Id__c": "c:1"}


def test_many_are_a_job_whose_id_is_a_hole(alone: Stage) -> None:
    sent = alone.customers(*range(5))
    create, upload, close = requests(alone, sent, batch_size="4", bulk_above="4")
    assert json.loads(create.body) == {
        "object": "Account", "operation": "upsert", "externalIdFieldName": "Ipaas_Hub_Id__c",
        "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA",
    }  # fmt: skip
    assert [(r.method, r.path.replace(r.holes[0].marker, "ID")) for r in (upload, close)] == [
        ("PUT", "/services/data/v62.0/jobs/ingest/ID/batches"),
        ("PATCH", "/services/data/v62.0/jobs/ingest/ID"),
    ]
    assert upload.holes == close.holes
    assert upload.holes[0].kind == "created_id"
    assert json.loads(close.body) == {"state": "UploadComplete"}
    assert [row["Ipaas_Hub_Id__c"] for row in rows(upload.body)] == [e.hub_id for e in sent.entries]


def test_csv_keeps_every_character_and_says_null_in_its_own_way(alone: Stage) -> None:
    text = 'quote " comma , line\nbreak \r\n tab\t Zoë 中文 👩‍👧'
    alone.put("payments", "p:0", customer_id="c:1", payee_name=text, source="", currency="USD", paid_minor=1050)
    others = [alone.put("payments", f"p:{n}", customer_id="c:1", currency="USD") for n in range(1, 5)]
    sent = batch(*(alone.upsert("payments", one) for one in ("p:0", *others)))
    _, upload, _ = requests(alone, sent, batch_size="4", bulk_above="4")
    assert upload.headers["content-type"] == "text/csv; charset=UTF-8"
    first, second = rows(upload.body)[:2]
    assert first["Payee_Name__c"] == text
    assert (first["Account__r.Ipaas_Hub_Id__c"], first["Contact__r.Ipaas_Hub_Id__c"]) == ("c:1", "#N/A")
    assert (first["Source__c"], second["Paid__c"]) == ("#N/A", "#N/A"), "an empty cell would leave the old value"
    assert (first["Paid__c"], first["Is_Autopay__c"]) == ("10.50", "false")
    assert upload.body.splitlines()[0].count(b'"') == 2 * len(first)


def test_a_text_that_means_null_in_csv_goes_another_way(alone: Stage) -> None:
    sent = alone.customers(*range(6))
    odd = batch(*sent.entries[:5], alone.upsert("customers", alone.customer(9, number="#N/A")))
    single, *job = requests(alone, odd, batch_size="4", bulk_above="4")
    assert json.loads(single.body)["AccountNumber"] == "#N/A"
    assert len(job) == 3
    assert len(rows(job[1].body)) == 5


def test_an_upload_that_is_too_large_is_several_jobs(alone: Stage) -> None:
    sent = alone.customers(*range(9))
    setting = alone.setting()
    api, layout = Api(setting, read_org(setting)), read_layouts(setting)["customers"]
    whole = plan_upserts(api, layout, sent, 4).requests
    plan = plan_upserts(api, layout, sent, 4, upload=len(whole[1].body) // 2)
    uploads = [request for request in plan.requests if request.method == "PUT"]
    assert len(uploads) == 3
    assert all(len(one.body) <= len(whole[1].body) // 2 for one in uploads)
    assert [r["Name"] for one in uploads for r in rows(one.body)] == [f"Customer {n}" for n in range(9)]
    assert len({one.holes[0].marker for one in uploads}) == 3


def test_two_records_with_one_key_are_not_sent_together(alone: Stage) -> None:
    """With a key of one's own: the first is sent, the other is told whose key it has."""
    shape = replace(alone.setting().shapes["customers"], key="AccountNumber")
    setting = replace(alone.setting(), shapes={"customers": shape})
    one, two, empty = (alone.customer(n, number=number) for n, number in ((1, "A-1"), (2, "a-1"), (3, None)))
    sent = batch(*(alone.upsert("customers", hub_id) for hub_id in (one, two, empty)))
    destination = SalesforceDestination(setting)
    (request,) = destination.requests(sent)
    assert request.path.endswith("/sobjects/Account/AccountNumber/A-1")
    assert "AccountNumber" not in json.loads(request.body)
    assert json.loads(request.body)["Ipaas_Hub_Id__c"] == one
    plan = plan_upserts(Api(setting, read_org(setting)), read_layouts(setting)["customers"], sent, 200)
    assert [(o.kind, o.field) for o in plan.settled] == [("rejected", "AccountNumber")] * 2
    assert one in plan.settled[0].reason
    assert "empty" in plan.settled[1].reason


def test_deletes_are_by_salesforce_id(alone: Stage) -> None:
    ids = ["001000000000001AAA", "001000000000002AAA"]
    sent = batch(*(alone.delete("customers", alone.customer(n), id_) for n, id_ in enumerate(ids)))
    (request,) = requests(alone, sent)
    assert (request.method, request.body) == ("DELETE", b"")
    assert request.path == f"/services/data/v62.0/composite/sobjects?ids={','.join(ids)}&allOrNone=false"
    create, upload, _ = requests(alone, sent, batch_size="1", bulk_above="1")
    assert json.loads(create.body)["operation"] == "delete"
    assert rows(upload.body) == [{"Id": id_} for id_ in ids]


def test_a_plan_names_the_entries_of_each_request(alone: Stage) -> None:
    sent = alone.customers(1, 2, 3, 4, 5)
    assert all(list(r.entries) == [e.entry_id for e in sent.entries] for r in requests(alone, sent, **_few()))


def test_references_that_salesforce_cannot_express_are_refused_before_anything(alone: Stage) -> None:
    shapes = dict(alone.setting().shapes)
    contacts = shapes["contacts"]
    strange = Shape("contacts", "Contact", contacts.key, contacts.fields, {"Email": "customers"}, contacts.key)
    with pytest.raises(SettingsError, match=r"contacts\.Email is a reference"):
        SalesforceDestination(_with(alone, {**shapes, "contacts": strange}))
    no_hub_id = replace(shapes["customers"], key="AccountNumber", hub_id_field=None)
    with pytest.raises(SettingsError, match="no field of Account holds it"):
        SalesforceDestination(_with(alone, {**shapes, "customers": no_hub_id}))


def _with(stage: Stage, shapes: dict[str, Shape]) -> Setting:
    return replace(stage.setting(), shapes=shapes)


def _few() -> dict[str, str]:
    return {"batch_size": FEW["SALESFORCE_BATCH_SIZE"], "bulk_above": FEW["SALESFORCE_BULK_ABOVE"]}


def test_the_preset_is_checked_by_field_and_never_shown(alone: Stage) -> None:
    for name, value in (("batch_size", "201"), ("bulk_above", "many"), ("api_version", "latest"), ("url", " ")):
        with pytest.raises(SettingsError) as error, alone.connected(**{name: value}):
            pass
        assert f"field {name} " in str(error.value)
        assert NOWHERE["SALESFORCE_CLIENT_SECRET"] not in str(error.value)
