"""One call, and what concerns every call: the session, both kinds of 429, overload, refused credentials."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec

from ipaas_dagster.destinations.base import Paused, Setting, Throttled, Unreachable
from ipaas_dagster.destinations.ipaas_com.faults import Fault, fault_of, is_monthly, seconds_to_wait
from ipaas_dagster.destinations.ipaas_com.objects import Object
from ipaas_dagster.destinations.ipaas_com.paging import read_pagination
from ipaas_dagster.destinations.ipaas_com.preset import Account
from ipaas_dagster.destinations.ipaas_com.session import KeySession, UserSession
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, Limit, NotSent
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request

TRIES = 3
"""Times that a question is asked where no answer comes."""
DELETED = "DELETED:"
JSON = {"accept": "application/json", "content-type": "application/json"}
Record = dict[str, Any]
_BARE = re.compile(rf"(?:{DELETED})?[\w-]+")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Api:
    """Raises Unreachable, Throttled, Paused (nothing was carried out), AnswerLost. Other answers are the caller's."""

    def __init__(self, setting: Setting, account: Account) -> None:
        self.account, self._wait = account, setting.wait
        limits = [Limit(account.requests_per_minute, 60.0)] if account.requests_per_minute else []
        self._session = KeySession(account) if account.api_key else UserSession(setting, account, _client(setting))
        self._client = Client(setting, account.url, session=self._session, limits=limits, expired=_is_expired)

    def path(self, api: str, rest: str, **query: str) -> str:
        words = f"?{urlencode(query)}" if query else ""
        return f"/{self.account.paths[api]}/{self.account.version}/{rest}{words}"

    def table(self, object_: Object) -> str:
        return object_.table or self.account.company_table

    def write(self, request: Request, part: Part, fill: Mapping[str, str]) -> Answer:
        return self._looked_at(self._reached(lambda: self._client.write(request, part, fill=fill)))

    def one(self, object_: Object, number: str) -> Record | None:
        """None where it is not there."""
        found = self._asked("GET", self.path(object_.api, f"{object_.path}/{number}"), _an_object)
        return found if found is None else dict(found)

    def document(self, path: str) -> Any:
        """Any JSON; None where it is not there."""
        return self._asked("GET", path, document_of)

    def look_up(self, object_: Object, external_id: str) -> str | None:
        """What our external id is linked to: an id, `DELETED:` and the id that it had, or None: nothing."""
        words = {"table_name": self.table(object_), "system_id": self.account.system_id, "external_id": external_id}
        path = self.path(object_.api, "External/LookupSpecial")
        found = self._asked("POST", path, _a_text, msgspec.json.encode(words))
        return None if found is None else str(found)

    def page(self, api: str, rest: str, **query: str) -> tuple[list[Any], int | None] | None:
        """The records of one page, and how many there are in all if that is said; None where the list is not there."""
        headers: dict[str, str] = {}
        found = self._asked("GET", self.path(api, rest, **query), _a_list, headers=headers)
        return None if found is None else (found, read_pagination(headers).total_count)

    def fault(self, answer: Answer) -> Fault:
        return fault_of(answer, self._session.secrets)

    def close(self) -> None:
        self._client.close()
        self._session.close()

    def _asked(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], Any],
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Any:
        """A question's answer, asked again where none came; None for 404. Raises Unreachable for a refusal."""
        for tried in range(1, TRIES + 1):
            try:
                answer = self._looked_at(self._reached(lambda: self._client.read(method, path, body, JSON)))
                if answer.status == 404:
                    return None
                self._refuse(answer, path)
                if headers is not None:
                    headers.update(answer.headers)
                return read(answer)
            except AnswerLost as error:
                if tried == TRIES:
                    raise Unreachable(f"{self.account.system}: {error}") from None
            self._wait(float(tried))
        raise AssertionError("the last try returns or raises")

    def _refuse(self, answer: Answer, path: str) -> None:
        if answer.status >= 300:
            says = f"it refuses a question ({path}): {self.fault(answer)}"
            raise Unreachable(f"{self.account.system}: {says}")

    def _reached(self, send: Callable[[], Answer]) -> Answer:
        try:
            return send()
        except NotSent as error:
            reason = str(error)
        raise Unreachable(f"{self.account.system}: {reason}")

    def _looked_at(self, answer: Answer) -> Answer:
        """Raises what an answer means for the system as a whole."""
        if answer.status < 400:
            return answer
        fault = self.fault(answer)
        if answer.status == 429:
            if is_monthly(fault, answer.headers):
                raise Paused(f"the plan's calls of this month are used up: {fault}")
            raise Throttled(seconds_to_wait(answer.headers), f"it answered 429: {fault}")
        if fault.of_credentials:
            who = self.account.who
            raise Unreachable(
                f"{self.account.system}: the connection is refused: {fault}; look at its preset's {who}, and at what "
                "the user or key may do (tokens and keys have to be made anew when roles change)"
            )
        if fault.meaning == "server":
            raise AnswerLost(f"it answered {answer.status}: {fault}")
        return answer


def _client(setting: Setting) -> Client:
    return Client(setting, setting.fields["url"].strip())


def _is_expired(answer: Answer) -> bool:
    """Whether another token may be taken: expired, or to be made anew since roles changed."""
    return answer.status in (401, 403) or (answer.status >= 400 and fault_of(answer).category == "AUTH")


def document_of(answer: Answer) -> Any:
    """The JSON of an answer, with exact amounts. Raises AnswerLost where there is none."""
    try:
        return _decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError):
        raise AnswerLost(f"its answer cannot be read ({answer.status}, {len(answer.body)} bytes)") from None


def _an_object(answer: Answer) -> Record:
    found = document_of(answer)
    if not isinstance(found, dict) or found.get("id") in (None, ""):
        raise AnswerLost("its answer is no record")
    return found


def _a_list(answer: Answer) -> list[Any]:
    found = document_of(answer)
    if not isinstance(found, list):
        raise AnswerLost("its answer is no list")
    return found


def _a_text(answer: Answer) -> str | None:
    """Quoted, or not, as the vendor's client reads it; empty: nothing."""
    text = answer.body.decode("utf-8", "replace").strip()
    if not text or text == "null":
        return None
    if _BARE.fullmatch(text):
        return text
    found = document_of(answer)
    if isinstance(found, dict | list) or str(found) == "":
        raise AnswerLost("its answer to a look-up is no id")
    return str(found)
