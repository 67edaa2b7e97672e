"""One call to a company, and what concerns every call: the session, the limits, overload, refused credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from ipaas_dagster.destinations.base import Setting, Throttled, Unreachable
from ipaas_dagster.destinations.quickbooks.faults import THROTTLED, Fault, fault_of
from ipaas_dagster.destinations.quickbooks.preset import Company
from ipaas_dagster.destinations.quickbooks.query import PAGE, in_pieces, one_of, select
from ipaas_dagster.destinations.quickbooks.tokens import CompanySession
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, Limit, NotSent
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.http import retry_after

WAIT_SECONDS = 60.0
"""After a 429, as the vendor asks."""
TRIES = 3
"""Times that a question is asked where no answer comes."""
BATCH = "batch"
JSON = {"accept": "application/json", "content-type": "application/json"}
Record = dict[str, Any]

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Api:
    """Raises Unreachable, Throttled (nothing was carried out) and AnswerLost. Every other answer is the caller's."""

    def __init__(self, setting: Setting, company: Company) -> None:
        self._company, self._wait = company, setting.wait
        self._session = CompanySession(setting, company, Client(setting, company.url))
        self._client = Client(setting, company.url, session=self._session, limits=limits_of(company))

    def path(self, rest: str, **query: str) -> str:
        parameters = {"minorversion": str(self._company.minor_version), **query}
        words = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        return f"/v3/company/{self._company.realm_id}/{rest}?{words}"

    def write(self, request: Request, part: Part, fill: Mapping[str, str]) -> Answer:
        """A batch."""
        return self._looked_at(self._reached(lambda: self._client.write(request, part, fill=fill, kind=BATCH)))

    def select(self, fields: str, entity: str, *conditions: str) -> list[Record]:
        """Every record that meets all conditions."""
        return list(self.every(fields, entity, *conditions))

    def every(self, fields: str, entity: str, *conditions: str) -> Iterator[Record]:
        """The same page by page."""
        start = 1
        while True:
            text = select(fields, entity, *conditions, start=start)
            answer = self.read(self.path("query", query=text)).get("QueryResponse")
            page = answer.get(entity) if isinstance(answer, dict) else None
            yield from page or ()
            if not page or len(page) < PAGE:
                return
            start += len(page)

    def select_in(self, fields: str, entity: str, field: str, values: Sequence[str], *more: str) -> list[Record]:
        """Those whose `field` is one of `values`."""
        pieces = (self.select(fields, entity, one_of(field, piece), *more) for piece in in_pieces(values))
        return [record for piece in pieces for record in piece]

    def read(self, path: str) -> Record:
        """A question's answer, asked again where none came. Raises Unreachable for a refusal too."""
        for tried in range(1, TRIES + 1):
            try:
                answer = self._looked_at(self._reached(lambda: self._client.read("GET", path, headers=_ACCEPT)))
                return self._understood(answer)
            except AnswerLost as error:
                if tried == TRIES:
                    raise Unreachable(f"{self._company.system}: {error}") from None
            self._wait(float(tried))
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        self._client.close()
        self._session.close()

    def _reached(self, send: Callable[[], Answer]) -> Answer:
        try:
            return send()
        except NotSent as error:
            reason = str(error)
        raise Unreachable(f"{self._company.system}: {reason}")

    def _looked_at(self, answer: Answer) -> Answer:
        """Raises what an answer means for the system as a whole."""
        if answer.status < 400:
            return answer
        fault = fault_of(answer.body)
        if answer.status == 429 or (fault and fault.code == THROTTLED):
            raise Throttled(retry_after(answer.headers) or WAIT_SECONDS, "it answered 429: too many requests")
        if answer.status >= 500 or answer.status == 408:
            raise AnswerLost(f"it answered {_said(answer, fault)}")
        if answer.status in (401, 403, 404):
            raise Unreachable(self._refused(answer, fault))
        return answer

    def _refused(self, answer: Answer, fault: Fault | None) -> str:
        who = f"{self._company.system}: company {self._company.realm_id}"
        if answer.status == 404:
            return f"{who} is not there: {_said(answer, fault)}; look at the preset's url and realm_id"
        return f"{who} refuses the connection: {_said(answer, fault)}; look at realm_id, client_id and refresh_token"

    def _understood(self, answer: Answer) -> Record:
        document = document_of(answer)
        if answer.status >= 400:
            fault = fault_of(answer.body)
            raise Unreachable(f"{self._company.system}: it refuses a question: {_said(answer, fault)}")
        if document is None:
            raise AnswerLost("its answer is no JSON")
        return document


_ACCEPT = {"accept": "application/json"}


def document_of(answer: Answer) -> Record | None:
    """The JSON object of an answer, with exact amounts; None where there is none."""
    try:
        found = _decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError):
        return None
    return found if isinstance(found, dict) else None


def limits_of(company: Company) -> list[Limit]:
    """The vendor's."""
    return [
        Limit(company.requests_per_minute, 60.0, evenly=True),
        Limit(company.requests_per_second, 1.0),
        Limit(company.batches_per_minute, 60.0, of=BATCH, evenly=True),
    ]


def _said(answer: Answer, fault: Fault | None) -> str:
    return f"{answer.status} ({fault})" if fault else str(answer.status)
