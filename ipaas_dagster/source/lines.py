"""HTTP/1.1 over asyncio's own transports and a parser in C: what a scan needs of HTTP, at a third of a client's CPU.

GET only. No cookies, no redirects, nothing repeated unseen: that is the connection's work (`connection`). A proxy is
spoken to by httpx's transport instead (`address`).
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

from ipaas_dagster.source.address import Exchange


class LineBroken(ConnectionError):
    """The answer ended before its end, or is no HTTP."""


class NotConnected(ConnectionError):
    """Nobody answered there."""


class Lines:
    """A `Wire`: connections that are kept, each for one exchange at a time."""

    faults: tuple[type[BaseException], ...] = (OSError, asyncio.TimeoutError)

    def __init__(self, context: ssl.SSLContext | None, connect_seconds: float, read_seconds: float) -> None:
        self._context, self._connect_seconds, self._read_seconds = context, connect_seconds, read_seconds
        self._free: dict[tuple[str, str, int], list[_Line]] = {}

    async def get(self, url: str, headers: Mapping[str, str]) -> Exchange:
        """Raises NotConnected, LineBroken, OSError, TimeoutError."""
        parts = urlsplit(url)
        place = (parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        line = self._kept(place) or await self._connected(place)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            answer = await line.exchange(_head(target, parts.netloc.rpartition("@")[2], headers), self._read_seconds)
        except BaseException:
            line.close()  # what comes on it later would be taken for the next answer
            raise
        if line.usable:
            self._free.setdefault(place, []).append(line)
        else:
            line.close()
        return answer

    def is_unreached(self, error: BaseException) -> bool:
        return isinstance(error, NotConnected)

    async def aclose(self) -> None:
        for lines in self._free.values():
            for line in lines:
                line.close()
        self._free.clear()
        await asyncio.sleep(0)  # for the transports to close

    def _kept(self, place: tuple[str, str, int]) -> _Line | None:
        lines = self._free.get(place, [])
        while lines:
            line = lines.pop()
            if line.usable:
                return line
        return None

    async def _connected(self, place: tuple[str, str, int]) -> _Line:
        scheme, host, port = place
        secure = self._context if scheme == "https" else None
        try:
            async with asyncio.timeout(self._connect_seconds):
                loop = asyncio.get_running_loop()
                _, line = await loop.create_connection(_Line, host, port, ssl=secure, happy_eyeballs_delay=0.25)
        except TimeoutError:
            raise
        except OSError as error:
            raise NotConnected(f"cannot connect to {host}:{port}: {error}") from error
        return line


def _head(target: str, host: str, headers: Mapping[str, str]) -> bytes:
    given = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{given}\r\n".encode("ascii")


class _Line(asyncio.Protocol):
    """One connection, and the answer that is coming in on it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Exchange] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._headers_came = self._reusable = False

    @property
    def usable(self) -> bool:
        return self._reusable and self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def exchange(self, head: bytes, read_seconds: float) -> Exchange:
        assert self._transport is not None
        self._begin()
        self._answer, self._heard = self._loop.create_future(), self._loop.time()
        self._transport.write(head)
        self._look(read_seconds)
        try:
            return await self._answer
        finally:
            self._answer = None
            if self._timer is not None:
                self._timer.cancel()

    def _look(self, read_seconds: float) -> None:
        """Whether something was heard of late."""
        left = self._heard + read_seconds - self._loop.time()
        if left <= 0:
            self._fail(TimeoutError(f"no byte came for {read_seconds:g} s"))
        else:
            self._timer = self._loop.call_later(left, self._look, read_seconds)

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # said unasked
            self.close()
            return
        self._heard = self._loop.time()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(LineBroken(f"the answer is no HTTP: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        self._reusable = False
        ends_with_line = self._headers_came and not self._headers.keys() & {"content-length", "transfer-encoding"}
        if error is None and ends_with_line:
            self._end()
        else:
            self._fail(LineBroken(f"the connection was closed before the answer's end: {error or 'end of file'}"))

    # What the parser calls

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        self._headers_came = self._parser.get_status_code() >= 200

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        if not self._headers_came:  # one that announces another
            self._headers.clear()
            return
        self._reusable = self._parser.should_keep_alive()
        self._end()

    def _end(self) -> None:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        try:
            body = _decoded(body, self._headers.get("content-encoding", "").strip().lower())
        except zlib.error as error:
            self._fail(LineBroken(f"the answer's compression is broken: {error}"))
            return
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), self._headers, body))


def _decoded(body: bytes, encoding: str) -> bytes:
    """The body as it was before it was compressed for the line. Raises zlib.error where it is cut or broken."""
    if encoding in ("", "identity") or not body:
        return body
    raw_deflate = encoding == "deflate" and body[0] & 0x0F != 8
    reader = zlib.decompressobj(-zlib.MAX_WBITS if raw_deflate else zlib.MAX_WBITS | 32)
    whole = reader.decompress(body) + reader.flush()
    if not reader.eof:
        raise zlib.error("cut")
    return whole
