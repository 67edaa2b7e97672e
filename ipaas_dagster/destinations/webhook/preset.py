"""The preset of a webhook, checked: what is missing or malformed is named by field, never by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.webhook.signing import Keys, read_key
from ipaas_dagster.errors import SettingsError

BATCH_SIZE = 25
"""Requests between two commits of the outbox: so many may be sent twice after a crash."""
TIMEOUT_SECONDS = 20
"""The convention asks for 15 to 30."""
Content = Literal["full", "thin"]
T = TypeVar("T")


@dataclass(frozen=True)
class Endpoint:
    """`shown` is the address without its query; `texts` are the secrets as they were given, to take them out of what
    the receiver says."""

    system: str
    url: str = field(repr=False)
    shown: str
    keys: Keys = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    content: Content
    ping: bool
    batch_size: int
    timeout_seconds: int
    requests_per_second: int | None


def read_endpoint(setting: Setting) -> Endpoint:
    """Raises SettingsError naming the field."""
    given = _Given(setting.system, {name: value.strip() for name, value in setting.fields.items()})
    url = given.needed("url")
    parts = _address(given, url)
    secrets = [given.needed("secret"), given.text("second_secret")]
    named = zip(("secret", "second_secret"), secrets, strict=True)
    per_second = given.number("requests_per_second", 0, least=0, most=10_000)
    return Endpoint(
        system=setting.system,
        url=url,
        shown=f"{parts.scheme}://{parts.netloc}{parts.path}",
        keys=Keys(tuple(_key(given, name, secret) for name, secret in named if secret)),
        texts=tuple(secret for secret in secrets if secret),
        content=given.choice("content", _CONTENTS, "full"),
        ping=given.choice("ping", _FLAGS, "false"),
        batch_size=given.number("batch_size", BATCH_SIZE, least=1, most=1_000),
        timeout_seconds=given.number("timeout_seconds", TIMEOUT_SECONDS, least=1, most=120),
        requests_per_second=per_second or None,
    )


_FLAGS = {"true": True, "false": False}
_CONTENTS: dict[str, Content] = {"full": "full", "thin": "thin"}


def _address(given: _Given, url: str) -> SplitResult:
    """Any host may be meant, also one of a private network: the receiver is the user's own choice."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise given.wrong("url", "is no address such as https://host/path") from None
    if parts.scheme not in ("http", "https") or not host:
        raise given.wrong("url", "is no address such as https://host/path")
    if parts.username or parts.password:
        raise given.wrong("url", "holds a user or password; the receiver knows us by the signature")
    if parts.fragment:
        raise given.wrong("url", "has a fragment (#), which is never sent")
    if parts.scheme == "http" and not _is_loopback(host) and not given.choice("insecure", _FLAGS, "false"):
        raise given.wrong("url", "is http: everybody on the way could read the records; use https, or `insecure: true`")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _key(given: _Given, name: str, secret: str) -> bytes:
    try:
        return read_key(secret)
    except ValueError as problem:
        says = str(problem)
    raise given.wrong(name, says)


@dataclass(frozen=True)
class _Given:
    system: str
    fields: Mapping[str, str] = field(repr=False)

    def text(self, name: str) -> str | None:
        return self.fields.get(name) or None

    def needed(self, name: str) -> str:
        if not (value := self.fields.get(name, "")):
            raise self.wrong(name, "is missing")
        return value

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
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
