"""Where each object is: its API, its paths, its table for external ids."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Object:
    """`path` is that of one record, `many` that of the list, both below the API's version. `table` None: the preset
    says it. `lists` are records within it that have ids of their own."""

    name: str
    api: str
    path: str
    many: str
    table: str | None
    lists: tuple[str, ...] = ()


COMPANY = Object("Company", "customers", "Customer/Company", "Customer/Companies", None)
CUSTOMER = Object("Customer", "customers", "Customer", "Customers", "customer")
PRODUCT = Object("Product", "products", "Catalog/Product", "Catalog/Products", "product")
TRANSACTION = Object("Transaction", "transactions", "Transaction", "Transactions", "transaction", ("lines",))
PAYMENT = "TransactionPayment"
"""Not a record of its own: an element of its transaction's `payments`."""

OBJECTS: tuple[Object, ...] = (CUSTOMER, COMPANY, PRODUCT, TRANSACTION)
BY_NAME = {one.name: one for one in OBJECTS}
KNOWN = (*BY_NAME, PAYMENT)
