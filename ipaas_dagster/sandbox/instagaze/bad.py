"""Records that break the contract of any careful reader: each in one way, each referred to by nothing.

They are seeded only when asked for (the demo): a sync must reject exactly these, say why, deliver the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class BadRecord:
    """`wrong` replaces fields of an otherwise good record. `child` is set where only one element is bad.

    `child` is (field of the array, position from 1, the element's own id or None): the rest is good.
    """

    collection: str
    id: int
    field: str
    why: str
    wrong: Mapping[str, Any] = dataclasses.field(repr=False)
    child: tuple[str, int, int | None] | None = None

    @property
    def record(self) -> dict[str, Any]:
        return {**_GOOD[self.collection], "id": self.id, **self.wrong}


_LINE: dict[str, Any] = {
    "price": 1500,
    "tax_code": "SW010000",
    "portal_id": 1,
    "currency_id": 1,
    "product_code": "INVU6YF8X2HN8",
    "product_name": "Support plan",
    "tax_description": "",
    "product_quantity": 2,
    "product_description": "Answers within a day",
}
_MONEY = {"price": 3000, "quantity": 1, "net_amount": 3000, "discount": 0, "tax": 300, "total": 3300}
_CONTACT = {
    "id": 901,
    "portal_id": 1,
    "is_deleted": False,
    "created_at": "2026-01-05T09:00:00.000Z",
    "updated_at": "2026-01-05T09:00:00.000Z",
    "account_id": 901,
    "name": "Good Neighbour",
    "email": "neighbour@example.com",
    "is_active": True,
    "is_enrolled": False,
}
_GOOD: dict[str, dict[str, Any]] = {
    "accounts": {
        "portal_id": 1,
        "account_name": "Account with a broken contact",
        "in_account_id": None,
        "in_updated_at": None,
        "account_owner": "Ada Moreau",
        "account_owner_email": "ada@example.com",
        "invoice_prefix": "BAD",
        "billing_address": {"city": "Lyon", "country": "France", "latitude": None, "longitude": None},
        "account_number": "BAD-901",
        "autopay_only": False,
        "is_autopay": False,
        "contacts": [],
    },
    "products": {
        "in_product_id": None,
        "product_name": "Support plan",
        "product_description": "Answers within a day",
        "price": 1500,
        "product_code": "PT-SUPPORT-BAD",
        "product_quantity": 1,
        "currency": "$",
        "is_active": True,
        "tax_code": "SW010000",
        "tax_description": None,
    },
    "invoices": {
        "portal_id": 1,
        "account_id": 1,
        "number": "BAD0000001",
        "products": [],
        "currency": "$",
        **_MONEY,
        "salesperson": "seller@example.com",
        "contract_start_date": None,
        "contract_end_date": None,
        "payment_due_date": "2026-12-01T00:00:00.000Z",
        "forgiven": False,
        "paid": False,
        "custom": {},
    },
    "subscriptions": {
        "portal_id": 1,
        "account_id": 1,
        "product_id": 1,
        "currency": "$",
        **_MONEY,
        "contract_start_date": "2026-01-01T00:00:00.000Z",
        "contract_end_date": "2027-01-01T00:00:00.000Z",
        "billing_frequency": {"id": 5, "name": "monthly"},
    },
    "transactions": {
        "portal_id": 1,
        "account_id": 1,
        "contact_id": None,
        "invoice_id": 12,
        "status": "AUTHORIZED",
        "products": [],
        "invoice_number": "LLDEMO0002",
        "currency": {"id": 1, "name": "USD", "prefix": "$"},
        **_MONEY,
        "paid_amount": 3300,
        "refund": 0,
        "charge_message": "SUCCESS",
        "charge_date": "2026-01-05T09:00:00.000Z",
        "is_autopay": False,
        "payee_name": "Ada Moreau",
        "payee_email": "ada@example.com",
        "source": "BANK",
        "method": None,
    },
}

BAD_RECORDS: tuple[BadRecord, ...] = (
    BadRecord("products", 901, "price", "the price is a text, not a number", {"price": "twelve dollars"}),
    BadRecord("products", 902, "price", "the price is a fraction of a minor unit", {"price": 1999.5}),
    BadRecord("products", 903, "currency", "there is no currency of that name", {"currency": {"name": "XQZ"}}),
    BadRecord("invoices", 901, "number", "the invoice has no number", {"number": None}),
    BadRecord("invoices", 902, "account_id", "the invoice belongs to no account", {"account_id": None}),
    BadRecord(
        "invoices",
        903,
        "price",
        "the second line's price is a text; the invoice and its first line are good",
        {"products": [_LINE, {**_LINE, "price": "on request"}]},
        child=("products", 2, None),
    ),
    BadRecord(
        "accounts",
        901,
        "is_active",
        "the second contact is neither active nor not; the account and its first contact are good",
        {"contacts": [_CONTACT, {**_CONTACT, "id": 902, "is_active": "perhaps"}]},
        child=("contacts", 2, 902),
    ),
    BadRecord(
        "subscriptions",
        901,
        "contract_start_date",
        "the start of the contract is not a time",
        {"contract_start_date": "as soon as possible"},
    ),
    BadRecord(
        "transactions",
        901,
        "charge_date",
        "there is no 31 February",
        {"charge_date": "2026-02-31T09:00:00.000Z"},
    ),
)
