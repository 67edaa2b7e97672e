"""create, update, delete of CUSTOMER, CONTACT and ITEM."""

from __future__ import annotations

import pytest

from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.sandbox.intacct_client import customer, invoice, one, payment, run

JANE = "<create><CONTACT><CONTACTNAME>Jane</CONTACTNAME><PRINTAS>Jane D</PRINTAS>{}</CONTACT></create>"
ITEM = "<create><ITEM><ITEMID>{}</ITEMID><NAME>Thing</NAME><ITEMTYPE>{}</ITEMTYPE></ITEM></create>"


@pytest.fixture
def intacct() -> Intacct:
    return Intacct()


def update(name: str, fields: str) -> str:
    return f"<update><{name}>{fields}</{name}></update>"


def test_create_answers_record_numbers_and_keys(intacct: Intacct) -> None:
    found = one(intacct, customer("C1").replace("</create>", "") + JANE.format("").replace("<create>", ""))
    assert found.attributes() == {"listtype": "objects", "count": "2"}
    assert found.rows() == [{"RECORDNO": "1", "CUSTOMERID": "C1"}, {"RECORDNO": "1", "CONTACTNAME": "Jane"}]
    assert [record.tag for record in found.element.find("data")] == ["customer", "contact"]


def test_a_key_is_unique(intacct: Intacct) -> None:
    one(intacct, customer("C1"))
    assert one(intacct, customer("C1", "Other")).errors == [
        ("BL34000061", "Another Customer with the given value(s) C1  already exists"),
        ("BL01001973", "Could not create customer record!"),
        ("BL01001973", "Could not create Customer record!"),
    ]
    assert [record["NAME"] for record in intacct.truth("CUSTOMER")] == ["Acme"]


