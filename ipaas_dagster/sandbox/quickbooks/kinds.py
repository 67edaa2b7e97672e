"""What kinds of records there are, and what may be done with each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ipaas_dagster.sandbox.quickbooks import invoices, items, names, payments
from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.properties import Properties, Record, properties

Complete = Callable[[Books, Record, Record | None], Record]
_ANY = "Id MetaData.CreateTime MetaData.LastUpdatedTime"


@dataclass(frozen=True)
class Kind:
    """An entity. `complete` makes what was sent into what is stored; None: it can only be read.

    `filterable` are the properties that a query may compare and order by.
    """

    name: str
    properties: Properties
    filterable: frozenset[str]
    complete: Complete | None = None
    deletable: bool = False
    listed: bool = True
    """Has `Active`: a query answers active ones only, unless it says otherwise."""

    @property
    def path(self) -> str:
        return self.name.lower()


def _kind(name: str, known: Properties, filterable: str, complete: Complete | None, *, deletable: bool = False) -> Kind:
    return Kind(name, known, frozenset(f"{_ANY} {filterable}".split()), complete, deletable, not deletable)


def _read_only(name: str, filterable: str = "Name Active", *, listed: bool = True) -> Kind:
    return Kind(name, properties(""), frozenset(f"{_ANY} {filterable}".split()), None, False, listed)


_WHO = "DisplayName GivenName MiddleName FamilyName CompanyName PrintOnCheckName Active PrimaryEmailAddr"

KINDS: tuple[Kind, ...] = (
    _kind("Customer", names.CUSTOMER, f"{_WHO} FullyQualifiedName Balance", partial(names.complete, "Customer")),
    _kind("Vendor", names.VENDOR, f"{_WHO} Balance", partial(names.complete, "Vendor")),
    _kind("Employee", names.EMPLOYEE, _WHO, partial(names.complete, "Employee")),
    _kind("Item", items.ITEM, "Name FullyQualifiedName Type Active Sku UnitPrice", items.complete_item),
    _kind(
        "Account",
        items.ACCOUNT,
        "Name FullyQualifiedName AccountType AccountSubType Classification AcctNum Active CurrentBalance",
        items.complete_account,
    ),
    _kind(
        "Invoice",
        invoices.INVOICE,
        "DocNumber TxnDate DueDate CustomerRef Balance TotalAmt EmailStatus SalesTermRef",
        invoices.complete,
        deletable=True,
    ),
    _kind(
        "Payment",
        payments.PAYMENT,
        "PaymentRefNum TxnDate CustomerRef TotalAmt UnappliedAmt PaymentMethodRef DepositToAccountRef",
        payments.complete,
        deletable=True,
    ),
    _read_only("CompanyInfo", "CompanyName", listed=False),
    _read_only("Preferences", "", listed=False),
    _read_only("TaxCode"),
    _read_only("Term"),
    _read_only("PaymentMethod"),
)
BY_NAME = {kind.name: kind for kind in KINDS}
BY_PATH = {kind.path: kind for kind in KINDS}
