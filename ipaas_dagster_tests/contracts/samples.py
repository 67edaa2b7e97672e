"""One good record of each source collection, as the API document shows them; `with_` changes fields."""

from __future__ import annotations

import copy
from typing import Any

ACCOUNT: dict[str, Any] = {
    "id": 1,
    "portal_id": 1,
    "account_name": "Acme Inc.",
    "in_account_id": None,
    "in_updated_at": "2018-04-17T06:01:25.000Z",
    "account_owner": "Full Name",
    "account_owner_email": "owner@example.com",
    "invoice_prefix": "",
    "billing_address": {
        "city": "Santa Clara",
        "country": "United States",
        "geocodeAccuracy": None,
        "latitude": 37.35,
        "longitude": -121.95,
        "postalCode": "95050",
        "state": "CA",
        "street": "1900 Lafayette Street",
    },
    "account_number": "98888",
    "autopay_only": False,
    "is_autopay": True,
    "contacts": [
        {
            "id": 3,
            "portal_id": 1,
            "is_deleted": False,
            "created_at": "2019-02-16T03:49:15.000Z",
            "updated_at": "2019-02-16T03:49:15.000Z",
            "account_id": 1,
            "name": "Ann",
            "email": "ann@example.com",
            "is_active": True,
            "is_enrolled": False,
        }
    ],
}
LINE: dict[str, Any] = {
    "price": 299500,
    "tax_code": "SW054000",
    "portal_id": 1,
    "currency_id": 1,
    "product_code": "LL-SUB-SAAS-ARR",
    "product_name": "Web Analytics",
    "tax_description": "",
    "product_quantity": 1,
    "product_description": "Simple",
}
PRODUCT: dict[str, Any] = {
    "id": 1,
    "in_product_id": None,
    "product_name": "Web Analytics",
    "product_description": "Simple",
    "price": 299500,
    "product_code": "LL-SUB-SAAS-ARR",
    "product_quantity": 1,
    "currency": "$",
    "is_active": True,
    "tax_code": "SW000000",
    "tax_description": "",
}
_AMOUNTS: dict[str, Any] = {
    "currency": "$",
    "price": 299500,
    "quantity": 1,
    "net_amount": 299500,
    "discount": 10000,
    "tax": 20000,
    "total": 309500,
    "contract_start_date": "2018-08-01T05:09:18.000Z",
    "contract_end_date": "2019-08-01T05:09:18.000Z",
}
INVOICE: dict[str, Any] = {
    "id": 12,
    "portal_id": 12,
    "account_id": 2,
    "number": "LLDEMO0002",
    "products": [LINE],
    **_AMOUNTS,
    "salesperson": "Brett",
    "payment_due_date": "2019-04-02T00:00:00.000Z",
    "forgiven": False,
    "paid": True,
    "custom": {"GL_Account_ID__c": "4000", "Department": 50000},
}
SUBSCRIPTION: dict[str, Any] = {
    "id": 1,
    "portal_id": 1,
    "account": {"id": 1, "account_name": "Acme Inc."},
    "product": {"id": 1, "product_name": "Web Analytics"},
    "account_id": 1,
    "product_id": 1,
    **_AMOUNTS,
    "billing_frequency": {"id": 5, "name": "monthly"},
}
TRANSACTION: dict[str, Any] = {
    "id": 2,
    "portal_id": 2,
    "account_id": 1,
    "contact_id": 1,
    "invoice_id": 8,
    "status": "AUTHORIZED",
    "products": [LINE],
    "invoice_number": "AV0000008",
    **_AMOUNTS,
    "currency": {"id": 1, "name": "USD", "prefix": "$"},
    "paid_amount": 309500,
    "refund": 0,
    "salesperson": "Brett Nathan",
    "payment_due_date": "2019-03-01T00:00:00.000Z",
    "charge_message": "SUCCESS",
    "charge_date": "2019-03-17T20:57:39.000Z",
    "is_autopay": False,
    "payee_name": "build",
    "payee_email": "payee@example.com",
    "source": "CARD",
    "method": {
        "id": 2,
        "autopay": True,
        "card_type": "DISCOVER",
        "card_expiry": "5/2021",
        "card_number": "************1117",
        "card_exp_year": 2021,
        "saved_card_id": "lDmaN7X9RtKPFwdGTRd5-w",
        "card_exp_month": 5,
        "card_payee_name": "Customer1",
        "card_fingerprint": "YXI62n_rTCcyvvYhHKm2",
    },
}
BY_SOURCE = {
    "accounts": ACCOUNT,
    "products": PRODUCT,
    "invoices": INVOICE,
    "subscriptions": SUBSCRIPTION,
    "transactions": TRANSACTION,
}
MISSING = object()


def with_(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with some fields changed; MISSING takes a field out."""
    changed = {**copy.deepcopy(record), **changes}
    return {key: value for key, value in changed.items() if value is not MISSING}
