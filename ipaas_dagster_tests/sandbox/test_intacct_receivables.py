"""Invoices and payments: what is refused, what is due, what can still be changed."""

from __future__ import annotations

import pytest

from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.sandbox.intacct_client import DAY, customer, invoice, line, one, payment, run

REVERSED = f"<datereversed>{DAY}</datereversed>"


@pytest.fixture
def intacct() -> Intacct:
    """One customer, C1; invoices and payments are numbered from 1."""
    made = Intacct()
    one(made, customer("C1", more="<TERMNAME>Net 15</TERMNAME>"))
    return made


def amounts(intacct: Intacct, number: int = 1) -> tuple[str, str, str, str]:
    record = next(one for one in intacct.truth("ARINVOICE") if one["RECORDNO"] == str(number))
    return record["TOTALENTERED"], record["TOTALPAID"], record["TOTALDUE"], record["STATE"]


def test_an_invoice_is_stored_with_its_lines(intacct: Intacct) -> None:
    more = "<ponumber>PO</ponumber><description>d &amp; e</description><externalid>X1</externalid>"
    lines = (line("10.10", "<memo>m</memo><locationid>100</locationid>"), line("0.2", account="4100"))
    assert one(intacct, invoice("I1", *lines, more=more)).key == "1"
    stored = intacct.truth("ARINVOICE")[0]
    wanted = {
        "RECORDID": "I1",
        "CUSTOMERID": "C1",
        "CUSTOMERNAME": "Acme",
        "STATE": "Posted",
        "WHENCREATED": "01/02/2026",
        "WHENDUE": "01/02/2026",
        "DOCNUMBER": "PO",
        "DESCRIPTION": "d & e",
        "EXTERNALID": "X1",
        "TOTALENTERED": "10.30",
        "TOTALDUE": "10.30",
    }
    assert {name: stored[name] for name in wanted} == wanted
    assert [(row["LINE_NO"], row["ACCOUNTNO"], row["AMOUNT"]) for row in stored["LINES"]] == [
        ("0", "4000", "10.10"),
        ("1", "4100", "0.20"),
    ]
    assert (stored["LINES"][0]["ENTRYDESCRIPTION"], stored["LINES"][0]["LOCATIONID"]) == ("m", "100")


