"""/_sandbox/...: what a test may do with the sandbox, over HTTP and without a token.

GET POST DELETE  faults               {"faults": [{"kind": "status", "status": 429, "rate": 0.1}], "seed": 7}
GET DELETE       journal?after=N      the requests so far, numbered above N
GET              truth/{collection}   all records now, as stored; ?limit= and ?offset=
POST             mutate               {"collection": "accounts", "insert": 1, "change": 2, "delete": 3}
POST             put                  {"collection": "accounts", "record": {...}}: stored exactly as it is
POST             insert               {"collection": "accounts", "fields": {...}}: a good one but for these
POST             change               {"collection": "accounts", "id": 5, "fields": {...}}
POST             delete               {"collection": "accounts", "id": 5}
GET POST         clock                {"now": time or null, "advance_seconds": 5, "skew_seconds": 0}
GET POST         dialect              {"bare_lists": true}
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import JSON
from ipaas_dagster.sandbox.faults import read_fault
from ipaas_dagster.sandbox.instagaze.dialects import read_dialect
from ipaas_dagster.sandbox.instagaze.state import Instagaze


@dataclass(frozen=True)
class Control:
    instagaze: Instagaze
    clock: SandboxClock

    def routes(self) -> list[Route]:
        """Routes below /_sandbox. Words that are not understood answer 400 and say which are."""
        return [
            Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/journal", self.journal, methods=["GET", "DELETE"]),
            Route("/truth/{collection}", self.truth, methods=["GET"]),
            Route("/mutate", self.mutate, methods=["POST"]),
            Route("/put", self.put, methods=["POST"]),
            Route("/insert", self.insert, methods=["POST"]),
            Route("/change", self.change, methods=["POST"]),
            Route("/delete", self.delete, methods=["POST"]),
            Route("/clock", self.time, methods=["GET", "POST"]),
            Route("/dialect", self.dialect, methods=["GET", "POST"]),
        ]

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.instagaze.faults.clear()
        if request.method == "POST":
            given = await request.json()
            chosen = [read_fault(fault) for fault in given.get("faults", ())]
            self.instagaze.faults.set(chosen, given.get("seed", 0))
        return JSONResponse(self.instagaze.faults.as_json())

    async def journal(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.instagaze.journal.clear()
        return JSONResponse(self.instagaze.journal.as_json(int(request.query_params.get("after", 0))))

    async def truth(self, request: Request) -> Response:
        shelf = self.instagaze.shelves[request.path_params["collection"]]
        first = int(request.query_params.get("offset", 0))
        with self.instagaze.lock:
            count = len(shelf)
            last = first + int(request.query_params.get("limit", count))
            bodies = [body for number in shelf.ids()[first:last] if (body := shelf.get(number)) is not None]
        return Response(b'{"count":%d,"results":[%b]}' % (count, b",".join(bodies)), media_type=JSON)

    async def mutate(self, request: Request) -> Response:
        given = await request.json()
        return JSONResponse(asdict(self.instagaze.mutate(given.pop("collection"), **given)))

    async def put(self, request: Request) -> Response:
        given = await request.json()
        return JSONResponse({"id": self.instagaze.put(given["collection"], given["record"])})

    async def insert(self, request: Request) -> Response:
        given = await request.json()
        return JSONResponse(self.instagaze.insert(given["collection"], given.get("fields")))

    async def change(self, request: Request) -> Response:
        given = await request.json()
        return JSONResponse(self.instagaze.change(given["collection"], given["id"], given.get("fields")))

    async def delete(self, request: Request) -> Response:
        given = await request.json()
        self.instagaze.delete(given["collection"], given["id"])
        return JSONResponse({})

    async def time(self, request: Request) -> Response:
        if request.method == "POST":
            _set_clock(self.clock, await request.json())
        return JSONResponse({"now": self.clock.now().isoformat(), "skew_seconds": self.clock.skew.total_seconds()})

    async def dialect(self, request: Request) -> Response:
        if request.method == "POST":
            self.instagaze.dialect = read_dialect(await request.json())
        return JSONResponse(asdict(self.instagaze.dialect))


MISUNDERSTOOD: tuple[type[Exception], ...] = (ValueError, TypeError, KeyError)


async def misunderstood(request: Request, problem: Exception) -> Response:
    return JSONResponse({"message": f"{type(problem).__name__}: {problem}"}, 400)


def _set_clock(clock: SandboxClock, given: dict[str, Any]) -> None:
    unknown = sorted(set(given) - {"now", "advance_seconds", "skew_seconds"})
    if unknown:
        raise ValueError(f"the clock has no {', '.join(unknown)} (it has: now, advance_seconds, skew_seconds)")
    if "skew_seconds" in given:
        clock.skew = timedelta(seconds=given["skew_seconds"])
    if "now" in given:
        clock.start() if given["now"] is None else clock.stop(datetime.fromisoformat(given["now"]))
    clock.advance(given.get("advance_seconds", 0))
