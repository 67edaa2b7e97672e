"""What the document says may be written of each object, and how a record is found again.

Only these fields are ever compared. `key` are the fields by which records that could be the same are found;
`number` the one of them that people give, without which no record of somebody else is taken for ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "text", "whole", "real", "flag", "time", "currency", "id", "address", "contacts", "lines", "frequency"
]


@dataclass(frozen=True)
class Field:
    """`spellings` are those of the read form, where it has others."""

    name: str
    type: FieldType = "text"
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """One object. `gets`: a documented GET of one record; `patches`: a documented PATCH."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    number: str | None = None
    gets: bool = True
    patches: bool = True

    def position(self, name: str) -> int:
        return next(n for n, field in enumerate(self.fields) if field.name == name)


ADDRESS = (
    Field("city"),
    Field("country"),
    Field("latitude", "real"),
    Field("longitude", "real"),
    Field("postalCode", spellings=("postal_code",)),
    Field("state"),
    Field("street"),
)
"""Without `geocodeAccuracy`, which is written and not documented to be read."""

LINE = (
    Field("price", "whole"),
    Field("tax_code"),
    Field("product_code"),
    Field("product_name"),
    Field("tax_description"),
    Field("product_quantity", "whole"),
    Field("product_description"),
)
"""Without `portal_id` and `currency_id`: ids, which a portal may set itself."""

_AMOUNTS = tuple(Field(name, "whole") for name in ("price", "quantity", "net_amount", "discount", "tax", "total"))

ACCOUNTS = Written(
    "accounts",
    (
        Field("account_name"),
        Field("account_owner"),
        Field("account_owner_email"),
        Field("invoice_prefix"),
        Field("billing_address", "address"),
        Field("account_number"),
        Field("autopay_only", "flag"),
        Field("contacts", "contacts"),
    ),
    key=("account_number", "account_name"),
    number="account_number",
)
PRODUCTS = Written(
    "products",
    (
        Field("product_name"),
        Field("product_description"),
        Field("price", "whole"),
        Field("product_code"),
        Field("product_quantity", "whole"),
        Field("currency", "currency"),
        Field("tax_code"),
        Field("tax_description"),
    ),
    key=("product_code", "product_name"),
    number="product_code",
)
INVOICES = Written(
    "invoices",
    (
        Field("account_id", "id"),
        Field("number"),
        Field("products", "lines"),
        Field("currency", "currency"),
        *_AMOUNTS,
        Field("payment_due_date", "time"),
        Field("forgiven", "flag"),
        Field("paid", "flag"),
    ),
    key=("account_id", "number"),
    number="number",
    gets=False,
)
SUBSCRIPTIONS = Written(
    "subscriptions",
    (
        Field("account_id", "id"),
        Field("product_id", "id"),
        Field("currency", "currency"),
        *_AMOUNTS,
        Field("contract_start_date", "time"),
        Field("contract_end_date", "time"),
        Field("billing_frequency", "frequency"),
    ),
    key=("account_id", "product_id"),
    patches=False,
)

OBJECTS: tuple[Written, ...] = (ACCOUNTS, PRODUCTS, INVOICES, SUBSCRIPTIONS)
BY_NAME = {one.name: one for one in OBJECTS}