def test_what_is_due_when(intacct: Intacct) -> None:
    one(intacct, customer("C2"))
    by_term = "<termname>Net 30</termname>"
    found = run(intacct, invoice("I1", due=by_term), invoice("I2", due=""), invoice("I3", key="C2", due=""))
    assert [record["WHENDUE"] for record in intacct.truth("ARINVOICE")] == ["02/01/2026", "01/17/2026"]
    assert "Required field Date Due is missing" in found[2].texts


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (invoice("I1", key="C9"), "Invalid Customer 'C9' specified."),
        (invoice("I1", line("1", account="16200")), "Account 16200 is not valid"),
        (invoice("I1", line("1", account="")), "Required field GL Account is missing"),
        (invoice("I1", line("1", account="4999")), "Activate the gl account 4999"),
        (invoice("I1", line("1", account="4900")), "missing the Location dimension for the Account 4900"),
        (
            invoice("I1", line("1", "<locationid>100</locationid>", "4900")),
            "missing the Department dimension for the Account 4900",
        ),
        (invoice("I1", line("1", "<locationid>600</locationid>")), "The location '600' is invalid."),
        (invoice("I1", line("1", "<departmentid>300</departmentid>")), "The department '300' is invalid."),
        (invoice("I1", line("1", "<itemid>no</itemid>")), "Item 'no' specified is not valid."),
        (invoice("I1", line("1", "<projectid>P</projectid>")), "Invalid Project 'P' specified."),
        (invoice("I1", line("1", "<vendorid>V</vendorid>")), "Vendor 'V' specified is not valid."),
        (invoice("I1", line("1.001")), "Invalid amount"),
        (invoice("I1", line("1,000.00")), "Invalid amount"),
        (invoice("I1", line("")), "Invalid amount"),
        (invoice("I1", line("NaN")), "Invalid amount"),
        (invoice("I1", due="<termname>Net 99</termname>"), "Invalid AR Term 'Net 99' specified."),
        (invoice("I1", due=f"<datedue>{DAY.replace('>02<', '>30<')}</datedue>").replace("01</m", "02</m"), "not valid"),
        (invoice("I1", due="<termname>N30</termname><batchkey>99</batchkey>"), "Invalid Invoice Summary '99'"),
        (invoice("I1", due="<termname>N30</termname><action>Post</action>"), "Invalid action 'Post'"),
        (invoice("I1", more="<billto><contactname>X</contactname></billto>"), "Invalid Contact 'X' specified."),
        (invoice("I1", more="<currency>XXX</currency><exchrate>1</exchrate>"), "Invalid Currency 'XXX'"),
        (invoice("I1", more="<currency>EUR</currency><exchrate>0</exchrate>"), "Invalid exchange rate"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_the_vendors_words(intacct: Intacct, inner: str, text: str) -> None:
    failed = one(intacct, inner)
    assert [number for number, _ in failed.errors] == ["BL01001973"] * 3
    assert text in failed.errors[0][1]
    assert failed.errors[1][1] == "Could not create invoice record!"
    assert intacct.truth("ARINVOICE") == intacct.truth("ARINVOICEITEM") == []


def test_an_inactive_customer_gets_no_invoice(intacct: Intacct) -> None:
    intacct.command("change", {"object": "CUSTOMER", "key": "C1", "fields": {"STATUS": "inactive"}})
    assert "Activate the customer C1, then try again." in one(intacct, invoice("I1")).texts


@pytest.mark.parametrize(("scope", "statuses"), [("customer", "fs"), ("company", "ff"), ("no", "ss")])
def test_among_what_an_invoice_number_is_unique(scope: str, statuses: str) -> None:
    intacct = Intacct(unique_invoice_numbers=scope)
    run(intacct, customer("C1"), customer("C2"), invoice("I1"))
    found = run(intacct, invoice("I1"), invoice("I1", key="C2"))
    assert "".join(result.status[0] for result in found) == statuses


def test_an_invoice_without_a_number_gets_one() -> None:
    numbering, strict = Intacct(), Intacct(number_invoices=False)
    for intacct in (numbering, strict):
        run(intacct, customer("C1"), invoice(""), invoice(""))
    assert len({record["RECORDID"] for record in numbering.truth("ARINVOICE")}) == 2
    assert strict.truth("ARINVOICE") == []


def test_labels_contacts_and_custom_fields() -> None:
    intacct = Intacct(custom_fields=("ARINVOICE.HUB",))
    one(intacct, customer("C1"))
    contact = "<billto><contact><contactname>Jo</contactname><printas>Jo</printas></contact></billto>"
    custom = "<customfields><customfield><customfieldname>{}</customfieldname><customfieldvalue>7</customfieldvalue>"
    custom += "</customfield></customfields>"
    labelled = "<lineitem><accountlabel>Subscriptions</accountlabel><amount>1</amount></lineitem>"
    found = run(
        intacct,
        invoice("I1", labelled, more=contact + custom.format("HUB")),
        invoice("I2", labelled, more=custom.format("OTHER")),
    )
    assert [result.status for result in found] == ["success", "failure"]
    stored = intacct.truth("ARINVOICE")[0]
    assert (stored["HUB"], stored["BILLTOPAYTOCONTACTNAME"], stored["LINES"][0]["ACCOUNTNO"]) == ("7", "Jo", "4100")
    assert intacct.truth("CONTACT")[0]["PRINTAS"] == "Jo"


def test_payments_lower_what_is_due(intacct: Intacct) -> None:
    run(intacct, invoice("I1", line("10.00"), line("0.30")))
    assert one(intacct, payment("4.10", ("1", "4.10"))).key == "1"
    assert amounts(intacct) == ("10.30", "4.10", "6.20", "Partially Paid")
    one(intacct, payment("6.20", ("1", "6.20")))
    assert amounts(intacct) == ("10.30", "10.30", "0.00", "Paid")
    assert intacct.truth("ARINVOICE")[0]["WHENPAID"] == "01/02/2026"
    assert [row["TOTALPAID"] for row in intacct.truth("ARINVOICE")[0]["LINES"]] == ["10.00", "0.30"]


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (payment("20", ("1", "10.01")), "more than the 10.00 that is due"),
        (payment("5", ("1", "4"), ("1", "4")), "more than the payment of 5.00"),
        (payment("20", ("1", "6"), ("1", "6")), "more than the 4.00 that is due"),
        (payment("0"), "above zero"),
        (payment("-1"), "above zero"),
        (payment("5", ("1", "0")), "above zero"),
        (payment("5", ("99", "1")), "Cannot find invoice with key '99'."),
        (payment("5", ("I1", "1")), "Cannot find invoice with key 'I1'."),
        (payment("5", ("1", "1"), key="C2"), "not one of the customer 'C2'"),
        (payment("5", key="C9"), "Customer 'C9' specified is not valid."),
        (payment("5", ("2", "1")), "cannot be paid in the state Draft"),
        (payment("5", ("3", "1")), "The invoice 3 is in EUR"),
        (payment("5").replace("EFT", "Shells"), "Invalid payment method 'Shells'"),
        (payment("5", refid="R").replace("<refid>", "<bankaccountid>X</bankaccountid><refid>"), "Checking Account 'X'"),
        (payment("5", refid="R").replace("<refid>", "<undepfundsacct>9</undepfundsacct><refid>"), "Account 9 is not"),
    ],
)
def test_a_payment_that_does_not_fit_leaves_nothing(intacct: Intacct, inner: str, text: str) -> None:
    draft = invoice("I2", due="<termname>N30</termname><action>Draft</action>")
    euro = invoice("I3", more="<currency>EUR</currency><exchratetype>Intacct Daily Rate</exchratetype>")
    run(intacct, customer("C2"), invoice("I1"), draft, euro)
    failed = one(intacct, inner)
    assert text in failed.errors[0][1]
    assert intacct.truth("ARPYMT") == intacct.truth("ARPYMTDETAIL") == []
    assert amounts(intacct) == ("10.00", "0.00", "10.00", "Posted")


