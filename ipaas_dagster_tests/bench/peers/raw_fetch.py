"""All pages of the list by asyncio's own streams and nothing else: what fetching costs at least.

raw_fetch.py BASE_URL PAGE CONNECTIONS [FOLDER]     with a folder, each page becomes a file
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit


async def fetch(base_url: str, limit: int, connections: int, folder: Path | None) -> int:
    """How many records the list says that it has; every page of them was read."""
    url = urlsplit(base_url)
    first = await _Line.open(url.hostname or "", url.port or 80)
    page = await first.get(f"{url.path}accounts?limit={limit}&offset=0")
    count = int(page[page.index(b":") + 1 : page.index(b",")])
    _keep(folder, 0, page)
    offsets = iter(range(limit, count, limit))
    lines = [first, *[await _Line.open(url.hostname or "", url.port or 80) for _ in range(connections - 1)]]
    await asyncio.gather(*[_work(line, f"{url.path}accounts?limit={limit}&offset=", offsets, folder) for line in lines])
    return count


async def _work(line: _Line, path: str, offsets: Iterator[int], folder: Path | None) -> None:
    for offset in offsets:
        _keep(folder, offset, await line.get(f"{path}{offset}"))


def _keep(folder: Path | None, offset: int, page: bytes) -> None:
    if folder is not None:
        (folder / f"{offset:09d}.json").write_bytes(page)


class _Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, host: str, port: int) -> _Line:
        return cls(*await asyncio.open_connection(host, port, limit=1 << 20))

    async def get(self, path: str) -> bytes:
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        at = head.index(b"Content-Length: ") + 16
        return await self._reader.readexactly(int(head[at : head.index(b"\r\n", at)]))


def main() -> None:
    base_url, limit, connections, *rest = sys.argv[1:]
    folder = Path(rest[0]) if rest else None
    started, cpu = time.monotonic(), time.process_time()
    count = asyncio.run(fetch(base_url, int(limit), int(connections), folder))
    told = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "records": count}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
