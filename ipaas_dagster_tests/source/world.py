"""A small source that follows the document, written for these tests only: raw asyncio, one mutable list per
collection, scripted faults, and knobs for everything that the document leaves open."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Record = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class World:
    """`records[collection]` are `(modified seconds or None, record)`; `faults` are used up one per request."""

    records: dict[str, list[tuple[float | None, Any]]] = field(default_factory=dict)
    token: str = "secret-token-of-the-test"
    largest_page: int = 1000
    bare: bool = False
    count: Callable[[int, int], Any] = lambda total, given: total
    honours: set[str] = field(default_factory=lambda: {"limit", "offset", "modified", "order"})
    default_order: str = "position"
    date: datetime | None = datetime(2026, 3, 1, 12, tzinfo=UTC)
    faults: list[Any] = field(default_factory=list)
    before: Callable[[Request], None] = lambda request: None
    requests: list[Request] = field(default_factory=list)
    encode: Callable[[Any], bytes] = lambda value: json.dumps(value).encode()
    content_type: str = "application/json"
    base: str = "/api/admin/"

    def seed(self, collection: str, records: list[Any], modified: float = 1_700_000_000) -> None:
        self.records[collection] = [(modified + n, record) for n, record in enumerate(records)]

    def asked(self, collection: str) -> list[dict[str, str]]:
        return [r.query for r in self.requests if r.path == self.base + collection]

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {}, json.dumps({"error": {"type": "authentication_error", "message": "no"}}).encode()
        path = request.path.removeprefix(self.base)
        if path in self.records:
            return 200, {}, self._list(path, request.query)
        collection, _, record_id = path.rpartition("/")
        for _, record in self.records.get(collection, []):
            if str(record.get("id")) == unquote(record_id):
                body = {"count": 1, "results": [record]} if collection == "subscriptions" else record
                return 200, {}, self.encode(body)
        return 404, {}, json.dumps({"type": "invalid_request_error", "message": "not here"}).encode()

    def _list(self, collection: str, query: dict[str, str]) -> bytes:
        rows = list(self.records[collection])
        if "modified" in query and "modified" in self.honours:
            rows = [r for r in rows if r[0] is not None and r[0] >= int(query["modified"])]
        order = query.get("order", "") if "order" in self.honours else ""
        rows = _ordered(rows, order or self.default_order)
        if schema := query.get("filter[where][ppobject_id]"):
            rows = [(m, {k: v for k, v in r.items() if k != "of"}) for m, r in rows if str(r["of"]) == schema]
        offset = int(query.get("offset", 0)) if "offset" in self.honours else 0
        limit = int(query.get("limit", self.largest_page)) if "limit" in self.honours else len(rows)
        given = [record for _, record in rows[offset : offset + min(limit, self.largest_page)]]
        return self.encode(given if self.bare else {"count": self.count(len(rows), len(given)), "results": given})


def _ordered(rows: list[tuple[float | None, Any]], order: str) -> list[tuple[float | None, Any]]:
    name, _, direction = order.partition(" ")
    if name == "modified":
        return sorted(rows, key=lambda row: row[0] or 0, reverse=direction == "DESC")
    if name == "id":
        return sorted(rows, key=lambda row: row[1]["id"], reverse=direction == "DESC")
    return rows


@contextmanager
def serving(world: World) -> Iterator[str]:
    """The base URL of `world`, served on a free port of this machine until the block ends."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    address: list[int] = []
    stop = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(lambda r, w: _serve(world, r, w), "127.0.0.1", 0)
        address.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield f"http://127.0.0.1:{address[0]}{world.base}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


async def _serve(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode().split("\r\n")
            target = urlsplit(first.split(" ")[1])
            query = {name: values[0] for name, values in parse_qs(target.query, keep_blank_values=True).items()}
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines if line)}
            request = Request(target.path, query, headers)
            world.requests.append(request)
            world.before(request)
            fault = world.faults.pop(0) if world.faults else None
            if fault == "reset":
                break
            status, extra, body = fault if isinstance(fault, tuple) else world.answer(request)
            said = {"Content-Type": world.content_type, "Content-Length": str(len(body)), **extra}
            if world.date is not None:
                said["Date"] = format_datetime(world.date, usegmt=True)
            if fault == "cut":
                body = body[: len(body) // 2]
            text = "".join(f"{name}: {value}\r\n" for name, value in said.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{text}\r\n".encode() + body)
            await writer.drain()
            if fault == "cut":
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
