"""The sandbox as a child process: a million accounts need memory and a processor of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ipaas_dagster.sandbox.faults import Fault
from ipaas_dagster.sandbox.instagaze.mutation import Mutation

Record = dict[str, Any]
TRUTH_PAGE = 10_000
_LOOPBACK = build_opener(ProxyHandler({}))
"""No proxy of the environment stands between two processes of one machine."""


@dataclass(frozen=True)
class SandboxProcess:
    """A sandbox in another process, driven through its control paths. Its methods do what Instagaze's do."""

    environment: Mapping[str, str]
    pid: int

    @property
    def base_url(self) -> str:
        return self.environment["INSTAGAZE_BASE_URL"]

    @property
    def token(self) -> str:
        return self.environment["INSTAGAZE_TOKEN"]

    @property
    def origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def truth(self, collection: str) -> Iterator[Record]:
        """Every record there is now, by id; read in pages, so only steady while nobody writes."""
        offset, count = 0, 1
        while offset < count:
            page = self.control("GET", f"truth/{collection}?offset={offset}&limit={TRUTH_PAGE}")
            yield from page["results"]
            offset, count = offset + TRUTH_PAGE, page["count"]

    def put(self, collection: str, record: Mapping[str, Any]) -> int:
        return int(self.control("POST", "put", {"collection": collection, "record": dict(record)})["id"])

    def insert(self, collection: str, fields: Mapping[str, Any] | None = None) -> Record:
        return self.control("POST", "insert", {"collection": collection, "fields": fields})

    def change(self, collection: str, number: int, fields: Mapping[str, Any] | None = None) -> Record:
        return self.control("POST", "change", {"collection": collection, "id": number, "fields": fields})

    def delete(self, collection: str, number: int) -> None:
        self.control("POST", "delete", {"collection": collection, "id": number})

    def mutate(self, collection: str, *, insert: int = 0, change: int = 0, delete: int = 0, seed: int = 0) -> Mutation:
        numbers = {"insert": insert, "change": change, "delete": delete, "seed": seed}
        done = self.control("POST", "mutate", {"collection": collection, **numbers})
        return Mutation(**{name: tuple(ids) for name, ids in done.items()})

    def set_faults(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self.control("POST", "faults", {"faults": [asdict(fault) for fault in faults], "seed": seed})

    def journal(self, after: int = 0) -> Record:
        """`total` requests so far, and the `entries` numbered above `after`."""
        return self.control("GET", f"journal?after={after}")

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Record:
        """Ask a control path. Raises urllib.error.HTTPError, whose body says which words are known."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.origin}/_sandbox/{path}", data, method=method)
        with _LOOPBACK.open(request) as answer:
            document: Record = json.load(answer)
            return document


@contextmanager
def sandbox_process(
    *, accounts: int = 0, seed: int = 1, bad_records: bool = False, max_page: int = 100, https: bool = False
) -> Iterator[SandboxProcess]:
    """A sandbox as a child process on a free port, seeded and taking requests. It ends with this context."""
    words = ["--port", "0", "--accounts", str(accounts), "--seed", str(seed), "--max-page", str(max_page)]
    if https:
        words += ["--https-port", "0"]
    if bad_records:
        words.append("--bad-records")
    command = [sys.executable, "-m", "ipaas_dagster.sandbox", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield SandboxProcess(_environment(child.stdout), child.pid)
        finally:
            child.terminate()


def _environment(lines: IO[str] | None) -> dict[str, str]:
    """What the child says until it is ready. Raises RuntimeError if it ends before that."""
    said: dict[str, str] = {}
    for line in lines or ():
        name, _, value = line.rstrip("\n").partition("=")
        if name == "ready":
            return said
        said[name] = value
    raise RuntimeError("the sandbox ended before it was ready; its own message is on standard error")
