"""The preset of a QuickBooks company, checked: what is missing or malformed is named by field, never by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeVar

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.errors import SettingsError

TOKEN_URL = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
MINOR_VERSION = 75
"""Older ones are not supported any more."""
BATCH_SIZE = 30
"""The vendor's recommended maximum."""
REQUESTS_PER_MINUTE, REQUESTS_PER_SECOND, BATCHES_PER_MINUTE = 500, 10, 40
REPLAY_MINUTES = 60
"""How long the answer to a request id is relied on; how long QuickBooks keeps it is not documented."""
T = TypeVar("T")
_REQUIRED = ("url", "realm_id", "client_id", "client_secret", "refresh_token")


@dataclass(frozen=True)
class Company:
    """`refresh_token` is the first of a chain, see tokens.py. `home_currency`: None, QuickBooks is asked."""

    system: str
    url: str
    token_url: str
    realm_id: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    minor_version: int
    income_account: str | None
    default_item: str | None
    discount_account: str | None
    tax_code: str | None
    no_tax_code: str | None
    multicurrency: bool
    home_currency: str | None
    adopt: bool
    on_delete: Literal["delete", "void"]
    batch_size: int
    replay: timedelta
    requests_per_minute: int
    requests_per_second: int
    batches_per_minute: int


def read_company(setting: Setting) -> Company:
    """Raises SettingsError naming the field."""
    given = _Given(setting.system, {name: value.strip() for name, value in setting.fields.items()})
    for name in _REQUIRED:
        given.needed(name)
    if not given.needed("realm_id").isdigit():
        raise given.wrong("realm_id", "is no company id: digits only")
    return Company(
        system=setting.system,
        url=given.needed("url").rstrip("/"),
        token_url=given.text("token_url") or TOKEN_URL,
        realm_id=given.needed("realm_id"),
        client_id=given.needed("client_id"),
        client_secret=given.needed("client_secret"),
        refresh_token=given.needed("refresh_token"),
        minor_version=given.number("minor_version", MINOR_VERSION, least=1),
        income_account=given.text("income_account"),
        default_item=given.text("default_item"),
        discount_account=given.text("discount_account"),
        tax_code=given.text("tax_code", "TAX"),
        no_tax_code=given.text("no_tax_code", "NON"),
        multicurrency=given.choice("multicurrency", _FLAGS, "false"),
        home_currency=(given.text("home_currency") or "").upper() or None,
        adopt=given.choice("adopt", _FLAGS, "false"),
        on_delete=given.choice("on_delete", _ON_DELETE, "delete"),
        batch_size=given.number("batch_size", BATCH_SIZE, least=1, most=100),
        replay=timedelta(minutes=given.number("replay_minutes", REPLAY_MINUTES, least=0)),
        requests_per_minute=given.number("requests_per_minute", REQUESTS_PER_MINUTE, least=1),
        requests_per_second=given.number("requests_per_second", REQUESTS_PER_SECOND, least=1),
        batches_per_minute=given.number("batches_per_minute", BATCHES_PER_MINUTE, least=1),
    )


_FLAGS = {"true": True, "false": False}
_ON_DELETE: dict[str, Literal["delete", "void"]] = {"delete": "delete", "void": "void"}


@dataclass(frozen=True)
class _Given:
    system: str
    fields: Mapping[str, str] = field(repr=False)

    def text(self, name: str, default: str | None = None) -> str | None:
        """None where it is absent and has no default, or where it stands there empty."""
        return self.fields.get(name, default or "") or None

    def needed(self, name: str) -> str:
        if not (value := self.fields.get(name, "")):
            raise self.wrong(name, "is missing")
        return value

    def number(self, name: str, default: int, *, least: int, most: int = 1_000_000) -> int:
        text = self.text(name) or str(default)
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise self.wrong(name, f"must be a whole number from {least} to {most:,}")
        return int(text)

    def choice(self, name: str, choices: Mapping[str, T], default: str) -> T:
        text = (self.text(name) or default).lower()
        if text not in choices:
            raise self.wrong(name, f"must be one of: {', '.join(choices)}")
        return choices[text]

    def wrong(self, name: str, says: str) -> SettingsError:
        return SettingsError(f"{self.system}: its preset's field {name} {says}")
