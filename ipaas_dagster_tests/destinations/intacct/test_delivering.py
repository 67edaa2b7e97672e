"""The use case with the product's own templates: what the books hold equals the hub."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.destinations.intacct.world import (
    Company,
    assert_exactly_once,
    contact,
    customer,
    invoice,
    item,
    line,
    one,
    payment,
    trade,
)


def test_an_invoice_has_its_customer_lines_and_totals_and_a_payment_takes_from_its_balance(
    world: Company, intacct: Intacct
) -> None:
    customer(world, 1, name="O'Neil <&> Söhne 🚀", billing_street="1 Rue de l'Église", billing_country="France")
    contact(world, 3, 1, name="Ada", email="ada@example.com")
    item(world, 1)
    item(world, 2, description="About it")
    invoice(world, 7, 1, ((1, 2), (2, 3)), contract_start=datetime(2026, 11, 1, tzinfo=UTC))
    payment(world, 9, 1, 7, 5000)
    world.delivered()
    who, bill, paid = one(intacct, "CUSTOMER"), one(intacct, "ARINVOICE"), one(intacct, "ARPYMT")
    assert (who["CUSTOMERID"], who["NAME"]) == ("C-1", "O'Neil <&> Söhne 🚀")
    assert (who["DISPLAYCONTACT.MAILADDRESS.CITY"], who["DISPLAYCONTACT.MAILADDRESS.COUNTRY"]) == ("Lyon", "France")
    person = one(intacct, "CONTACT")
    assert (person["PRINTAS"], person["EMAIL1"]) == ("Ada", "ada@example.com")
    assert (bill["CUSTOMERID"], bill["RECORDID"]) == ("C-1", "INV00007")
    assert (bill["WHENCREATED"], bill["WHENDUE"]) == ("11/01/2026", "12/24/2026")
    assert [(r["ACCOUNTNO"], r["TRX_AMOUNT"], r.get("ITEMID", ""), r["ENTRYDESCRIPTION"]) for r in bill["LINES"]] == [
        ("4000", "20.00", "I-1", "a plan"),
        ("4000", "60.00", "I-2", "a plan"),
        ("2200", "8.00", "", "Tax"),
        ("4000", "-1.00", "", "Discount"),
    ]
    assert (bill["TOTALENTERED"], bill["TOTALDUE"]) == ("87.00", "37.00")
    assert (paid["TOTALENTERED"], paid["DOCNUMBER"], paid["RECEIPTDATE"]) == ("50.00", "IG-9", "11/19/2026")


def test_a_second_run_sends_nothing(world: Company, intacct: Intacct) -> None:
    trade(world, 40)
    world.delivered()
    before = intacct.journal.total
    assert world.deliver().calls == 0
    assert intacct.journal.total == before
    assert_exactly_once(world, intacct)


def test_lines_are_changed_added_and_taken_away(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    for number in (1, 2, 3):
        item(world, number)
    hub_id = invoice(world, 1, 1, ((1, 2), (2, 1)))
    world.delivered()
    line(world, 1, 2, item_code="P-3", unit_price_minor=3000, quantity=2)
    line(world, 1, 3, item_code="P-1", unit_price_minor=1000, quantity=1)
    world.hub.put("invoices", hub_id, net_amount_minor=9000, tax_minor=0, total_minor=8900)
    result = world.delivered()
    bill = one(intacct, "ARINVOICE")
    assert [(r["TRX_AMOUNT"], r.get("ITEMID", "")) for r in bill["LINES"]] == [
        ("20.00", "I-1"),
        ("60.00", "I-3"),
        ("10.00", "I-1"),
        ("-1.00", ""),
    ]
    assert bill["TOTALENTERED"] == "89.00"
    world.hub.drop("invoice_lines", f"{hub_id}#2")
    world.hub.drop("invoice_lines", f"{hub_id}#3")
    world.hub.put("invoices", hub_id, net_amount_minor=2000, discount_minor=0, total_minor=2000)
    result = world.delivered()
    bill = one(intacct, "ARINVOICE")
    assert [r["TRX_AMOUNT"] for r in bill["LINES"]] == ["20.00", "0.00", "0.00", "0.00"]
    assert (bill["TOTALENTERED"], result.notes) == ("20.00", ())


def test_an_invoice_that_is_paid_stays_as_it_is_and_the_change_is_dead_with_that_reason(
    world: Company, intacct: Intacct
) -> None:
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1)
    payment(world, 1, 1, 1, 500)
    world.delivered()
    world.hub.put("invoices", hub_id, discount_minor=0, total_minor=2200)
    world.deliver()
    assert world.entry(hub_id).state == "dead"
    assert "has payments" in world.entry(hub_id).reason
    assert one(intacct, "ARINVOICE")["TOTALENTERED"] == "21.00"


def test_deletes_children_first_and_what_intacct_keeps_is_made_inactive(world: Company, intacct: Intacct) -> None:
    trade(world, 5)
    customer(world, 77)
    world.delivered()
    for collection in ("customers", "contacts", "items", "invoices", "invoice_lines", "payments"):
        for hub_id in list(world.hub.alive(collection)):
            world.hub.drop(collection, hub_id)
    world.delivered()
    assert (intacct.truth("ARINVOICE"), intacct.truth("CONTACT"), intacct.truth("ITEM")) == ([], [], [])
    assert {record["STATE"] for record in intacct.truth("ARPYMT")} == {"Reversed"}
    left = {record["CUSTOMERID"]: record["STATUS"] for record in intacct.truth("CUSTOMER")}
    assert left == {"C-1": "inactive"}, "payments keep it; nothing keeps the others"
    customer(world, 1, name="Back")
    world.delivered()
    assert [(r["NAME"], r["STATUS"]) for r in intacct.truth("CUSTOMER") if r["CUSTOMERID"] == "C-1"] == [
        ("Back", "active")
    ]


def test_an_invoice_is_reversed_where_the_preset_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment, on_delete="reverse")
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1)
    world.delivered()
    world.hub.drop("invoices", hub_id)
    world.delivered()
    bill = one(sandbox.intacct, "ARINVOICE")
    assert (bill["STATE"], bill["REVERSEDDATE"]) == ("Reversed", "11/20/2026")


def test_a_payment_that_changed_is_reversed_and_booked_anew(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1)
    hub_id = payment(world, 1, 1, 1, 1100)
    world.delivered()
    world.hub.put("payments", hub_id, paid_minor=700)
    world.delivered()
    assert [(r["STATE"], r["TOTALENTERED"]) for r in intacct.truth("ARPYMT")] == [
        ("Reversed", "11.00"),
        ("Complete", "7.00"),
    ]
    assert_exactly_once(world, intacct)
    world.hub.put("payments", hub_id, status="REFUNDED")
    assert world.delivered().routes["payments"].same_as_delivered == 1


def test_only_payments_by_which_money_came_in_are_sent(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    for number, status in enumerate(("AUTHORIZED", "DECLINED", "REFUNDED", "PENDING", "VOIDED"), 1):
        payment(world, number, 1, None, 500, status=status)
    payment(world, 6, 1, None, 0)
    world.delivered()
    assert [record["DOCNUMBER"] for record in intacct.truth("ARPYMT")] == ["IG-1", "IG-3"]
    world.hub.put("payments", "instagaze:transactions:1", status="CHARGEBACK")
    world.delivered()
    assert [record["STATE"] for record in intacct.truth("ARPYMT")] == ["Reversed", "Complete"]


def test_an_invoice_without_lines_has_one_of_its_net_amount_and_is_due_at_once(
    world: Company, intacct: Intacct
) -> None:
    customer(world, 1)
    invoice(world, 1, 1, (), due_at=None, net_amount_minor=5000, tax_minor=None, total_minor=4900)
    world.delivered()
    bill = one(intacct, "ARINVOICE")
    assert [r["TRX_AMOUNT"] for r in bill["LINES"]] == ["50.00", "-1.00"]
    assert bill["WHENDUE"] == bill["WHENCREATED"] == "11/20/2026"


def test_a_total_that_intacct_adds_up_to_another_is_told(world: Company) -> None:
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1, total_minor=2099)
    result = world.delivered()
    assert "total differs: 20.99 here, 21.00 in Intacct" in " ".join(result.notes)
    assert hub_id in " ".join(result.notes)


def test_what_somebody_added_there_stays_and_what_is_emptied_here_is_emptied(world: Company, intacct: Intacct) -> None:
    customer(world, 1, billing_street="1 Road")
    world.delivered()
    theirs = {"RESALENO": "R-1", "COMMENTS": "pays late ipaas:instagaze:accounts:1"}
    intacct.command("change", {"object": "CUSTOMER", "key": "C-1", "fields": theirs})
    customer(world, 1, name="Renamed", billing_street=None)
    world.delivered()
    record = one(intacct, "CUSTOMER")
    assert (record["NAME"], record["RESALENO"], record["COMMENTS"]) == ("Renamed", "R-1", theirs["COMMENTS"])
    assert record["DISPLAYCONTACT.MAILADDRESS.ADDRESS1"] == ""


def test_what_is_gone_there_is_made_anew(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    world.delivered()
    intacct.command("delete", {"object": "CUSTOMER", "key": "C-1"})
    customer(world, 1, name="Again")
    assert "made anew" in " ".join(world.delivered().notes)
    assert one(intacct, "CUSTOMER")["NAME"] == "Again"


def test_a_key_that_is_another_record_s_is_left_alone_unless_the_preset_adopts(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.intacct.command("seed", {"object": "CUSTOMER", "records": [{"CUSTOMERID": "C-1", "NAME": "Theirs"}]})
    world = Company(tmp_path / "careful", sandbox.environment)
    hub_id = customer(world, 1)
    world.deliver()
    assert world.entry(hub_id).state == "dead"
    assert "'C-1' is taken by CUSTOMER 1, which is not ours" in world.entry(hub_id).reason
    assert one(sandbox.intacct, "CUSTOMER")["NAME"] == "Theirs"
    adopting = Company(tmp_path / "adopting", sandbox.environment, adopt="true")
    customer(adopting, 1)
    adopting.delivered()
    assert one(sandbox.intacct, "CUSTOMER")["NAME"] == "Customer 1"


def test_an_invoice_number_that_somebody_gave_away_is_not_used_twice(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    item(world, 1)
    world.delivered()
    theirs = {"RECORDID": "INV00001", "CUSTOMERID": "C-1", "STATE": "Posted", "DESCRIPTION": "by hand"}
    intacct.command("seed", {"object": "ARINVOICE", "records": [theirs]})
    hub_id = invoice(world, 1, 1)
    world.deliver()
    assert "'INV00001' is taken by ARINVOICE 1" in world.entry(hub_id).reason
    assert len(intacct.truth("ARINVOICE")) == 1


def test_two_invoices_of_one_number_in_a_batch_say_of_each_other(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    item(world, 1)
    first, second = invoice(world, 1, 1), invoice(world, 2, 1)
    world.hub.put("invoices", second, number="INV00001")
    world.deliver()
    assert [world.entry(hub_id).state for hub_id in (first, second)] == ["delivered", "dead"]
    assert world.entry(second).reason.endswith(f"which is {first}: give one of them another")


@pytest.mark.parametrize("adopt", ["true", "false"])
def test_a_number_that_a_deleted_invoice_had_is_free_once_that_is_gone(
    sandbox: Sandbox, tmp_path: Path, adopt: str
) -> None:
    world = Company(tmp_path, sandbox.environment, adopt=adopt)
    customer(world, 1)
    item(world, 1)
    hub_id = invoice(world, 1, 1)
    world.delivered()
    world.hub.drop("invoices", hub_id)
    again = invoice(world, 2, 1)
    world.hub.put("invoices", again, number="INV00001")
    world.delivered()
    bill = one(sandbox.intacct, "ARINVOICE")
    assert (bill["RECORDNO"], bill["DESCRIPTION"]) == ("2", "ipaas:instagaze:invoices:2")


def test_another_currency_is_booked_only_where_the_company_has_several(sandbox: Sandbox, tmp_path: Path) -> None:
    single = Company(tmp_path / "single", sandbox.environment)
    customer(single, 1)
    item(single, 1)
    hub_id = invoice(single, 1, 1, currency="EUR")
    single.deliver()
    said = single.entry(hub_id).reason
    assert "currency: EUR cannot be booked: this company keeps its books in USD only" in said
    several = Company(tmp_path / "several", sandbox.environment, multicurrency="true")
    customer(several, 1)
    item(several, 1)
    invoice(several, 1, 1, currency="EUR")
    payment(several, 1, 1, 1, 1000, currency="EUR")
    several.delivered()
    bill = one(sandbox.intacct, "ARINVOICE")
    assert (bill["CURRENCY"], bill["TRX_TOTALENTERED"], bill["TRX_TOTALDUE"]) == ("EUR", "21.00", "11.00")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"owner_email": "a\x01b"}, "(U+0001 after 'a'); take it out at the source"),
        ({"source_id": "1" * 30}, "CUSTOMERID"),
    ],
)
def test_a_record_that_cannot_be_sent_is_dead_by_field_and_the_others_arrive(
    world: Company, intacct: Intacct, columns: dict[str, str], says: str
) -> None:
    hub_id = customer(world, 1, **columns)
    customer(world, 2)
    world.deliver()
    assert (world.entry(hub_id).state, one(intacct, "CUSTOMER")["NAME"]) == ("dead", "Customer 2")
    assert says in world.entry(hub_id).reason


SHUFFLED = {
    '        glaccountno: {constant: "4000"}\n': (
        '        itemid_note: {from: item_name, custom: true}\n        departmentid: {constant: "10"}\n'
        '        locationid: {constant: "100"}\n        glaccountno: {constant: "4900"}\n'
    ),
    "    customerid: {reference: customer_id, required: true}\n    datecreated": (
        "    PO_OWNER: {from: salesperson, custom: true}\n    termname: {constant: Net 30}\n"
        "    customerid: {reference: customer_id, required: true}\n    datecreated"
    ),
}


def test_the_order_of_the_template_does_not_matter_and_own_fields_and_dimensions_arrive(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    custom = ("ARINVOICE.PO_OWNER", "ARINVOICEITEM.itemid_note")
    sandbox.intacct.command("settings", {"custom_fields": list(custom)})
    world = Company(tmp_path, sandbox.environment, SHUFFLED)
    customer(world, 1)
    item(world, 1)
    invoice(world, 1, 1, ((1, 2),), salesperson="Bo")
    line(world, 1, 1, item_name="A plan")
    world.delivered()
    bill = one(sandbox.intacct, "ARINVOICE")
    first = bill["LINES"][0]
    assert (bill["PO_OWNER"], bill["TERMNAME"], first["itemid_note"]) == ("Bo", "Net 30", "A plan")
    assert (first["ACCOUNTNO"], first["LOCATIONID"], first["DEPARTMENTID"]) == ("4900", "100", "10")
    world.hub.put("invoices", "instagaze:invoices:1", salesperson="Cy")
    world.delivered()
    assert one(sandbox.intacct, "ARINVOICE")["PO_OWNER"] == "Cy"
