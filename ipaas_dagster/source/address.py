"""Where the source is and who we are to it: the base URL, the token, the proxy; and the words about failures,
from which credentials are taken out."""

from __future__ import annotations

import json
import os
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from ipaas_dagster.errors import ProtocolBroken, SettingsError
from ipaas_dagster.records import SOURCE_SYSTEM

Exchange = tuple[int, Mapping[str, str], bytes]
"""Status, headers by their names in lower case, body."""

SOURCE_ADVICE: Mapping[int, str] = {
    401: "the token was not accepted; set INSTAGAZE_TOKEN to a valid token of an Instagaze admin",
    402: "Instagaze asks for a payment; settle the subscription with Instagaze",
    403: "this token may not read this; ask an admin for the permission, or set another INSTAGAZE_TOKEN",
    404: "there is nothing at this address; check that INSTAGAZE_BASE_URL ends with /api/admin/",
    405: "the address does not take GET; check INSTAGAZE_BASE_URL",
    406: "the server does not give JSON here; check INSTAGAZE_BASE_URL",
    410: "it was removed for good; check INSTAGAZE_BASE_URL and Instagaze's notices",
    422: "Instagaze cannot act on the request; see its message, and check INSTAGAZE_BASE_URL",
}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Wire(Protocol):
    """What carries a GET there and the answer back; nothing is repeated or followed unseen."""

    faults: tuple[type[BaseException], ...]
    """What a line may do to a request; all of it is worth another try."""

    async def get(self, url: str, headers: Mapping[str, str]) -> Exchange: ...

    def is_unreached(self, error: BaseException) -> bool:
        """Whether the server was not even connected to (refused, unknown name, no route)."""
        ...

    async def aclose(self) -> None: ...


class Address:
    """`url(target)` of what stands below the base; `shown...` are forms without credentials."""

    def __init__(self, base_url: str, token: str | None, environment: Mapping[str, str]) -> None:
        try:
            parts = urlsplit(base_url)
            port = parts.port
        except ValueError:
            raise SettingsError("INSTAGAZE_BASE_URL is not an address; write it as https://host/api/admin/") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError("INSTAGAZE_BASE_URL is not an address; write it as https://host/api/admin/")
        if token is not None and not (token.isascii() and token.isprintable()):
            raise SettingsError("INSTAGAZE_TOKEN holds characters that no header can carry; copy it anew")
        host = _ascii(f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname)
        netloc = host + (f":{port}" if port else "")
        self._base = f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}/"
        self._proxy = _proxy(parts.scheme, parts.hostname, environment)
        passwords = [parts.password, urlsplit(self._proxy or "").password]
        self._secrets = _spellings([secret for secret in (token, *passwords) if secret])
        self._path = parts.path.rstrip("/") + "/"
        self.shown = f"{parts.scheme}://{netloc}"
        self.headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "ipaas-dagster",
        }
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def url(self, target: str) -> str:
        return self._base + quote(target, safe="/?=&%+,:;@!$'()*~-._[]")

    def shown_path(self, target: str) -> str:
        return self.scrub(self._path + target)

    def scrub(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def scrub_all(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.scrub(str(name)): self.scrub_all(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.scrub_all(item) for item in value]
        return self.scrub(value) if isinstance(value, str) else value

    def follow(self, url: str, location: str) -> str:
        """The redirect's address, if it is this very host, or its encrypted form. Raises ProtocolBroken."""
        here, there = urlsplit(url), urlsplit(location)
        encrypted = here.hostname == there.hostname and here.scheme == "http" and there.scheme == "https"
        if (here.scheme, here.netloc) == (there.scheme, there.netloc) or (encrypted and not there.port):
            return location
        raise ProtocolBroken(
            f"the source sends us on to {there.scheme}://{there.hostname}; the token stays here. "
            "Set INSTAGAZE_BASE_URL to the new address if it is right",
            system=SOURCE_SYSTEM,
            method="GET",
            path=here.path,
        )

    def wire(self, connections: int, connect_seconds: float, read_seconds: float) -> Wire:
        """How the source is spoken to. Nothing is taken from the surroundings but the proxy variables (never for this
        machine itself) and OpenSSL's certificate files."""
        from ipaas_dagster.source.lines import Lines

        if self._proxy is None:
            context = _certificates() if self._base.startswith("https") else None
            return Lines(context, connect_seconds, read_seconds)
        from ipaas_dagster.source.proxied import Proxied

        return Proxied(self._proxy, connections, connect_seconds, read_seconds)

    def describe(self, error: BaseException) -> str:
        inner = error.__cause__ or error
        text = str(inner) or str(error)
        return self.scrub(f"{type(inner).__name__}: {text}" if text else type(inner).__name__)


def _certificates() -> ssl.SSLContext:
    """OpenSSL's variables win, as everywhere; else the certificates that the environment comes with."""
    import certifi

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    return ssl.create_default_context(cafile=file or (None if folder else certifi.where()), capath=folder or None)


def _spellings(secrets: list[str]) -> list[str]:
    """As a server or a library may write them back: plain, as part of a URL, in base64; the longest first."""
    found = {spelling for secret in secrets for spelling in (secret, unquote(secret), quote(secret, safe=""))}
    found |= {b64encode(secret.encode()).decode().rstrip("=") for secret in secrets}
    found |= {json.dumps(secret)[1:-1] for secret in secrets}
    return sorted(found, key=len, reverse=True)


def _ascii(host: str) -> str:
    """The host as DNS and requests have it. Raises SettingsError."""
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise SettingsError(f"INSTAGAZE_BASE_URL names no host: {error}; write it as https://host/api/admin/") from None


def _proxy(scheme: str, host: str, environment: Mapping[str, str]) -> str | None:
    found = {name.lower(): value for name, value in environment.items() if name.lower().endswith("_proxy") and value}
    if host in _LOOPBACK or _bypassed(host, found.get("no_proxy", "")):
        return None
    return found.get(f"{scheme}_proxy") or found.get("all_proxy")


def _bypassed(host: str, no_proxy: str) -> bool:
    """`no_proxy` as it is commonly read: names, their subdomains, or `*`."""
    names = [name.strip().lstrip(".").lower() for name in no_proxy.split(",") if name.strip()]
    return any(name == "*" or host == name or host.endswith(f".{name}") for name in names)
