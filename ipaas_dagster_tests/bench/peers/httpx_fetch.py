"""All pages of the list by httpx's asynchronous client, each read as JSON by orjson.

httpx_fetch.py BASE_URL PAGE CONNECTIONS
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator

import httpx
import orjson


async def fetch(base_url: str, limit: int, connections: int) -> int:
    """How many records there were in all pages."""
    async with httpx.AsyncClient(base_url=base_url, limits=httpx.Limits(max_connections=connections)) as client:
        first = await _page(client, limit, 0)
        offsets = iter(range(limit, first["count"], limit))
        found = await asyncio.gather(*[_work(client, limit, offsets) for _ in range(connections)])
        return len(first["results"]) + sum(found)


async def _work(client: httpx.AsyncClient, limit: int, offsets: Iterator[int]) -> int:
    found = 0
    for offset in offsets:
        found += len((await _page(client, limit, offset))["results"])
    return found


async def _page(client: httpx.AsyncClient, limit: int, offset: int) -> dict[str, list[object]]:
    answer = await client.get("accounts", params={"limit": limit, "offset": offset})
    return orjson.loads(answer.content)


def main() -> None:
    base_url, limit, connections = sys.argv[1:]
    started, cpu = time.monotonic(), time.process_time()
    count = asyncio.run(fetch(base_url, int(limit), int(connections)))
    told = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "records": count}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
