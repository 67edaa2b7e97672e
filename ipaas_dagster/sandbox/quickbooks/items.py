"""Items (what is sold) and accounts (where it is booked)."""

from __future__ import annotations

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.money import ZERO
from ipaas_dagster.sandbox.quickbooks.names import Naming
from ipaas_dagster.sandbox.quickbooks.problems import Problem, business, missing
from ipaas_dagster.sandbox.quickbooks.properties import Record, properties

ITEM = properties(
    """m:Name s:Description Type Sku PurchaseDesc ItemCategoryType ServiceType Source b:Active Taxable SubItem
 SalesTaxIncluded PurchaseTaxIncluded TrackQtyOnHand n:UnitPrice PurchaseCost QtyOnHand ReorderPoint RatePercent
 AbatementRate ReverseChargeRate d:InvStartDate r:IncomeAccountRef ExpenseAccountRef AssetAccountRef ParentRef
 SalesTaxCodeRef PurchaseTaxCodeRef ClassRef PrefVendorRef TaxClassificationRef""",
    "FullyQualifiedName Level",
    "Name=100 Description=4000 PurchaseDesc=1000 Sku=100",
)
ACCOUNT = properties(
    """m:Name s:AccountType AccountSubType AcctNum Description TxnLocationType AccountAlias b:Active SubAccount
 r:ParentRef CurrencyRef TaxCodeRef""",
    "FullyQualifiedName Classification CurrentBalance CurrentBalanceWithSubAccounts OpeningBalance",
    "Name=100 AcctNum=20 Description=100",
)
TYPES = ("Service", "NonInventory", "Inventory")
_INVENTORY = ("ExpenseAccountRef", "AssetAccountRef", "QtyOnHand", "InvStartDate")
_ACCOUNTS = {
    "IncomeAccountRef": ("Income", "Other Income"),
    "ExpenseAccountRef": ("Cost of Goods Sold", "Expense"),
    "AssetAccountRef": ("Other Current Asset",),
}
CLASSIFICATIONS = {
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Cost of Goods Sold": "Expense",
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
}


def complete_item(books: Books, record: Record, old: Record | None) -> Record:
    """An item as it is stored."""
    record.setdefault("Active", True)
    name = Naming("Item", "Name", ("Item",)).settle(books, record.get("Name"), record, old)
    _check_type(record, old)
    for field, types in _ACCOUNTS.items():
        if field in record:
            account = books.refer("Account", record[field], field)
            if account["AccountType"] not in types:
                raise business(f"{field} has to be an account of type {' or '.join(types)}.")
            record[field] = {"value": account["Id"], "name": account["Name"]}
    numbers = {"UnitPrice": ZERO, "PurchaseCost": ZERO, "Taxable": False, "TrackQtyOnHand": False}
    return {**numbers, **record, "Name": name, "FullyQualifiedName": name}


def _check_type(record: Record, old: Record | None) -> None:
    kind = record.get("Type")
    if kind is None:
        raise missing("Type")
    if kind not in TYPES:
        raise Problem("2170", f"Invalid Enumeration : {kind} (items here are {', '.join(TYPES)})", "Type")
    if "IncomeAccountRef" not in record:
        raise missing("IncomeAccountRef")
    for field in _INVENTORY if kind == "Inventory" else ():
        if field not in record:
            raise missing(field)
    if old is not None and old["Type"] == "Inventory" != kind:
        raise business("The type of an inventory item cannot be changed.")


def complete_account(books: Books, record: Record, old: Record | None) -> Record:
    """An account as it is stored."""
    record.setdefault("Active", True)
    name = Naming("Account", "Name", ("Account",)).settle(books, record.get("Name"), record, old)
    kind = record.get("AccountType")
    if kind is None and "AccountSubType" not in record:
        raise Problem("6010", "Either an Account.AccountType or an Account.AccountSubType must be specified")
    if kind not in CLASSIFICATIONS:
        raise Problem("2170", f"Invalid Enumeration : {kind}", "AccountType")
    balances = {"CurrentBalance": ZERO, "CurrentBalanceWithSubAccounts": ZERO, "SubAccount": False}
    plain = {"AccountSubType": kind.replace(" ", ""), "Classification": CLASSIFICATIONS[kind]}
    return {**balances, **plain, **record, "Name": name, "FullyQualifiedName": name}
