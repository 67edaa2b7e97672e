"""Currencies: one, unless the company uses several."""

from __future__ import annotations

from ipaas_dagster.sandbox.quickbooks.books import Books
from ipaas_dagster.sandbox.quickbooks.problems import Problem, business
from ipaas_dagster.sandbox.quickbooks.properties import Record

HOME = "USD"
CURRENCIES = {
    "USD": "United States Dollar",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "CAD": "Canadian Dollar",
    "AUD": "Australian Dollar",
    "JPY": "Japanese Yen",
    "CHF": "Swiss Franc",
    "INR": "Indian Rupee",
    "MXN": "Mexican Peso",
}


def check_currency(books: Books, given: Record | None) -> Record:
    """The reference as it is stored; without one the home currency. Raises Problem 6000 where only that is used."""
    code = given["value"] if given else HOME
    if code != HOME and not books.settings.multicurrency:
        raise business("Multicurrency should be enabled to perform this operation.")
    if code not in CURRENCIES:
        raise Problem("2500", f"Invalid Reference Id : Currency {code} not found", "CurrencyRef")
    return {"value": code, "name": CURRENCIES[code]}
