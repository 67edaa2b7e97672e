"""Where a request comes in: a fault may strike it, a stand-in answers it, the journal notes it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ipaas_dagster.sandbox.clock import SandboxClock, iso
from ipaas_dagster.sandbox.exchange import Answer, Call, StandIn
from ipaas_dagster.sandbox.faults import Fault

TRANSPORT = "sandbox.transport"
NO_ANSWER = 0


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with the connection within reach of the application: a fault may have to cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport


class Edge:
    """The ASGI application in front of the stand-ins."""

    def __init__(self, stand_ins: Sequence[StandIn], clock: SandboxClock) -> None:
        self._stand_ins = tuple(stand_ins)
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await read_call(scope, receive)
        stand_in = next((one for one in self._stand_ins if one.serves(call.path)), None)
        if stand_in is None:
            await self._send(Answer(404), scope, receive, send)
            return
        started = perf_counter()
        fault = stand_in.faults.draw(call.method, scope["path"], call.body)
        status = await self._exchange(stand_in, call, fault, (scope, receive, send))
        spent = (perf_counter() - started) * 1000
        label = fault.label if fault else None
        seen = (iso(self._clock.milliseconds()), call.method, _url(scope), status, round(spent, 3), label)
        stand_in.journal.add(*seen, body=call.body, headers=call.headers)

    async def _exchange(
        self, stand_in: StandIn, call: Call, fault: Fault | None, wire: tuple[Scope, Receive, Send]
    ) -> int:
        """Answer, or fail as the fault says. Returns the status that the client sees."""
        if fault is None:
            return await self._send(stand_in.answer(call), *wire)
        if fault.kind == "status":
            return await self._send(_refusal(stand_in, fault), *wire)
        if fault.kind == "reset":
            return reset(wire[0])
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        answer = stand_in.answer(call)
        if fault.kind == "late_error":
            return await self._send(_refusal(stand_in, fault), *wire)
        if fault.kind == "lost_answer" or (fault.kind != "slow" and not answer.body):
            return reset(wire[0])
        if fault.kind == "truncated":
            return await self._truncate(answer, *wire)
        if fault.kind == "broken_json":
            answer = replace(answer, body=_broken(answer.body))
        return await self._send(answer, *wire)

    async def _send(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> int:
        await self._response(answer)(scope, receive, send)
        return answer.status

    async def _truncate(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> int:
        """Promise the whole body by its length, send half of it, and close."""
        headers = self._response(answer).raw_headers
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["state"][TRANSPORT].close()
        return answer.status

    def _response(self, answer: Answer) -> Response:
        headers = {"date": self._clock.http_date(), **answer.headers}
        media_type = answer.content_type if answer.body else None
        return Response(answer.body, answer.status, headers, media_type)


async def read_call(scope: Scope, receive: Receive) -> Call:
    request = Request(scope, receive)
    path = tuple(part for part in scope["path"].split("/") if part)
    body = await request.body()
    return Call(request.method, path, request.query_params.multi_items(), request.headers, body, scope["scheme"])


def reset(scope: Scope) -> int:
    """End the connection at once, so that the client's kernel reports a reset and not an orderly end."""
    transport: Any = scope["state"][TRANSPORT]
    connection = transport.get_extra_info("socket")
    # Lingering for zero seconds makes closing a reset.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    return NO_ANSWER


def _refusal(stand_in: StandIn, fault: Fault) -> Answer:
    answer = stand_in.failure(fault.status)
    if fault.retry_after is None:
        return answer
    return replace(answer, headers={**answer.headers, "retry-after": fault.retry_after})


def _broken(body: bytes) -> bytes:
    """As long as before, and no longer JSON: a proxy's page over the end of it."""
    page = b"<html>502</html>"
    return body[: max(0, len(body) - len(page))] + page


def _url(scope: Scope) -> str:
    """As it came: what was sent as %23 is no fragment's beginning."""
    query, path = scope["query_string"].decode("latin-1"), scope["raw_path"].decode("latin-1")
    return f"{path}?{query}" if query else path
