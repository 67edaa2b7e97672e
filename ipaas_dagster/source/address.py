"""Where the source is and who we are to it: the base URL, the token, the proxy; and the words about failures,
from which credentials are taken out."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from ipaas_dagster.errors import ProtocolBroken, SettingsError
from ipaas_dagster.records import SOURCE_SYSTEM

if TYPE_CHECKING:
    import httpx

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
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
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

    def transport(self, connections: int) -> httpx.AsyncBaseTransport:
        """httpx's transport over aiohttp, without cookies, `.netrc` or anything else from the surroundings
        but the proxy variables (never for this machine itself) and OpenSSL's certificate files."""
        import aiohttp
        import httpx
        from httpx_aiohttp import AiohttpTransport

        secure = self._base.startswith("https")
        context: Any = httpx.create_ssl_context(trust_env=True) if secure else False

        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(limit=connections + 2, ssl=context if secure else True)
            made = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
            )
            made._retry_connection = False  # it would repeat a request unseen; ours are counted and noted
            return made

        proxy = httpx.Proxy(self._proxy) if self._proxy else None
        transport: httpx.AsyncBaseTransport = AiohttpTransport(verify=context, client=session, proxy=proxy)
        return transport

    def line_faults(self) -> tuple[type[BaseException], ...]:
        """What a line may do to a request; all of it is worth another try."""
        import aiohttp
        import httpx

        return (httpx.RequestError, aiohttp.ClientError, OSError, asyncio.TimeoutError)

    def is_unreached(self, error: BaseException) -> bool:
        """Whether the server was not even connected to (refused, unknown name, no route)."""
        import aiohttp
        import httpx

        if error.__cause__ is not None and isinstance(error.__cause__, aiohttp.ClientError):
            error = error.__cause__
        return isinstance(error, aiohttp.ClientConnectorError | httpx.ConnectError)

    def describe(self, error: BaseException) -> str:
        inner = error.__cause__ or error
        text = str(inner) or str(error)
        return self.scrub(f"{type(inner).__name__}: {text}" if text else type(inner).__name__)


def _spellings(secrets: list[str]) -> list[str]:
    """As a server or a library may write them back: plain, as part of a URL, in base64; the longest first."""
    found = {spelling for secret in secrets for spelling in (secret, unquote(secret), quote(secret, safe=""))}
    found |= {b64encode(secret.encode()).decode().rstrip("=") for secret in secrets}
    found |= {json.dumps(secret)[1:-1] for secret in secrets}
    return sorted(found, key=len, reverse=True)


def _proxy(scheme: str, host: str, environment: Mapping[str, str]) -> str | None:
    found = {name.lower(): value for name, value in environment.items() if name.lower().endswith("_proxy") and value}
    if host in _LOOPBACK or _bypassed(host, found.get("no_proxy", "")):
        return None
    return found.get(f"{scheme}_proxy") or found.get("all_proxy")


def _bypassed(host: str, no_proxy: str) -> bool:
    """`no_proxy` as it is commonly read: names, their subdomains, or `*`."""
    names = [name.strip().lstrip(".").lower() for name in no_proxy.split(",") if name.strip()]
    return any(name == "*" or host == name or host.endswith(f".{name}") for name in names)
