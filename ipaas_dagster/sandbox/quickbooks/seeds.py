"""What every new company has: its own record, a few accounts, and the lists that others refer to."""

from __future__ import annotations

from typing import Any

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.currencies import HOME
from ipaas_dagster.sandbox.quickbooks.items import complete_account
from ipaas_dagster.sandbox.quickbooks.settings import Settings

INCOME_ACCOUNT = "1"
_ACCOUNTS = (
    (INCOME_ACCOUNT, "Services", "Income", "ServiceFeeIncome"),
    ("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("35", "Checking", "Bank", "Checking"),
    ("54", "Discounts given", "Income", "DiscountsRefundsGiven"),
    ("79", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("80", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("81", "Inventory Asset", "Other Current Asset", "Inventory"),
    ("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
)
_LISTS = {
    "TaxCode": (("TAX", "TAX"), ("NON", "NON")),
    "Term": (("1", "Due on receipt"), ("2", "Net 15"), ("3", "Net 30")),
    "PaymentMethod": (("1", "Cash"), ("2", "Check"), ("3", "Visa")),
}


def seed(books: Books) -> None:
    for number, name, kind, subkind in _ACCOUNTS:
        record = {"Name": name, "AccountType": kind, "AccountSubType": subkind}
        _put(books, "Account", {**complete_account(books, record, None), "Id": number})
    for entity, rows in _LISTS.items():
        for number, name in rows:
            _put(books, entity, {"Name": name, "Active": True, "Id": number})
    _put(books, "CompanyInfo", {**_company(), "Id": "1"})
    _put(books, "Preferences", {**preferences(books.settings), "Id": "1"})


def _put(books: Books, entity: str, record: dict[str, Any]) -> None:
    now = books.now()
    around = {"SyncToken": "0", "domain": "QBO", "sparse": False}
    books.put(entity, {**around, "MetaData": {"CreateTime": now, "LastUpdatedTime": now}, **record})


def _company() -> dict[str, Any]:
    address = {"Id": "1", "Line1": "1 Example Ave", "City": "Mountain View", "Country": "US"}
    address |= {"PostalCode": "94043", "CountrySubDivisionCode": "CA"}
    return {
        "CompanyName": "Sandbox Company",
        "LegalName": "Sandbox Company",
        "CompanyAddr": address,
        "CustomerCommunicationAddr": address,
        "LegalAddr": address,
        "PrimaryPhone": {"FreeFormNumber": "(555) 555-0100"},
        "CompanyStartDate": "2015-06-05",
        "FiscalYearStartMonth": "January",
        "Country": "US",
        "Email": {"Address": "books@example.com"},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "NameValue": [{"Name": "NeoEnabled", "Value": "true"}],
    }


def preferences(settings: Settings) -> dict[str, Any]:
    """The company settings that change how writes are treated."""
    return {
        "SalesFormsPrefs": {"CustomTxnNumbers": settings.custom_doc_numbers, "AllowDiscount": True},
        "CurrencyPrefs": {"MultiCurrencyEnabled": settings.multicurrency, "HomeCurrency": {"value": HOME}},
        "TaxPrefs": {"UsingSalesTax": True},
    }
