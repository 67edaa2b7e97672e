"""The source through a proxy: httpx's client does what a proxy asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from ipaas_dagster.source.address import Exchange


class Proxied:
    """A `Wire`. Without cookies, `.netrc`, redirects or anything else from the surroundings but certificate files."""

    faults: tuple[type[BaseException], ...] = (httpx.RequestError, OSError, asyncio.TimeoutError)

    def __init__(self, proxy: str, connections: int, connect_seconds: float, read_seconds: float) -> None:
        limits = httpx.Limits(max_connections=connections + 2)
        self._timeout = httpx.Timeout(read_seconds, connect=connect_seconds, pool=None).as_dict()
        self._transport = httpx.AsyncHTTPTransport(
            verify=httpx.create_ssl_context(trust_env=True), proxy=httpx.Proxy(proxy), limits=limits, trust_env=False
        )

    async def get(self, url: str, headers: Mapping[str, str]) -> Exchange:
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": self._timeout})
        response = await self._transport.handle_async_request(request)
        try:
            body = await response.aread()
        finally:
            await response.aclose()
        return response.status_code, {name.lower(): value for name, value in response.headers.items()}, body

    def is_unreached(self, error: BaseException) -> bool:
        return isinstance(error, httpx.ConnectError)

    async def aclose(self) -> None:
        await self._transport.aclose()
