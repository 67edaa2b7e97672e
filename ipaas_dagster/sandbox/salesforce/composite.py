"""composite: several requests in one, each answered as if it had come alone."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.salesforce.asked import Asked
from ipaas_dagster.sandbox.salesforce.problems import Problem, Refusal, answered, dump, refused

MOST = 25
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")


def on_composite(asked: Asked) -> Answer:
    """Later requests may name what earlier ones answered: @{reference.id}. allOrNone is not supported."""
    asked.allow("POST")
    document = asked.json()
    wanted = document.get("compositeRequest")
    if not isinstance(wanted, list) or not 0 < len(wanted) <= MOST or document.get("allOrNone"):
        message = f"the sandbox takes 1 to {MOST} requests in a compositeRequest, and no allOrNone"
        raise Problem(400, "INVALID_INPUT", message)
    answers: dict[str, Any] = {}
    shown = [_one(asked, one, answers) for one in wanted]
    return answered({"compositeResponse": shown})


def _one(asked: Asked, one: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    name = str(one.get("referenceId"))
    answer = _answer(asked, one, answers)
    body = json.loads(answer.body) if answer.body else None
    answers[name] = body
    return {"body": body, "httpHeaders": {}, "httpStatusCode": answer.status, "referenceId": name}


def _answer(asked: Asked, one: dict[str, Any], answers: dict[str, Any]) -> Answer:
    from ipaas_dagster.sandbox.salesforce.routes import dispatch

    try:
        url, body = _filled(str(one["url"]), answers), _filled(dump(one.get("body")).decode(), answers)
        path, _, query = url.partition("?")
        parts = tuple(unquote(part) for part in path.split("/") if part)
        if parts[:2] != ("services", "data") or parts[3:] == ("composite",):
            raise Problem(400, "INVALID_INPUT", f"no request to {path} can be part of another")
        headers = {"content-type": "application/json"}
        call = Call(str(one["method"]), parts, parse_qsl(query), headers, body.encode())
        return dispatch(Asked(asked.server, call, asked.version, parts[3:]))
    except Refusal as refusal:
        return refused(refusal.alone())
    except Problem as problem:
        return refused(problem)


def _filled(text: str, answers: dict[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        try:
            chosen = answers[found[1]]
            for name, number in re.findall(r"\.(\w+)|\[(\d+)\]", found[2]):
                chosen = chosen[name] if name else chosen[int(number)]
        except (KeyError, IndexError, TypeError):
            raise Problem(400, "PROCESSING_HALTED", f"Invalid reference specified: {found[0]}") from None
        return str(chosen)

    return _REFERENCE.sub(value, text)
