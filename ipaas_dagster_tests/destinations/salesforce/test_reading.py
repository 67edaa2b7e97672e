"""What the org holds, read back with the types of a payload; and doubts settled by asking."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from ipaas_dagster_tests.destinations.salesforce.stage import Behaviour, Stage, batch, staged

DUE = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


def invoice(stage: Stage) -> str:
    parent = stage.customer(1, name="O'Neill \\ Söhne", billing_latitude=51.5, autopay_only=True)
    columns = {"customer_id": parent, "currency": "USD", "total_minor": 9999999999999, "tax_minor": -5}
    return stage.put("invoices", "instagaze:invoices:1", number="R-1", quantity=3, due_at=DUE, **columns)


def test_values_come_back_with_the_types_of_a_payload(stage: Stage) -> None:
    hub_id = invoice(stage)
    stage.deliver()
    with stage.connected() as destination:
        found = destination.read("invoices", "Invoice__c", [hub_id, "instagaze:invoices:404"])
        customer = destination.read("customers", "Account", ["instagaze:accounts:1"])["instagaze:accounts:1"]
    assert found["instagaze:invoices:404"] is None
    record = found[hub_id]
    assert record is not None
    assert record == stage.upsert("invoices", hub_id).payload | {"Account__c": "instagaze:accounts:1"}  # type: ignore[operator]
    assert (record["Total__c"], record["Due_At__c"]) == (Decimal("99999999999.99"), DUE)
    assert [type(record[name]) for name in ("Total__c", "Quantity__c", "Is_Paid__c")] == [Decimal, int, bool]
    assert customer is not None
    assert (customer["Name"], customer["BillingLatitude"]) == ("O'Neill \\ Söhne", 51.5)


def test_by_salesforces_own_ids_too(stage: Stage) -> None:
    stage.customer(1)
    stage.deliver()
    own_id = stage.there()["instagaze:accounts:1"]["Id"]
    with stage.connected() as destination:
        found = destination.read("customers", "Account", [own_id, "001Sb0000000999IAA"])
    assert [record and record["Name"] for record in found.values()] == ["Customer 1", None]


def test_many_are_asked_for_in_portions_and_pages(tmp_path: Path) -> None:
    with staged(tmp_path, behaviour=Behaviour(query_page=200)) as stage:
        hub_ids = [stage.customer(n) for n in range(1000)]
        stage.deliver()
        before = len(stage.urls("GET"))
        with stage.connected() as destination:
            found = destination.read("customers", "Account", hub_ids)
        assert {hub_id: record and record["Ipaas_Hub_Id__c"] for hub_id, record in found.items()} == {
            hub_id: hub_id for hub_id in hub_ids
        }
        asked = stage.urls("GET")[before:]
        assert 5 <= len(asked) <= 20
        assert max(map(len, asked)) < 16_000


def test_a_doubt_can_be_asked_about(stage: Stage) -> None:
    """There as it was sent, there as something else, not there; and a delete."""
    for n in range(4):
        stage.customer(n, number="A-1")
    stage.deliver()
    there = stage.there()
    same, other = stage.upsert("customers", "instagaze:accounts:0"), "instagaze:accounts:1"
    stage.customer(1, number="A-2")
    absent = stage.customer(9)
    asked = [same, stage.upsert("customers", other), stage.upsert("customers", absent)]
    asked.append(stage.delete("customers", "instagaze:accounts:2", there["instagaze:accounts:2"]["Id"]))
    asked.append(stage.delete("customers", stage.customer(10), None))
    with stage.connected() as destination:
        outcomes = destination.resolve(asked)
    assert [one.kind for one in outcomes] == ["delivered", "retry", "retry", "retry", "delivered"]
    assert outcomes[0].external_id == there["instagaze:accounts:0"]["Id"]


def test_deletes_find_what_they_are_not_told_the_id_of(stage: Stage) -> None:
    for n in range(3):
        stage.customer(n)
    stage.deliver()
    never = stage.customer(9)
    with stage.connected() as destination:
        sent = batch(*(stage.delete("customers", one, None) for one in ("instagaze:accounts:0", never)))
        assert [one.kind for one in destination.deliver(sent)] == ["delivered"] * 2
        assert [one.kind for one in destination.deliver(sent)] == ["delivered"] * 2
    assert set(stage.there()) == {"instagaze:accounts:1", "instagaze:accounts:2"}
