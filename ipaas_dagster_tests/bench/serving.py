"""The bench's server, from outside: started, told what to do, asked what it was asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

_open = build_opener(ProxyHandler({})).open


@dataclass(frozen=True)
class Facts:
    """What the server was asked since `begin`: its own word, not the client's. `sent` counts records that came to the
    sink, `received` the different ones among them."""

    requests: int
    sent: int
    received: int


@dataclass(frozen=True)
class Server:
    port: int
    accounts: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/admin/"

    def begin(self, *, latency: float = 0.0, sink: float = 0.0) -> None:
        """Seconds before each answer; the counts start anew."""
        self._ask(f"set?latency={latency}&sink={sink}")
        self._ask("reset")

    def facts(self) -> Facts:
        return Facts(**self._ask("facts"))

    def change(self, count: int, times: int) -> None:
        """`count` accounts, spread over the list, get another name, which tells `times`."""
        self._ask(f"change?count={count}&times={times}")

    def restore(self) -> None:
        self._ask("restore")

    def _ask(self, what: str) -> dict[str, int]:
        with _open(f"http://127.0.0.1:{self.port}/bench/{what}", timeout=60) as answer:
            found: dict[str, int] = json.loads(answer.read())
            return found


@contextmanager
def serving(folder: Path, accounts: int) -> Iterator[Server]:
    """A server with so many accounts; `folder` keeps their bytes for the next time."""
    command = [sys.executable, "-m", "ipaas_dagster_tests.bench.server", str(folder), str(accounts)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(int(process.stdout.readline()), accounts)
        finally:
            process.stdin.close()
            process.wait(timeout=30)
