"""The bench's own server: pages of ready-made records at a few microseconds each, and a sink for deliveries.

It runs as a process of its own and speaks as much HTTP as is needed. `GET .../accounts` takes `limit`, `offset` and
`modified` as Instagaze does; `POST /sink` answers after a while; what stands below `/bench` is the bench's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from ipaas_dagster_tests.bench.records import changed, kept


class _Sent(msgspec.Struct):
    hub_id: str


NOTHING = b'{"count":0,"results":[]}'
_sent = msgspec.json.Decoder(list[_Sent]).decode


class Shop:
    """What is served, and what was asked for since the last `reset`."""

    def __init__(self, folder: Path, accounts: int) -> None:
        self.stamps, self.bodies = kept(folder, accounts)
        self.original = list(self.bodies), list(self.stamps)
        self.latency = self.sink_seconds = 0.0
        self.reset()
        self._since = lru_cache(maxsize=8)(self._modified_since)

    def reset(self) -> None:
        self.requests, self.sent, self.received = 0, 0, set[str]()

    def page(self, query: dict[str, str]) -> bytes:
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100))
        if "modified" in query:
            chosen = self._since(int(query["modified"]))
            count, records = len(chosen), [self.bodies[at] for at in chosen[offset : offset + limit]]
        else:
            count, records = len(self.bodies), self.bodies[offset : offset + limit]
        return b'{"count":%d,"results":[%s]}' % (count, b",".join(records))

    def _modified_since(self, seconds: int) -> list[int]:
        return [at for at, stamp in enumerate(self.stamps) if stamp >= seconds * 1000]

    def command(self, name: str, query: dict[str, str]) -> bytes:
        if name == "change":
            self._change(int(query["count"]), int(query["times"]))
        elif name == "restore":
            self.bodies, self.stamps = list(self.original[0]), list(self.original[1])
            self._since.cache_clear()
        elif name == "set":
            self.latency, self.sink_seconds = float(query["latency"]), float(query["sink"])
        facts = {"requests": self.requests, "sent": self.sent, "received": len(self.received)}
        if name == "reset":
            self.reset()
        return json.dumps(facts).encode()

    def _change(self, count: int, times: int) -> None:
        """Spread over the whole list; modified now."""
        step = max(1, len(self.bodies) // count)
        for at in range(0, step * count, step):
            self.bodies[at] = changed(self.original[0][at], times)
            self.stamps[at] = int(time.time() * 1000)
        self._since.cache_clear()

    def take(self, body: bytes) -> None:
        records = _sent(body)
        self.sent += len(records)
        self.received.update(record.hub_id for record in records)


class Exchange(asyncio.Protocol):
    """One connection; requests come one after another on it."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._data = shop, b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head, size = self._data[:end], 0
        at = head.lower().find(b"content-length:")
        if at >= 0:
            size = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self._data) < end + 4 + size:
            return
        body, self._data = self._data[end + 4 : end + 4 + size], b""
        self._answer(head.split(b" ", 2)[1].decode(), body)

    def _answer(self, target: str, body: bytes) -> None:
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        if url.path.startswith("/bench/"):
            self._send(self._shop.command(url.path.rpartition("/")[2], query))
            return
        self._shop.requests += 1
        if url.path == "/sink":
            self._shop.take(body)
            self._later(self._shop.sink_seconds, b"{}")
        else:
            has_records = url.path.endswith("/accounts")
            self._later(self._shop.latency, self._shop.page(query) if has_records else NOTHING)

    def _later(self, seconds: float, body: bytes) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._send, body)
        else:
            self._send(body)

    def _send(self, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: %s\r\nContent-Length: %d\r\n\r\n"
            % (formatdate(usegmt=True).encode(), len(body))
        )
        self._transport.write(body)


async def _serve(shop: Shop) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Exchange(shop), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # ends with who started it


def main() -> None:
    import uvloop

    given = argparse.ArgumentParser()
    given.add_argument("folder", type=Path)
    given.add_argument("accounts", type=int)
    chosen = given.parse_args()
    uvloop.run(_serve(Shop(chosen.folder, chosen.accounts)))


if __name__ == "__main__":
    main()
