"""Requests between the wire and a plan."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from ipaas_dagster.destinations.requests import Hole, Request
from ipaas_dagster.plan.model import PlannedHole, PlannedRequest

_MARKER = re.compile(r"hole:created_id:[0-9a-f-]{36}:1")


def planned_request(request: Request, promised: Mapping[str, PlannedHole]) -> PlannedRequest:
    """`promised` are markers that stand for ids which the same plan makes; those in the request become its holes."""
    try:
        body, is_text = request.body.decode(), True
    except UnicodeDecodeError:
        body, is_text = base64.b64encode(request.body).decode(), False
    own = {one.marker: PlannedHole(one.marker, one.kind, one.of) for one in request.holes}
    found = {marker for text in (request.path, body) for marker in _MARKER.findall(text)}
    borrowed = {marker: promised[marker] for marker in sorted(found - own.keys()) if marker in promised}
    holes = [*own.values(), *borrowed.values()]
    encoding = "utf-8" if is_text else "base64"
    path = "".join(request.path)  # a database's names are their own kind of text
    return PlannedRequest(request.method, path, dict(request.headers), body, encoding, holes)  # type: ignore[arg-type]


def as_request(planned: PlannedRequest) -> Request:
    body = planned.body.encode() if planned.encoding == "utf-8" else base64.b64decode(planned.body)
    holes = [Hole(one.marker, one.kind, one.of) for one in planned.holes]
    return Request(planned.method, planned.path, body, planned.headers, holes=holes)


def same(planned: Request, real: Request) -> bool:
    """Whether they are the same on the wire, `planned` with what is known by now filled in."""
    return (planned.method, planned.path, planned.body, dict(planned.headers)) == (
        real.method,
        real.path,
        real.body,
        dict(real.headers),
    )
