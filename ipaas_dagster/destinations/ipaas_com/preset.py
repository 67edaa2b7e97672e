"""The preset of an iPaaS.com company, checked: what is missing or malformed is named by field, never by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.errors import SettingsError

APIS = ("sso", "customers", "products", "transactions", "subscriptions")
BATCH_SIZE = 25
"""Each record is a request of its own; a batch is what is committed together."""
UNLINK_PATH = "External/{id}/{system_id}/{table}"
T = TypeVar("T")


@dataclass(frozen=True)
class Account:
    """Either `api_key` or `email` and `password`. `paths` are base paths by API, `tables` names for external ids by
    object. `system_id` is the subscription whose external ids are ours."""

    system: str
    url: str
    system_id: int
    email: str = field(repr=False)
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    company_id: str
    client_id: str
    bearer: bool
    paths: Mapping[str, str]
    version: str
    company_table: str
    id_in_path: bool
    updates: Literal["whole", "changed"]
    on_delete: Literal["delete", "unlink"]
    unlink_path: str
    requests_per_minute: int | None
    batch_size: int

    @property
    def who(self) -> str:
        """The preset's fields that sign in."""
        return "api_key" if self.api_key else "email and password"


def read_account(setting: Setting) -> Account:
    """Raises SettingsError naming the field."""
    given = _Given(setting.system, {name: value.strip() for name, value in setting.fields.items()})
    per_minute = given.number("requests_per_minute", 0, most=1_000_000)
    _check_sign_in(given)
    return Account(
        system=setting.system,
        url=given.needed("url").rstrip("/"),
        system_id=given.number("system_id", None, least=1, most=2**63 - 1),
        email=given.text("email"),
        password=given.text("password"),
        api_key=given.text("api_key"),
        company_id=given.text("company_id"),
        client_id=given.text("client_id"),
        bearer=given.choice("authorization", {"bearer": True, "raw": False}, "bearer"),
        paths={api: given.text(f"{api}_path", api).strip("/") for api in APIS},
        version=given.text("api_version", "v2"),
        company_table=given.text("company_table", "customer company"),
        id_in_path=given.choice("put_path", {"id": True, "body": False}, "id"),
        updates=given.choice("updates", _UPDATES, "whole"),
        on_delete=given.choice("on_delete", _ON_DELETE, "delete"),
        unlink_path=given.text("unlink_path", UNLINK_PATH).strip("/"),
        requests_per_minute=per_minute or None,
        batch_size=given.number("batch_size", BATCH_SIZE, least=1, most=1_000),
    )


_UPDATES: dict[str, Literal["whole", "changed"]] = {"whole": "whole", "changed": "changed"}
_ON_DELETE: dict[str, Literal["delete", "unlink"]] = {"delete": "delete", "unlink": "unlink"}


def _check_sign_in(given: _Given) -> None:
    user = bool(given.text("email")), bool(given.text("password"))
    if given.text("api_key"):
        if any(user):
            raise given.wrong("api_key", "stands beside email or password: give either it or both of these")
    elif not all(user):
        raise given.wrong("password" if user[0] else "email", "is missing (email and password, or api_key)")


@dataclass(frozen=True)
class _Given:
    system: str
    fields: Mapping[str, str] = field(repr=False)

    def text(self, name: str, default: str = "") -> str:
        return self.fields.get(name) or default

    def needed(self, name: str) -> str:
        if not (value := self.fields.get(name, "")):
            raise self.wrong(name, "is missing")
        return value

    def number(self, name: str, default: int | None, *, least: int = 0, most: int) -> int:
        text = self.needed(name) if default is None else self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise self.wrong(name, f"must be a whole number from {least} to {most:,}")
        return int(text)

    def choice(self, name: str, choices: Mapping[str, T], default: str) -> T:
        text = self.text(name, default).lower()
        if text not in choices:
            raise self.wrong(name, f"must be one of: {', '.join(choices)}")
        return choices[text]

    def wrong(self, name: str, says: str) -> SettingsError:
        return SettingsError(f"{self.system}: its preset's field {name} {says}")
