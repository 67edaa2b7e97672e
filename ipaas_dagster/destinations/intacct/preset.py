"""The preset of an Intacct company, checked: what is missing or malformed is named by field, never by value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.errors import SettingsError

BATCH_SIZE = 100
"""Functions a request. Unconfirmed: no primary source names the most that Intacct takes."""
REPEATED = "already (been )?(executed|processed|completed)|previously executed|duplicate control ?id"
"""How Intacct may word that a control id was used before. Unconfirmed, as its errorno is."""
MONTHLY = 100_000
"""Transactions a month of the lowest tier; more are billed, not refused."""
T = TypeVar("T")


@dataclass(frozen=True)
class Company:
    """`on_delete` is what happens to an invoice; payments are always reversed."""

    system: str
    url: str
    sender_id: str
    sender_password: str = field(repr=False)
    company_id: str
    user_id: str
    user_password: str = field(repr=False)
    location_id: str | None
    batch_size: int
    base_currency: str
    multicurrency: bool
    adopt: bool
    on_delete: Literal["delete", "reverse"]
    repeated_errorno: frozenset[str]
    repeated_text: re.Pattern[str]
    transactions_per_month: int

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    def masked(self, text: str) -> str:
        """Without the passwords, should an answer repeat them."""
        for secret in (self.sender_password, self.user_password):
            text = text.replace(secret, "***")
        return text


def read_company(setting: Setting) -> Company:
    """Raises SettingsError naming the field."""
    given = _Given(setting.system, {name: value.strip() for name, value in setting.fields.items()})
    return Company(
        system=setting.system,
        url=given.address("url"),
        sender_id=given.needed("sender_id"),
        sender_password=given.needed("sender_password"),
        company_id=given.needed("company_id"),
        user_id=given.needed("user_id"),
        user_password=given.needed("user_password"),
        location_id=given.text("location_id") or None,
        batch_size=given.number("batch_size", BATCH_SIZE, most=1000),
        base_currency=given.text("base_currency", "USD").upper(),
        multicurrency=given.choice("multicurrency", _FLAGS, "false"),
        adopt=given.choice("adopt", _FLAGS, "false"),
        on_delete=given.choice("on_delete", _ON_DELETE, "delete"),
        repeated_errorno=frozenset(given.text("repeated_errorno").replace(",", " ").split()),
        repeated_text=given.pattern("repeated_text", REPEATED),
        transactions_per_month=given.number("transactions_per_month", MONTHLY),
    )


_FLAGS = {"true": True, "false": False}
_ON_DELETE: dict[str, Literal["delete", "reverse"]] = {"delete": "delete", "reverse": "reverse"}


@dataclass(frozen=True)
class _Given:
    system: str
    fields: Mapping[str, str] = field(repr=False)

    def text(self, name: str, default: str = "") -> str:
        return self.fields.get(name, "") or default

    def needed(self, name: str) -> str:
        if not (value := self.fields.get(name, "")):
            raise self.wrong(name, "is missing")
        return value

    def address(self, name: str) -> str:
        parts = urlsplit(url := self.needed(name))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise self.wrong(name, "is no address such as https://api.intacct.com/ia/xml/xmlgw.phtml")
        return url

    def number(self, name: str, default: int, *, most: int = 1_000_000_000) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise self.wrong(name, f"must be a whole number from 1 to {most:,}")
        return int(text)

    def choice(self, name: str, choices: Mapping[str, T], default: str) -> T:
        text = self.text(name, default).lower()
        if text not in choices:
            raise self.wrong(name, f"must be one of: {', '.join(choices)}")
        return choices[text]

    def pattern(self, name: str, default: str) -> re.Pattern[str]:
        try:
            return re.compile(self.text(name, default), re.IGNORECASE)
        except re.error as error:
            raise self.wrong(name, f"is no regular expression: {error}") from None

    def wrong(self, name: str, says: str) -> SettingsError:
        return SettingsError(f"{self.system}: its preset's field {name} {says}")