def test_the_first_text_ends_in_a_support_id(intacct: Intacct) -> None:
    failed = one(intacct, customer("")).element
    texts = [error.findtext("description2") for error in failed.iterfind("errormessage/error")]
    assert "[Support ID: " in texts[0]
    assert not any("[Support ID: " in text for text in texts[1:])


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (customer("", "Acme"), "Required field CUSTOMERID is missing"),
        (customer("C1", ""), "Required field NAME is missing"),
        (customer("C" * 21), "longer than 20 characters"),
        (customer("C1", more="<NICKNAME>x</NICKNAME>"), "Field 'NICKNAME' is not defined"),
        (customer("C1", more="<NAME>x</NAME>"), "given twice"),
        (customer("C1", more="<STATUS>open</STATUS>"), "Invalid value 'open' for the field STATUS"),
        (customer("C1", more="<CREDITLIMIT>1e3</CREDITLIMIT>"), "Invalid value '1e3' for the field CREDITLIMIT"),
        (customer("C1", more="<ONETIME>yes</ONETIME>"), "Invalid value 'yes' for the field ONETIME"),
        (customer("C1", more="<PARENTID>C9</PARENTID>"), "Customer 'C9' specified is not valid."),
        (customer("C1", more="<TERMNAME>Net 31</TERMNAME>"), "Invalid AR Term 'Net 31' specified."),
        (customer("C1", more="<CUSTREPID>1005</CUSTREPID>"), "The employee '1005' is invalid."),
        (customer("C1", more="<ARACCOUNT>16200</ARACCOUNT>"), "Account 16200 is not valid"),
        (customer("C1", more="<CURRENCY>XXX</CURRENCY>"), "Invalid Currency 'XXX' specified."),
        (customer("C1", more="<BILLTO><CONTACTNAME>X</CONTACTNAME></BILLTO>"), "Invalid Contact 'X' specified."),
        (customer("C1", more="<DISPLAYCONTACT><FAX>1</FAX></DISPLAYCONTACT>"), "DISPLAYCONTACT.PRINTAS is missing"),
        (JANE.format("").replace("<PRINTAS>Jane D</PRINTAS>", ""), "Required field PRINTAS is missing"),
        (ITEM.format("I1", "Gadget"), "Invalid value 'Gadget' for the field ITEMTYPE"),
        ("<create><customer><NAME>x</NAME></customer></create>", "Object definition customer not found"),
        ("<create><ARINVOICE><NAME>x</NAME></ARINVOICE></create>", "not supported for the object ARINVOICE"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_the_vendors_words(intacct: Intacct, inner: str, text: str) -> None:
    failed = one(intacct, inner)
    assert failed.status == "failure"
    assert text in failed.texts
    assert not any(intacct.truth(name) for name in ("CUSTOMER", "CONTACT", "ITEM"))


def test_fields_of_the_company_are_known_to_it() -> None:
    intacct = Intacct(custom_fields=("CUSTOMER.HUB_ID",))
    one(intacct, customer("C1", more="<HUB_ID>h1</HUB_ID>"))
    assert intacct.truth("CUSTOMER")[0]["HUB_ID"] == "h1"
    found = one(intacct, "<readByQuery><object>CUSTOMER</object><query>HUB_ID = 'h1'</query></readByQuery>")
    assert found.rows()[0]["HUB_ID"] == "h1"
    assert "HUB_ID" in [
        field.text for field in one(intacct, "<inspect><object>CUSTOMER</object></inspect>").element.iter("Field")
    ]


def test_unknown_fields_may_be_ignored() -> None:
    intacct = Intacct(unknown_fields="ignore")
    assert one(intacct, customer("C1", more="<NICKNAME>x</NICKNAME>")).status == "success"
    assert "NICKNAME" not in intacct.truth("CUSTOMER")[0]


def test_update_changes_what_is_given_and_clears_what_is_empty(intacct: Intacct) -> None:
    run(intacct, JANE.format(""), customer("C1", more="<TERMNAME>N30</TERMNAME><COMMENTS>x</COMMENTS>"))
    fields = "<CUSTOMERID>C1</CUSTOMERID><COMMENTS/><CONTACTINFO><CONTACTNAME>Jane</CONTACTNAME></CONTACTINFO>"
    assert one(intacct, update("CUSTOMER", fields)).rows() == [{"RECORDNO": "1", "CUSTOMERID": "C1"}]
    record = intacct.truth("CUSTOMER")[0]
    assert (record["NAME"], record["TERMNAME"], record["COMMENTS"]) == ("Acme", "N30", "")
    assert record["CONTACTINFO.CONTACTNAME"] == "Jane"
    one(intacct, update("CUSTOMER", "<RECORDNO>1</RECORDNO><NAME>New</NAME>"))
    assert intacct.truth("CUSTOMER")[0]["NAME"] == "New"


def test_update_needs_a_record(intacct: Intacct) -> None:
    one(intacct, customer("C1"))
    missing = one(intacct, update("CUSTOMER", "<CUSTOMERID>C9</CUSTOMERID><NAME>x</NAME>"))
    assert missing.errors == [("Cannot update non-existing CUSTOMER with CUSTOMERID=C9.", "")]
    other = one(intacct, update("CUSTOMER", "<RECORDNO>1</RECORDNO><CUSTOMERID>C2</CUSTOMERID>"))
    assert other.status == "failure"
    assert one(intacct, update("CUSTOMER", "<CUSTOMERID>C1</CUSTOMERID><NAME/>")).status == "failure"
    assert intacct.truth("CUSTOMER")[0]["NAME"] == "Acme"


def test_the_type_of_an_item_stays(intacct: Intacct) -> None:
    one(intacct, ITEM.format("I1", "Non-Inventory"))
    fields = "<ITEMID>I1</ITEMID><ITEMTYPE>Kit</ITEMTYPE>"
    assert "ITEMTYPE cannot be changed" in one(intacct, update("ITEM", fields)).texts


def test_every_customer_has_a_display_contact() -> None:
    more = "<DISPLAYCONTACT><PRINTAS>A</PRINTAS><MAILADDRESS><CITY>Ulm</CITY></MAILADDRESS></DISPLAYCONTACT>"
    plain, listed = Intacct(), Intacct(display_contacts=True)
    for intacct in (plain, listed):
        run(intacct, customer("C1"), customer("C2", more=more))
        assert [one["DISPLAYCONTACT.PRINTAS"] for one in intacct.truth("CUSTOMER")] == ["Acme", "A"]
    assert plain.truth("CONTACT") == []
    assert [record["CONTACTNAME"] for record in listed.truth("CONTACT")] == ["Acme(CC1)", "Acme(CC2)"]
    assert listed.truth("CONTACT")[1]["MAILADDRESS.CITY"] == "Ulm"


def test_a_customer_lists_contacts_that_there_are(intacct: Intacct) -> None:
    entry = "<CONTACT_LIST_INFO><CATEGORYNAME>{0}</CATEGORYNAME><CONTACT><NAME>{0}</NAME></CONTACT></CONTACT_LIST_INFO>"
    one(intacct, JANE.format(""))
    assert "Invalid Contact 'Joe'" in one(intacct, customer("C1", more=entry.format("Joe"))).texts
    run(intacct, customer("C1", more=entry.format("Jane") * 2))
    assert len(intacct.truth("CUSTOMER")[0]["CONTACT_LIST_INFO"]) == 2
    found = one(intacct, "<read><object>CUSTOMER</object><keys>1</keys></read>").element
    assert [name.text for name in found.iter("NAME")] == ["Acme", "Jane", "Jane"]


def test_customers_may_be_numbered() -> None:
    intacct = Intacct(number_customers=True)
    run(intacct, "<create><CUSTOMER><NAME>A</NAME></CUSTOMER></create>", customer("C1"))
    assert [record["CUSTOMERID"] for record in intacct.truth("CUSTOMER")] == ["CUST-1", "C1"]


def test_delete_by_record_number(intacct: Intacct) -> None:
    run(intacct, customer("C1"), customer("C2"), customer("C3"))
    deleted = one(intacct, "<delete><object>CUSTOMER</object><keys>1, 2</keys></delete>")
    assert (deleted.status, deleted.element.find("data")) == ("success", None)
    missing = one(intacct, "<delete><object>CUSTOMER</object><keys>C3</keys></delete>")
    assert missing.errors == [("BL01001973", "Cannot find customer with key 'C3' to delete.")]
    assert [record["CUSTOMERID"] for record in intacct.truth("CUSTOMER")] == ["C3"]


@pytest.mark.parametrize(
    ("inner", "name"),
    [
        ('<delete_customer customerid="C1"/>', "CUSTOMER"),
        ('<delete_contact contactname="Jane"/>', "CONTACT"),
        ('<delete_item itemid="I1"/>', "ITEM"),
    ],
)
def test_legacy_deletes_go_by_key(intacct: Intacct, inner: str, name: str) -> None:
    run(intacct, JANE.format(""), customer("C1"), ITEM.format("I1", "Kit"))
    assert one(intacct, inner).status == "success"
    assert intacct.truth(name) == []
    assert "to delete" in one(intacct, inner).texts


def test_what_is_used_cannot_be_deleted(intacct: Intacct) -> None:
    lines = "<lineitem><glaccountno>4000</glaccountno><amount>1</amount><itemid>I1</itemid></lineitem>"
    more = "<SHIPTO><CONTACTNAME>Jane</CONTACTNAME></SHIPTO>"
    run(intacct, JANE.format(""), ITEM.format("I1", "Kit"), customer("C1", more=more), invoice("N1", lines))
    run(intacct, customer("C2"), payment("5", key="C2"), customer("C3"), customer("C4", more="<PARENTID>C3</PARENTID>"))
    deletes = [f"<delete><object>{name}</object><keys>1</keys></delete>" for name in ("CUSTOMER", "CONTACT", "ITEM")]
    more_deletes = [f"<delete><object>CUSTOMER</object><keys>{number}</keys></delete>" for number in (2, 3)]
    found = run(intacct, *deletes, *more_deletes)
    assert ["used by" in result.texts for result in found] == [True] * 5
    assert [len(intacct.truth(name)) for name in ("CUSTOMER", "CONTACT", "ITEM")] == [4, 1, 1]
