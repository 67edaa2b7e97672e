"""One call to a company, and what concerns every call: the session, overload, refused credentials; and questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ipaas_dagster.destinations.base import BatchRefused, Setting, Unreachable
from ipaas_dagster.destinations.intacct.envelope import Function, filling, request
from ipaas_dagster.destinations.intacct.markup import element, leaf
from ipaas_dagster.destinations.intacct.preset import Company
from ipaas_dagster.destinations.intacct.problems import in_words
from ipaas_dagster.destinations.intacct.replies import Reply, Result, reply_of
from ipaas_dagster.destinations.intacct.session import Sessions
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, NotSent
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.records import new_id

PAGE = 1000
"""The most records of one answer."""
VALUES = 200
"""The most values that one question lists."""
TRIES = 3
"""Times that a question is asked where no answer comes."""
T = TypeVar("T")
Send = Callable[[Request, Mapping[str, str]], Answer]


class Api:
    """Raises Unreachable, Throttled, BatchRefused (nothing was carried out) and AnswerLost."""

    def __init__(self, setting: Setting, company: Company) -> None:
        self._company, self._wait = company, setting.wait
        # An expired session is told by the body of a 200, so it is renewed here and not by the client.
        self._client = Client(setting, company.url, expired=lambda answer: False)
        self._sessions = Sessions(setting, company, self._client)

    def write(self, request: Request, part: Part) -> Reply:
        return self._signed(request, lambda one, fill: self._client.write(one, part, fill=fill))

    @property
    def path(self) -> str:
        """Of the endpoint that the session names: where everything of this company goes, also by a plan. Raises
        Unreachable where no session is given."""
        return self._sessions.current().path

    def sign_in(self) -> None:
        """Raises Unreachable where no session is given."""
        self._sessions.current()

    def find(self, object_: str, fields: Sequence[str], wanted: Mapping[str, Iterable[str]]) -> list[dict[str, str]]:
        """The records of which one of the fields in `wanted` has one of its values: one request, unless there are
        very many. A record may come more than once. Raises Unreachable for a refusal too."""
        asked = [
            _by_query(f"{field} {number}", object_, _one_of(field, piece), fields)
            for field, values in wanted.items()
            for number, piece in enumerate(_pieces(sorted(set(values))), 1)
        ]
        return self._until_answered(lambda: self._everything(asked)) if asked else []

    def marked(self, object_: str, fields: Sequence[str], mark: str) -> list[dict[str, str]]:
        """The records whose field `mark` holds a mark of ours. Raises Unreachable for a refusal too."""
        asked = [_by_query("marked", object_, f"{mark} like '%ipaas:%'", fields)]
        return self._until_answered(lambda: self._everything(asked))

    def ask(self, functions: Sequence[Function]) -> list[Result]:
        """The results in the order of the questions, asked again where no answer comes."""
        return self._until_answered(lambda: self._asked(functions)) if functions else []

    def _until_answered(self, ask: Callable[[], T]) -> T:
        for tried in range(1, TRIES + 1):
            try:
                return ask()
            except BatchRefused as error:
                raise Unreachable(f"{self._company.system}: it refuses a question: {error}") from None
            except AnswerLost as error:
                if tried == TRIES:
                    raise Unreachable(f"{self._company.system}: {error}") from None
            self._wait(float(tried))
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        self._client.close()

    def _everything(self, asked: Sequence[Function]) -> list[dict[str, str]]:
        return [dict(record) for result in self._asked(asked) for record in self._all_of(result)]

    def _all_of(self, result: Result) -> Iterator[Mapping[str, str]]:
        """Page by page. readMore gives each page once: asked again, it would give the next one. So where an answer to
        it is lost, or its set ended with the session, everything is asked again from the start."""
        yield from result.records
        while result.result_id:
            (result,) = self._answered([Function("more", element("readMore", leaf("resultId", result.result_id)))])
            if not result.done:
                raise AnswerLost(f"it does not give the next page: {self._company.masked(in_words(result.problems))}")
            yield from result.records

    def _asked(self, functions: Sequence[Function]) -> list[Result]:
        found = self._answered(functions)
        for one in found:
            if not one.done:
                said = self._company.masked(in_words(one.problems))
                raise Unreachable(f"{self._company.system}: it refuses a question: {said}")
        return found

    def _answered(self, functions: Sequence[Function]) -> list[Result]:
        question = request(self._company.path, new_id(), functions)
        reply = self._signed(question, lambda one, fill: self._client.read_request(one, fill=fill))
        results = [reply.results.get(one.controlid) for one in functions]
        found = [one for one in results if one is not None]
        if len(found) < len(functions):
            raise AnswerLost("its answer says nothing of a question")
        return found

    def _signed(self, request: Request, send: Send) -> Reply:
        """Sent in the session; once more in a new one where that has ended, since nothing was done then."""
        for again in (False, True):
            session = self._sessions.current()
            self._client.base_url = session.origin
            answer = self._reached(
                replace(request, path=session.path), filling(request, self._company, session.id), send
            )
            reply = reply_of(answer, self._company)
            if reply.refused is None:
                self._sessions.used(reply)
                return reply
            self._sessions.forget()
            if again:
                raise self._sessions.refusal(in_words(reply.refused))
        raise AssertionError("the second try returns or raises")

    def _reached(self, request: Request, fill: Mapping[str, str], send: Send) -> Answer:
        try:
            return send(request, fill)
        except NotSent as error:
            reason = str(error)
        raise Unreachable(f"{self._company.system}: {reason}")


def _by_query(controlid: str, object_: str, query: str, fields: Sequence[str]) -> Function:
    asked = {"object": object_, "fields": ",".join(fields), "query": query, "pagesize": PAGE}
    return Function(controlid, element("readByQuery", *(leaf(name, value) for name, value in asked.items())))


def _pieces(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[begin : begin + VALUES] for begin in range(0, len(values), VALUES))


def _one_of(field: str, values: Sequence[str]) -> str:
    return f"{field} in ({','.join(_literal(value) for value in values)})"


def _literal(text: str) -> str:
    inside = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inside}'"
