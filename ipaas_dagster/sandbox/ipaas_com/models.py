"""What records there are, and which fields each has.

s text  m mail address  n exact number  i whole number  b true or false  t time  o object  l list of objects
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OF_SERVER = frozenset({"id", "created_datetime", "updated_datetime"})
"""May be sent, as clients do who send back what they read; kept as the server has it."""


@dataclass(frozen=True)
class Model:
    """`table` is its name for external ids. `lists` are fields that hold records of their own; `refers` fields that
    hold the id of a record of a table."""

    name: str
    table: str
    types: Mapping[str, str]
    required: tuple[str, ...] = ()
    lists: Mapping[str, Model] = field(default_factory=dict)
    refers: Mapping[str, str] = field(default_factory=dict)
    stamped: bool = False

    @property
    def fields(self) -> list[str]:
        return [*self.types, *self.lists]


def _types(text: str) -> dict[str, str]:
    """From words: `s:name description n:amount`."""
    types: dict[str, str] = {}
    kind = ""
    for word in text.split():
        mark, _, name = word.rpartition(":")
        kind = mark or kind
        types[name] = kind
    return types


LINE = Model(
    "Line",
    "transaction line",
    _types(
        "i:sequence_number s:sku description type n:qty qty_shipped unit_price extended_price discount_amount "
        "discount_percent tax_percent estimated_tax_amount"
    ),
    required=("sku",),
)
PAYMENT = Model(
    "Payment", "transaction payment", _types("s:method status description n:amount o:method_info"), ("method", "amount")
)
TAX = Model("Tax", "transaction tax", _types("s:authority n:amount orginal_amount tax_percent"))
INVENTORY = Model("Inventory", "product inventory", _types("i:parent_id location_id n:qty_on_hand qty_available cost"))

CUSTOMER = Model(
    "Customer",
    "customer",
    _types("s:customer_number first_name last_name m:email_address s:company comment i:category_id"),
    stamped=True,
)
COMPANY = Model(
    "Company",
    "customer company",
    _types(
        "s:name department description m:email_address s:phone_number fax_number url account_number tax_id_number "
        "i:parent_company_id"
    ),
    required=("name",),
    refers={"parent_company_id": "customer company"},
)
PRODUCT = Model(
    "Product",
    "product",
    _types(
        "s:sku name description type tracking_method n:default_price msrp sale_price s:tax_class barcode status unit "
        "b:allow_discounts l:variants options alternate_ids"
    ),
    required=("sku", "name"),
    lists={"inventory": INVENTORY},
)
TRANSACTION = Model(
    "Transaction",
    "transaction",
    _types(
        "i:system_id transaction_parent_id s:transaction_number i:customer_id m:email_address s:type status "
        "n:discount_amount tax_amount shipping_amount subtotal total total_qty l:tracking addresses notes"
    ),
    required=("type",),
    lists={"lines": LINE, "payments": PAYMENT, "taxes": TAX},
    refers={"customer_id": "customer", "transaction_parent_id": "transaction"},
)

MODELS: tuple[Model, ...] = (CUSTOMER, COMPANY, PRODUCT, TRANSACTION)
BY_NAME = {model.name.lower(): model for model in MODELS}