def test_what_is_left_of_a_payment_is_applied_later(intacct: Intacct) -> None:
    run(intacct, invoice("I1"), payment("15", ("1", "4"), refid="R-1"))
    item = "<arpaymentitem><invoicekey>1</invoicekey><amount>{}</amount></arpaymentitem>"
    apply = "<apply_arpayment><arpaymentkey>1</arpaymentkey><paymentdate>" + DAY + "</paymentdate>"
    apply += "<arpaymentitems>" + item + "</arpaymentitems></apply_arpayment>"
    found = run(intacct, apply.format("6.01"), apply.format("6"), apply.format("1"))
    assert [result.status for result in found] == ["failure", "success", "failure"]
    stored = intacct.truth("ARPYMT")[0]
    assert (stored["DOCNUMBER"], stored["TOTALENTERED"], stored["TOTALPAID"], stored["TOTALDUE"]) == (
        "R-1",
        "15.00",
        "10.00",
        "5.00",
    )
    assert amounts(intacct)[3] == "Paid"


def test_a_reversed_payment_makes_its_invoices_due_again(intacct: Intacct) -> None:
    run(intacct, invoice("I1"), invoice("I2"), payment("12", ("1", "10"), ("2", "2")))
    reverse = f'<reverse_arpayment key="1">{REVERSED}</reverse_arpayment>'
    assert [result.status for result in run(intacct, reverse, reverse)] == ["success", "failure"]
    assert amounts(intacct, 1) == amounts(intacct, 2) == ("10.00", "0.00", "10.00", "Posted")
    assert (intacct.truth("ARPYMT")[0]["STATE"], intacct.truth("ARPYMT")[0]["TOTALDUE"]) == ("Reversed", "0.00")


