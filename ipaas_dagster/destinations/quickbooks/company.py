"""What the company itself has to say: which account new items book to, which item stands in, its home currency.

Each is asked for once, when the first record needs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.destinations.quickbooks.api import Api
from ipaas_dagster.destinations.quickbooks.preset import Company
from ipaas_dagster.destinations.quickbooks.query import literal


@dataclass(frozen=True)
class Facts:
    """All raise Unreachable where QuickBooks has no such thing: every record would fail alike."""

    api: Api
    company: Company

    @cached_property
    def info(self) -> dict[str, Any]:
        answer = self.api.read(self.api.path(f"companyinfo/{self.company.realm_id}"))
        found = answer.get("CompanyInfo")
        return found if isinstance(found, dict) else {}

    @cached_property
    def income_account(self) -> dict[str, str] | None:
        return self._reference("Account", "income_account", self.company.income_account)

    @cached_property
    def discount_account(self) -> dict[str, str] | None:
        return self._reference("Account", "discount_account", self.company.discount_account)

    @cached_property
    def default_item(self) -> dict[str, str] | None:
        return self._reference("Item", "default_item", self.company.default_item)

    @cached_property
    def home_currency(self) -> str:
        if self.company.home_currency:
            return self.company.home_currency
        for one in self.api.select("*", "Preferences"):
            code = ((one.get("CurrencyPrefs") or {}).get("HomeCurrency") or {}).get("value")
            if code:
                return str(code).upper()
        raise Unreachable(
            f"{self.company.system}: QuickBooks does not say its home currency; give the preset's field home_currency"
        )

    def _reference(self, entity: str, field: str, given: str | None) -> dict[str, str] | None:
        """By id where it is all digits, else by name."""
        if given is None:
            return None
        condition = f"Id = {literal(given)}" if given.isdigit() else f"Name = {literal(given)}"
        found = self.api.select("Id, Name", entity, condition)
        if not found:
            advice = f"look at the preset's field {field}"
            raise Unreachable(f"{self.company.system}: QuickBooks has no active {entity} {given!r}; {advice}")
        return {"value": str(found[0]["Id"]), "name": str(found[0].get("Name", ""))}
