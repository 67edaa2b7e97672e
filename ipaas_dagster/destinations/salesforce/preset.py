"""The preset of a Salesforce org, checked: what is missing or malformed is named by field, never by value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.errors import SettingsError

API_VERSION = "62.0"
LOGIN_AUDIENCE = "https://login.salesforce.com"
MOST_A_CALL = 200
"""Records of one sObject collections call."""
BULK_ABOVE = 2_000
"""The threshold that Salesforce itself recommends."""
LIMIT_PERCENT = 95


@dataclass(frozen=True)
class Org:
    """`private_key` is PEM; with it the JWT bearer flow is used, else client credentials."""

    system: str
    url: str
    client_id: str = field(repr=False)
    client_secret: str | None = field(repr=False)
    private_key: str | None = field(repr=False)
    username: str | None
    login_url: str
    audience: str
    api_version: str
    batch_size: int
    bulk_above: int
    limit_percent: int

    @property
    def credential_fields(self) -> str:
        """Those of the preset that sign in, for people."""
        return "client_id, private_key, username" if self.private_key else "client_id, client_secret"


def read_org(setting: Setting) -> Org:
    """Raises SettingsError naming the field."""
    fields = {name: value.strip() for name, value in setting.fields.items() if value.strip()}
    for name in ("url", "client_id"):
        if name not in fields:
            raise _wrong(setting, name, "is missing")
    key = _private_key(setting, fields)
    if key is None and "client_secret" not in fields:
        raise _wrong(setting, "client_secret", "is missing, and there is no private_key with a username either")
    login_url = fields.get("login_url", "").rstrip("/")
    return Org(
        setting.system,
        fields["url"].rstrip("/"),
        fields["client_id"],
        fields.get("client_secret"),
        key,
        fields.get("username"),
        login_url or fields["url"].rstrip("/"),
        fields.get("audience") or login_url or LOGIN_AUDIENCE,
        _version(setting, fields),
        _number(setting, fields, "batch_size", MOST_A_CALL, 1, MOST_A_CALL),
        _number(setting, fields, "bulk_above", BULK_ABOVE, 1, 10_000_000),
        _number(setting, fields, "limit_percent", LIMIT_PERCENT, 1, 100),
    )


def _private_key(setting: Setting, fields: Mapping[str, str]) -> str | None:
    """PEM as it is, with `\\n` for line ends, or base64 of it: environment variables like one line."""
    text = fields.get("private_key")
    if text is None:
        return None
    if "username" not in fields:
        raise _wrong(setting, "username", "is missing: the JWT bearer flow signs in as that user")
    if "-----BEGIN" not in text:
        try:
            text = base64.b64decode(text, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            text = ""
    if "-----BEGIN" not in text:
        raise _wrong(setting, "private_key", "is neither a key in PEM nor base64 of one")
    return text.replace("\\n", "\n")


def _version(setting: Setting, fields: Mapping[str, str]) -> str:
    version = fields.get("api_version", API_VERSION).removeprefix("v")
    if not re.fullmatch(r"\d+\.0", version):
        raise _wrong(setting, "api_version", "is no version such as 62.0")
    return version


def _number(setting: Setting, fields: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = fields.get(name, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise _wrong(setting, name, f"must be a whole number from {least:,} to {most:,}")
    return int(text)


def _wrong(setting: Setting, name: str, why: str) -> SettingsError:
    return SettingsError(f"{setting.system}: its preset's field {name} {why}")
