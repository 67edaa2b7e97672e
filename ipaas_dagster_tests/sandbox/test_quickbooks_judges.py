"""Clients that nobody here wrote drive the stand-in unchanged, over https."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("quickbooks")

from intuitlib.client import AuthClient
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, ObjectNotFoundException, QuickbooksException
from quickbooks.objects import Account, CompanyInfo, Customer, Invoice, Item, Payment
from quickbooks.objects.detailline import DiscountLine, DiscountLineDetail, SalesItemLine, SalesItemLineDetail
from quickbooks.objects.payment import PaymentLine

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.sandbox.quickbooks_client import UNLIMITED


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(https=True, samples=None) as running:
        running.quickbooks.configure(**UNLIMITED)
        yield running


@pytest.fixture
def auth(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuthClient]:
    """intuit-oauth, pointed at the discovery document."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    known = sandbox.environment
    with AuthClient(
        known["QUICKBOOKS_CLIENT_ID"],
        known["QUICKBOOKS_CLIENT_SECRET"],
        "https://localhost/back",
        f"{sandbox.https_origin}/.well-known/openid_sandbox_configuration",
        refresh_token=known["QUICKBOOKS_REFRESH_TOKEN"],
    ) as client:
        yield client


@pytest.fixture
def qb(sandbox: Sandbox, auth: AuthClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{sandbox.https_origin}/v3")
    known = sandbox.environment
    client = QuickBooks(
        auth_client=auth,
        refresh_token=known["QUICKBOOKS_REFRESH_TOKEN"],
        company_id=known["QUICKBOOKS_REALM_ID"],
        minorversion=75,
        use_decimal=True,
    )
    with client.session:
        yield client


def new_customer(name: str, qb: QuickBooks) -> Any:
    customer = Customer()
    customer.DisplayName = name
    return customer.save(qb=qb)


def new_item(name: str, qb: QuickBooks) -> Any:
    item = Item()
    item.Name, item.Type, item.UnitPrice = name, "Service", Decimal("19.99")
    item.IncomeAccountRef = Account.filter(AccountType="Income", qb=qb)[0].to_ref()
    return item.save(qb=qb)


def new_invoice(customer: Any, item: Any, number: str | None = None) -> Any:
    line = SalesItemLine()
    line.Amount, line.Description = Decimal("59.97"), "Three of them"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = item.to_ref()
    line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = 3, Decimal("19.99")
    invoice = Invoice()
    invoice.CustomerRef, invoice.DocNumber = customer.to_ref(), number
    invoice.Line.append(line)
    return invoice


def test_records_are_made_found_changed_and_read(qb: QuickBooks) -> None:
    customer = new_customer("O'Brien & Søn", qb)
    assert [one.Id for one in Customer.filter(DisplayName="O'Brien & Søn", qb=qb)] == [customer.Id]
    assert [one.Id for one in Customer.where("DisplayName LIKE 'o%'", qb=qb)] == [customer.Id]
    assert [one.Id for one in Customer.choose([customer.Id, "99"], field="Id", qb=qb)] == [customer.Id]
    customer.CompanyName = "Obrien Ltd"
    changed = customer.save(qb=qb)
    assert (changed.SyncToken, Customer.get(customer.Id, qb=qb).CompanyName) == ("1", "Obrien Ltd")
    assert Customer.count("Active = True", qb=qb) == 1
    assert [one.DisplayName for one in Customer.all(order_by="DisplayName", qb=qb)] == ["O'Brien & Søn"]


def test_who_changes_an_old_reading_is_told(qb: QuickBooks) -> None:
    customer = new_customer("Acme", qb)
    old = Customer.get(customer.Id, qb=qb)
    customer.save(qb=qb)
    with pytest.raises(QuickbooksException) as told:
        old.save(qb=qb)
    assert told.value.error_code == 5010


def test_an_invoice_carries_its_lines_and_a_payment_takes_from_its_balance(sandbox: Sandbox, qb: QuickBooks) -> None:
    customer, item = new_customer("Acme", qb), new_item("Plan", qb)
    invoice = new_invoice(customer, item, "LL0001")
    discount = DiscountLine()
    discount.DiscountLineDetail = DiscountLineDetail()
    discount.DiscountLineDetail.PercentBased, discount.DiscountLineDetail.DiscountPercent = True, 10
    invoice.Line.append(discount)
    made = invoice.save(qb=qb)
    assert [made.TotalAmt, made.Balance] == [Decimal("53.97")] * 2

    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = customer.to_ref(), Decimal("50.00")
    applied = PaymentLine()
    applied.Amount = Decimal("50.00")
    applied.LinkedTxn.append(made.to_linked_txn())
    payment.Line.append(applied)
    paid = payment.save(qb=qb, request_id="once")
    payment.Id = None
    assert payment.save(qb=qb, request_id="once").Id == paid.Id
    assert Invoice.get(made.Id, qb=qb).Balance == Decimal("3.97")
    assert Invoice.filter(DocNumber="ll0001", qb=qb)[0].LinkedTxn[0].TxnId == paid.Id

    paid.delete(qb=qb)
    restored = Invoice.get(made.Id, qb=qb)
    assert restored.Balance == Decimal("53.97")
    restored.DueDate = "2030-01-31"
    assert restored.save(qb=qb).DueDate == "2030-01-31"
    Invoice.get(made.Id, qb=qb).void(qb=qb)
    assert sandbox.quickbooks.truth("Invoice")[0]["TotalAmt"] == 0
    Invoice.get(made.Id, qb=qb).delete(qb=qb)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(made.Id, qb=qb)


def test_a_payment_can_be_voided(sandbox: Sandbox, qb: QuickBooks) -> None:
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = new_customer("Acme", qb).to_ref(), 7
    payment.save(qb=qb).void(qb=qb)
    assert [(one["TotalAmt"], one["PrivateNote"]) for one in sandbox.quickbooks.truth("Payment")] == [(0, "Voided")]


def test_batches_answer_for_each_of_their_items(qb: QuickBooks) -> None:
    customer, item = new_customer("Acme", qb), new_item("Plan", qb)
    made = batch_create([new_invoice(customer, item, f"N{number}") for number in range(35)], qb=qb)
    assert (len(made.successes), made.faults) == (35, [])
    twice = batch_create([new_invoice(customer, item, "N1"), new_invoice(customer, item, "N99")], qb=qb)
    assert [fault.Error[0].code for fault in twice.faults] == ["6140"]
    assert [one.DocNumber for one in twice.successes] == ["N99"]
    for one in made.successes:
        one.PrivateNote = "checked"
    changed = batch_update(made.successes, qb=qb)
    assert {one.PrivateNote for one in changed.successes} == {"checked"}
    assert len(batch_delete(changed.successes, qb=qb).successes) == 35
    assert Invoice.count(qb=qb) == 1


def test_the_company_and_its_accounts(qb: QuickBooks) -> None:
    assert CompanyInfo.get(1, qb=qb).CompanyName == "Sandbox Company"
    account = Account()
    account.Name, account.AccountType, account.AccountSubType = "Support income", "Income", "ServiceFeeIncome"
    made = account.save(qb=qb)
    assert Account.get(made.Id, qb=qb).Classification == "Revenue"


def test_what_changed_since_a_time(qb: QuickBooks) -> None:
    new_customer("Acme", qb)
    found = change_data_capture([Customer, Invoice], "2020-01-01T00:00:00-08:00", qb=qb)
    assert [one.DisplayName for one in found.Customer] == ["Acme"]


def test_an_expired_token_is_an_authorization_error_until_it_is_refreshed(
    sandbox: Sandbox, auth: AuthClient, qb: QuickBooks
) -> None:
    sandbox.quickbooks.command("expire_tokens", {})
    with pytest.raises(AuthorizationException):
        Customer.all(qb=qb)
    auth.refresh()
    qb.session.access_token = auth.access_token
    assert Customer.all(qb=qb) == []
    auth.revoke()
    with pytest.raises(AuthClientError):
        auth.refresh()
    auth.get_bearer_token(sandbox.quickbooks.command("authorize", {})["code"])
    assert auth.refresh() is None
