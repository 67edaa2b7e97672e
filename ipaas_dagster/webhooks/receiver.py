"""The addresses: POST /webhooks/<system>, GET /health. What each answers is a promise to the sender.

200 stored (or known already)     401 not genuine     404 no such system     400 unreadable
413 too large                     408 too slow        503 not stored: send it again
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ipaas_dagster.records import SOURCE_SYSTEM, Clock
from ipaas_dagster.source.collections import POLLED, SNAPSHOTS
from ipaas_dagster.webhooks.convention import Convention
from ipaas_dagster.webhooks.event import Event, Unreadable
from ipaas_dagster.webhooks.reading import read_events
from ipaas_dagster.webhooks.verifying import NotGenuine, verify
from ipaas_dagster.webhooks.writer import GroupWriter, NotStored

BODY_SECONDS = 10.0
PATH = "/webhooks/"
_ONE = JSONResponse({"events": 1})
_REPEAT = {"retry-after": "5"}
_NO_COLLECTION = "the source has no such collection"
_NO_ID = "the source's ids are whole numbers"


class _TooLarge(Exception):
    pass


@dataclass(frozen=True)
class Receiver:
    """`conventions` by system. `ready` raises where the store cannot be used."""

    conventions: Mapping[str, Convention]
    writer: GroupWriter
    clock: Clock
    most_bytes: int
    ready: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application, without Starlette's routes and middleware: they were a third of a request's work."""
        if scope["type"] != "http":
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, method = request.scope["path"], request.method
        if path == "/health":
            return await self._health() if method in ("GET", "HEAD") else _said(405, "only GET", {"allow": "GET"})
        convention = self.conventions.get(path.removeprefix(PATH)) if path.startswith(PATH) else None
        if convention is None:
            return _said(404, "no webhooks are taken here")
        return (
            await self._receive(request, convention) if method == "POST" else _said(405, "only POST", {"allow": "POST"})
        )

    async def _receive(self, request: Request, convention: Convention) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request, self.most_bytes)
            now = self.clock()
            event_id = verify(convention, request.headers, body, now)
            events = read_events(convention, event_id, body)
            await self.writer.add([(convention.system, one, now, _ignored(convention.system, one)) for one in events])
        except _TooLarge:
            return _said(413, f"more than {self.most_bytes:,} bytes")
        except (TimeoutError, ClientDisconnect):
            return _said(408, "the body did not come")
        except NotGenuine as problem:
            return _said(401, str(problem))
        except Unreadable as problem:
            return _said(400, str(problem))
        except NotStored as problem:
            return _said(503, f"{problem}; send it again", _REPEAT)
        return _ONE if len(events) == 1 else JSONResponse({"events": len(events)})

    async def _health(self) -> Response:
        try:
            await asyncio.to_thread(self.ready)
        except Exception as error:
            return JSONResponse({"ok": False, "store": type(error).__name__}, 503)
        return JSONResponse({"ok": True})


async def _body(request: Request, most: int) -> bytes:
    """Never more of it than is allowed, whatever its length is said to be."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most:
        raise _TooLarge
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _TooLarge
        parts.append(part)
    return b"".join(parts)


def _ignored(system: str, event: Event) -> str:
    """Why an event is of nothing that can be read; empty where it is not."""
    if system != SOURCE_SYSTEM:
        return ""
    if event.collection not in _SOURCE_NAMES:
        return _NO_COLLECTION
    return "" if event.record_id.isascii() and event.record_id.isdigit() else _NO_ID


_SOURCE_NAMES: Sequence[str] = (*POLLED, *SNAPSHOTS)


def _said(status: int, says: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"message": says}, status, headers)
