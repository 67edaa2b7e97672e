"""python-quickbooks, which nobody here wrote, reads back what was delivered; over https."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("quickbooks")

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.quickbooks import QuickBooks as StandIn
from ipaas_dagster_tests.destinations.quickbooks.conftest import NO_LIMITS
from ipaas_dagster_tests.destinations.quickbooks.world import Company, customer, invoice, item, payment


@pytest.fixture
def https() -> Iterator[Sandbox]:
    with running_sandbox(samples=None, https=True, quickbooks=StandIn(**NO_LIMITS, refresh_grace_seconds=3600)) as one:
        yield one


@pytest.fixture
def client(https: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from intuitlib.client import AuthClient
    from quickbooks import QuickBooks

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(https.ca_file))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{https.https_origin}/v3")
    known = https.environment
    discovery = f"{https.https_origin}/.well-known/openid_sandbox_configuration"
    app = known["QUICKBOOKS_CLIENT_ID"], known["QUICKBOOKS_CLIENT_SECRET"]
    token = https.quickbooks.tokens.current
    with AuthClient(*app, "https://localhost/back", discovery, refresh_token=token) as auth:
        realm = known["QUICKBOOKS_REALM_ID"]
        yield lambda: QuickBooks(
            auth_client=auth, refresh_token=token, company_id=realm, minorversion=75, use_decimal=True
        )


def test_reads_back_what_was_delivered(https: Sandbox, client: Any, tmp_path: Path) -> None:
    from quickbooks.objects import Customer, Invoice, Payment

    environment = {**https.environment, "QUICKBOOKS_URL": str(https.https_origin)}
    world = Company(tmp_path, environment, ca_file=str(https.ca_file))
    customer(world, 1, name="O'Neil Söhne 株式会社", billing_street='9 "The Mews"')
    item(world, 2)
    invoice(world, 1, 1, ((2, 3),))
    payment(world, 1, 1, 1, 2500)
    world.delivered()
    books = client()
    (who,) = Customer.filter(DisplayName="O'Neil Söhne 株式会社", qb=books)
    (bill,) = Invoice.filter(DocNumber="INV00001", qb=books)
    (paid,) = Payment.filter(PaymentRefNum="1", qb=books)
    assert who.BillAddr.Line1 == '9 "The Mews"'
    assert (bill.CustomerRef.value, bill.TotalAmt, bill.Balance) == (who.Id, Decimal("65.00"), Decimal("40.00"))
    assert (bill.Line[0].Amount, bill.Line[0].SalesItemLineDetail.Qty) == (Decimal("60.00"), 3)
    assert bill.TxnTaxDetail.TotalTax == Decimal("6.00")
    assert paid.Line[0].LinkedTxn[0].TxnId == bill.Id
    assert paid.PrivateNote == "ipaas:instagaze:transactions:1"
