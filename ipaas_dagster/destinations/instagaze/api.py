"""One call to a portal, and what its answer means: for this record, for the portal as a whole, or unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ipaas_dagster.destinations.base import Setting, Throttled, Unreachable
from ipaas_dagster.destinations.instagaze.preset import Portal
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, Limit, NotSent
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.http import ADVICE, error_attributes, retry_after

WAIT_SECONDS = 5.0
"""After a 429 that does not say how long."""
TRIES = 5
"""Times that a question is asked where no answer comes."""
GONE = (404, 410)
_OF_THE_PORTAL = (401, 403, 406)
_ACCEPT = {"accept": "application/json"}
JSON = {**_ACCEPT, "content-type": "application/json"}
Record = dict[str, Any]


class Token:
    """A bearer token; it does not expire, as far as the document says."""

    def __init__(self, value: str) -> None:
        self._value = value

    def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self._value}"}

    def forget(self) -> None:
        """There is no other."""


class Api:
    """Raises Throttled and Unreachable: nothing was done. AnswerLost: a write that may have been done."""

    def __init__(self, setting: Setting, portal: Portal) -> None:
        self._portal, self._wait = portal, setting.wait
        limits = [Limit(portal.requests_per_second, 1.0)] if portal.requests_per_second else []
        self._client = Client(
            setting, portal.url, session=Token(portal.token), limits=limits, expired=lambda answer: False
        )

    def write(self, request: Request, part: Part) -> Answer:
        """An answer below 400, or one that refuses this record."""
        answer = self._reached(lambda: self._client.write(request, part))
        if answer.status >= 500 or answer.status == 408 or 300 <= answer.status < 400:
            raise AnswerLost(f"it answered {said(answer)}")
        return answer

    def read(self, path: str, **query: object) -> Any:
        """A question's answer as JSON, asked again where none comes; None where there is no such thing."""
        target = f"{path}?{urlencode(query)}" if query else path
        for tried in range(1, TRIES + 1):
            try:
                return self._understood(self._reached(lambda: self._client.read("GET", target, headers=_ACCEPT)))
            except AnswerLost as error:
                reason = str(error)
            if tried < TRIES:
                self._wait(0.25 * 2**tried)
        raise Unreachable(f"{self._portal.system}: {reason}")

    def close(self) -> None:
        self._client.close()

    def _reached(self, send: Callable[[], Answer]) -> Answer:
        try:
            answer = send()
        except NotSent as error:
            reason = f"{self._portal.system}: {error}"
        else:
            self._look_at(answer)
            return answer
        raise Unreachable(reason)

    def _look_at(self, answer: Answer) -> None:
        """Raises what an answer means for the portal as a whole."""
        if answer.status == 429:
            seconds = retry_after(answer.headers)
            raise Throttled(WAIT_SECONDS if seconds is None else seconds, "it answered 429: too many requests")
        if answer.status in _OF_THE_PORTAL:
            raise Unreachable(f"{self._portal.system} refuses: {said(answer)}; {ADVICE[answer.status]}")

    def _understood(self, answer: Answer) -> Any:
        if answer.status in GONE:
            return None
        if 400 <= answer.status < 500 and answer.status != 408:
            raise Unreachable(f"{self._portal.system} refuses a question: {said(answer)}")
        if answer.status >= 300:
            raise AnswerLost(f"it answered {said(answer)}")
        return document_of(answer)


def path_of(name: str, its_id: str | None = None) -> str:
    return f"/{name}" if its_id is None else f"/{name}/{quote(its_id, safe=':')}"


def document_of(answer: Answer) -> Any:
    """Raises AnswerLost where an answer is no JSON."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    raise AnswerLost(f"its answer is no JSON ({answer.status}, {len(answer.body)} bytes)")


def record_of(document: Any) -> Record | None:
    """One record, by itself or in an envelope as a single subscription is; None where there is none."""
    if isinstance(document, dict) and "results" in document:
        document = document["results"]
    if isinstance(document, list):
        document = document[0] if len(document) == 1 else None
    return document if isinstance(document, dict) else None


def said(answer: Answer) -> str:
    """The status with the documented attributes of an error."""
    found = error_attributes(answer.body)
    words = " ".join(str(found[name])[:300] for name in ("type", "code", "message") if name in found)
    return f"{answer.status} ({words})" if words else str(answer.status)


def field_at_fault(answer: Answer) -> str | None:
    parameter = error_attributes(answer.body).get("param")
    return str(parameter) if parameter else None
