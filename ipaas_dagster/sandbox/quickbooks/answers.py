"""Answers in JSON and in XML. The two spell the same objects: see `element`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.quickbooks.problems import Problem

XML = "application/xml; charset=utf-8"
NAMESPACE = "http://schema.intuit.com/finance/v3"
_ATTRIBUTES = frozenset({"domain", "sparse", "status", "startPosition", "maxResults", "totalCount", "bId", "type"})
_dump = msgspec.json.Encoder(decimal_format="number").encode
_load = msgspec.json.Decoder(float_hook=Decimal).decode


def dump(value: Any) -> bytes:
    return _dump(value)


def load(body: bytes) -> Any:
    """JSON with exact numbers. Raises ValueError if it is none."""
    try:
        return _load(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError) as problem:
        raise ValueError(str(problem)) from None


def wants_json(call: Call) -> bool:
    return "json" in call.headers.get("accept", "").lower() or ("format", "json") in [*call.query]


def wants_xml(call: Call) -> bool:
    return "xml" in call.headers.get("accept", "").lower() and not wants_json(call)


def success(call: Call, document: Mapping[str, Any], time: str) -> Answer:
    """JSON, unless only XML is accepted."""
    if wants_xml(call):
        return Answer(200, xml(document, time), content_type=XML)
    return Answer(200, dump({**document, "time": time}))


def fault(problem: Problem, time: str, *, in_json: bool) -> Answer:
    document = {"Fault": problem.as_json()}
    if in_json:
        return Answer(problem.status, dump({**document, "time": time}))
    return Answer(problem.status, xml(document, time), content_type=XML)


def throttled(time: str, *, in_json: bool, status: int = 429) -> Answer:
    """The recorded answer to too many requests; its type and message are the gateway's, not a fault's."""
    message = f"message=ThrottleExceeded; errorCode=003001; statusCode={status}"
    error = {"Message": message, "Detail": "The request limit was reached.  Try again later", "code": "3001"}
    document = {"Fault": {"Error": [error], "type": "SERVICE"}}
    if in_json:
        return Answer(status, dump({**document, "time": time}))
    return Answer(status, xml(document, time), content_type=XML)


def gateway_refusal(problem: Problem, now: datetime) -> Answer:
    """The lower-case form in which the gateway answers 401 and 403 to who asked for JSON."""
    said = problem.as_json()["Error"]
    error = {name.lower(): value or None for name, value in said[0].items()}
    names = ("warnings", "intuitObject", "report", "queryResponse", "requestId", "status")
    document = dict.fromkeys(names) | {"fault": {"error": [error], "type": "AUTHENTICATION"}}
    empty: dict[str, Any] = {name: [] for name in ("batchItemResponse", "attachableResponse", "cdcresponse")}
    return Answer(problem.status, dump({**document, **empty, "time": int(now.timestamp() * 1000)}))


def xml(document: Mapping[str, Any], time: str) -> bytes:
    inside = "".join(element(name, value) for name, value in document.items())
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{head}<IntuitResponse xmlns="{NAMESPACE}" time={quoteattr(time)}>{inside}</IntuitResponse>'.encode()


def element(name: str, value: Any) -> str:
    """A list is its elements repeated; a reference is its value, with its name as attribute."""
    if isinstance(value, list):
        return "".join(element(name, one) for one in value)
    if not isinstance(value, Mapping):
        return f"<{name}>{_text(value)}</{name}>"
    if "value" in value and set(value) <= {"value", "name", "type"}:
        label = f" name={quoteattr(value['name'])}" if value.get("name") else ""
        return f"<{name}{label}>{_text(value['value'])}</{name}>"
    flat = _ATTRIBUTES | {"code", "element"} if name == "Error" else _ATTRIBUTES
    attributes = "".join(f" {key}={quoteattr(_text(one))}" for key, one in value.items() if key in flat)
    children = "".join(element(key, one) for key, one in value.items() if key not in flat)
    return f"<{name}{attributes}>{children}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))
