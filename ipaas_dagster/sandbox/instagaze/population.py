"""How many records there are of each collection, and filling the shelves with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ipaas_dagster.sandbox.instagaze.generator import (
    Generator,
    Product,
    Row,
    account_as_embedded,
    first_contact,
)
from ipaas_dagster.sandbox.instagaze.shelf import Shelf

FIRST_ID = 1001
"""Ids below are for the documented records and the bad ones."""


@dataclass(frozen=True)
class Population:
    """How many records of each collection go with so many accounts."""

    accounts: int

    @property
    def products(self) -> int:
        return max(8, self.accounts // 100) if self.accounts else 0

    @property
    def invoices(self) -> int:
        return self.accounts * 6 // 10

    @property
    def subscriptions(self) -> int:
        return self.accounts * 3 // 10

    @property
    def transactions(self) -> int:
        return self.accounts // 2


def populate(size: Population, generator: Generator, shelves: Mapping[str, Shelf]) -> None:
    """Fill the shelves; ids count from FIRST_ID in every collection."""
    products = [generator.product(FIRST_ID + at) for at in range(size.products)]
    shelves["products"].fill(generator.row(one.number, one.body, generator.stamp()) for one in products)
    shelves["accounts"].fill(_accounts(size, generator))
    transactions: list[Row] = []
    shelves["invoices"].fill(_invoices(size, generator, products, shelves["accounts"], transactions))
    shelves["transactions"].fill(transactions)
    shelves["subscriptions"].fill(_subscriptions(size, generator, products, shelves["accounts"]))


def _accounts(size: Population, generator: Generator) -> Iterator[Row]:
    for number in range(FIRST_ID, FIRST_ID + size.accounts):
        stamp = generator.stamp()
        yield generator.row(number, generator.account(number, stamp), stamp)


def _invoices(
    size: Population, generator: Generator, products: list[Product], accounts: Shelf, transactions: list[Row]
) -> Iterator[Row]:
    """The invoices; beside them the transactions, five to six invoices, in the order of the invoices."""
    groups: defaultdict[int, list[Product]] = defaultdict(list)
    for product in products:
        groups[product.currency].append(product)
    for at in range(size.invoices):
        account, product = FIRST_ID + generator.pick(size.accounts), generator.any(products)
        stamp = generator.stamp()
        text, invoice = generator.invoice(FIRST_ID + at, account, groups[product.currency], stamp)
        yield generator.row(invoice.number, text, stamp)
        if (at + 1) * size.transactions // size.invoices > at * size.transactions // size.invoices:
            contact = first_contact((accounts.get(account) or b"").decode())
            number, stamp = FIRST_ID + len(transactions), generator.stamp()
            text = generator.transaction(number, invoice, contact, stamp)
            transactions.append(generator.row(number, text, stamp))


def _subscriptions(size: Population, generator: Generator, products: list[Product], accounts: Shelf) -> Iterator[Row]:
    for number in range(FIRST_ID, FIRST_ID + size.subscriptions):
        account, stamp = FIRST_ID + generator.pick(size.accounts), generator.stamp()
        embedded = account_as_embedded((accounts.get(account) or b"").decode())
        text = generator.subscription(number, (account, embedded), generator.any(products), stamp)
        yield generator.row(number, text, stamp)