def test_an_invoice_with_payments_stays(intacct: Intacct) -> None:
    run(intacct, invoice("I1"), payment("1", ("1", "1")))
    change = '<update_invoice key="1">{}</update_invoice>'
    lines = '<updateinvoiceitems><updatelineitem line_num="1"><amount>5</amount></updatelineitem></updateinvoiceitems>'
    inners = (
        '<delete_invoice key="1"/>',
        f'<reverse_invoice key="1">{REVERSED}</reverse_invoice>',
        "<delete><object>ARINVOICE</object><keys>1</keys></delete>",
        change.format(lines),
        change.format(f"<datecreated>{DAY}</datecreated>"),
        change.format("<description>new</description>"),
    )
    assert [result.status for result in run(intacct, *inners)] == ["failure"] * 5 + ["success"]
    assert amounts(intacct) == ("10.00", "1.00", "9.00", "Partially Paid")
    assert intacct.truth("ARINVOICE")[0]["DESCRIPTION"] == "new"


def test_an_invoice_is_updated_by_its_key_or_external_id(intacct: Intacct) -> None:
    run(intacct, invoice("I1", line("1"), line("2"), more="<externalid>X1</externalid>"), invoice("I2"))
    items = '<updatelineitem line_num="2"><amount>5</amount><memo>m</memo></updatelineitem>' + line("0.5")
    change = '<update_invoice key="X1" externalkey="true"><invoiceno>{}</invoiceno><description>d</description>'
    change += "<updateinvoiceitems>{}</updateinvoiceitems></update_invoice>"
    assert "already exists" in one(intacct, change.format("I2", items)).texts
    assert one(intacct, change.format("I1", items)).key == "1"
    stored = intacct.truth("ARINVOICE")[0]
    assert [row["AMOUNT"] for row in stored["LINES"]] == ["1.00", "5.00", "0.50"]
    assert (stored["TOTALENTERED"], stored["TOTALDUE"], stored["DESCRIPTION"]) == ("6.50", "6.50", "d")
    assert "has no line 0" in one(intacct, change.format("I1", items.replace('"2"', '"0"'))).texts
    assert "has no line 4" in one(intacct, change.format("I1", items.replace('"2"', '"4"'))).texts


def test_a_draft_is_submitted_by_an_update(intacct: Intacct) -> None:
    one(intacct, invoice("I1", due="<termname>N30</termname><action>Draft</action>"))
    run(intacct, '<update_invoice key="1"><description>still</description></update_invoice>')
    assert amounts(intacct)[3] == "Draft"
    run(intacct, '<update_invoice key="1"><action>Submit</action></update_invoice>')
    assert amounts(intacct)[3] == "Posted"


def test_deleted_and_reversed_invoices(intacct: Intacct) -> None:
    run(intacct, invoice("I1"), invoice("I2"))
    deletes = ('<delete_invoice key="1"/>', '<delete_invoice key="1"/>', '<delete_invoice key="I2"/>')
    assert [result.status for result in run(intacct, *deletes)] == ["success", "failure", "failure"]
    assert [row["RECORDKEY"] for row in intacct.truth("ARINVOICEITEM")] == ["2"]
    run(intacct, f'<reverse_invoice key="2">{REVERSED}</reverse_invoice>')
    assert amounts(intacct, 2) == ("10.00", "0.00", "0.00", "Reversed")
    refused = run(intacct, payment("1", ("2", "1")), '<update_invoice key="2"><ponumber>1</ponumber></update_invoice>')
    assert [result.status for result in refused] == ["failure"] * 2


def test_other_currencies_are_kept_beside_the_companys_own(intacct: Intacct) -> None:
    run(intacct, invoice("I1", line("10.01"), more="<currency>EUR</currency><exchrate>1.333</exchrate>"))
    stored = intacct.truth("ARINVOICE")[0]
    assert (stored["TRX_TOTALENTERED"], stored["TOTALENTERED"], stored["CURRENCY"]) == ("10.01", "13.34", "EUR")
    euro = payment("10.01", ("1", "10.01")).replace(
        "</paymentmethod>", "</paymentmethod><currency>EUR</currency><exchrate>1.4</exchrate>"
    )
    assert one(intacct, euro).status == "success"
    assert amounts(intacct) == ("13.34", "13.34", "0.00", "Paid")


def test_numbers_are_never_used_again(intacct: Intacct) -> None:
    run(intacct, invoice("I1"), '<delete_invoice key="1"/>')
    assert one(intacct, invoice("I1")).key == "2"
