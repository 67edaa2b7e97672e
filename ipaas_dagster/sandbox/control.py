"""/_sandbox/...: what a test may do with the sandbox, over HTTP and without a token.

GET POST         clock                     {"now": time or null, "advance_seconds": 5, "skew_seconds": 0}
of every stand-in, by its name (instagaze, salesforce, ...):
GET POST DELETE  NAME/faults               {"faults": [{"kind": "status", "status": 429, "rate": 0.1}], "seed": 7}
GET POST DELETE  NAME/journal?after=N      the requests so far, numbered above N; POST {"keep_bodies": true}
GET              NAME/truth/{collection}   all records now, as stored; ?limit= and ?offset=
POST             NAME/{command}            what only this stand-in knows, with a JSON object
without a name they are Instagaze's, whose commands are
POST             mutate                    {"collection": "accounts", "insert": 1, "change": 2, "delete": 3}
POST             put                       {"collection": "accounts", "record": {...}}: stored exactly as it is
POST             insert                    {"collection": "accounts", "fields": {...}}: a good one but for these
POST             change                    {"collection": "accounts", "id": 5, "fields": {...}}
POST             delete                    {"collection": "accounts", "id": 5}
GET POST         dialect                   {"bare_lists": true}
POST             webhooks                  {"url": "http://...", "twice": 0.3}: tell each change there; {}: to nobody
POST             told                      {}: how many events were told, and are owed
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import JSON, StandIn
from ipaas_dagster.sandbox.faults import read_fault
from ipaas_dagster.sandbox.instagaze.state import Instagaze


class Control:
    """The control paths of these stand-ins. The first path segment may name one; else Instagaze is meant."""

    def __init__(self, instagaze: Instagaze, stand_ins: Sequence[StandIn], clock: SandboxClock) -> None:
        self._instagaze = instagaze
        self._named = {stand_in.name: stand_in for stand_in in stand_ins}
        self._clock = clock

    def routes(self) -> list[Route]:
        """Routes below /_sandbox. Words that are not understood answer 400 and say which are."""
        of_one = [
            Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/journal", self.journal, methods=["GET", "POST", "DELETE"]),
            Route("/truth/{collection}", self.truth, methods=["GET"]),
        ]
        named = [Route("/{name}" + route.path, route.endpoint, methods=list(route.methods or ())) for route in of_one]
        return [
            Route("/clock", self.time, methods=["GET", "POST"]),
            Route("/dialect", self.dialect, methods=["GET"]),
            *of_one,
            Route("/{command}", self.command, methods=["POST"]),
            *named,
            Route("/{name}/{command}", self.command, methods=["POST"]),
        ]

    def _meant(self, request: Request) -> StandIn:
        name = request.path_params.get("name", self._instagaze.name)
        if name not in self._named:
            raise KeyError(f"there is no stand-in {name} (there are: {', '.join(self._named)})")
        return self._named[name]

    async def faults(self, request: Request) -> Response:
        faults = self._meant(request).faults
        if request.method == "DELETE":
            faults.clear()
        if request.method == "POST":
            given = await request.json()
            faults.set([read_fault(fault) for fault in given.get("faults", ())], given.get("seed", 0))
        return JSONResponse(faults.as_json())

    async def journal(self, request: Request) -> Response:
        journal = self._meant(request).journal
        if request.method == "DELETE":
            journal.clear()
        if request.method == "POST":
            journal.keep_bodies = bool((await request.json())["keep_bodies"])
        return JSONResponse(journal.as_json(int(request.query_params.get("after", 0))))

    async def truth(self, request: Request) -> Response:
        stand_in, collection = self._meant(request), request.path_params["collection"]
        first = int(request.query_params.get("offset", 0))
        limit = int(request.query_params["limit"]) if "limit" in request.query_params else None
        if isinstance(stand_in, Instagaze):
            count, bodies = stand_in.stored(collection, first, limit)
        else:
            records = stand_in.truth(collection)
            chosen = records[first : None if limit is None else first + limit]
            count, bodies = len(records), [_dump(record) for record in chosen]
        return Response(b'{"count":%d,"results":[%b]}' % (count, b",".join(bodies)), media_type=JSON)

    async def command(self, request: Request) -> Response:
        given = await request.json()
        return JSONResponse(self._meant(request).command(request.path_params["command"], given))

    async def dialect(self, request: Request) -> Response:
        return JSONResponse(asdict(self._instagaze.dialect))

    async def time(self, request: Request) -> Response:
        if request.method == "POST":
            _set_clock(self._clock, await request.json())
        return JSONResponse({"now": self._clock.now().isoformat(), "skew_seconds": self._clock.skew.total_seconds()})


MISUNDERSTOOD: tuple[type[Exception], ...] = (ValueError, TypeError, KeyError)


async def misunderstood(request: Request, problem: Exception) -> Response:
    return JSONResponse({"message": f"{type(problem).__name__}: {problem}"}, 400)


def _dump(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, default=str).encode()


def _set_clock(clock: SandboxClock, given: dict[str, Any]) -> None:
    unknown = sorted(set(given) - {"now", "advance_seconds", "skew_seconds"})
    if unknown:
        raise ValueError(f"the clock has no {', '.join(unknown)} (it has: now, advance_seconds, skew_seconds)")
    if "skew_seconds" in given:
        clock.skew = timedelta(seconds=given["skew_seconds"])
    if "now" in given:
        clock.start() if given["now"] is None else clock.stop(datetime.fromisoformat(given["now"]))
    clock.advance(given.get("advance_seconds", 0))
