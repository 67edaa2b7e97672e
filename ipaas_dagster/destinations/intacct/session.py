"""getAPISession: a session, and the endpoint that every later call of it goes to. In memory only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from ipaas_dagster.destinations.base import BatchRefused, Setting, Unreachable
from ipaas_dagster.destinations.intacct.envelope import HEADERS, login
from ipaas_dagster.destinations.intacct.preset import Company
from ipaas_dagster.destinations.intacct.problems import in_words
from ipaas_dagster.destinations.intacct.replies import Reply, reply_of
from ipaas_dagster.destinations.remote import Answer, AnswerLost, Client, NotSent
from ipaas_dagster.records import new_id

EARLY = timedelta(seconds=60)
"""A session is replaced so long before its end, since a call takes time too."""
TRIES = 3
"""Times that a session is asked for where no answer comes."""


@dataclass(frozen=True)
class Session:
    id: str = field(repr=False)
    origin: str
    path: str


class Sessions:
    """The session of one connection. Raises Unreachable and Throttled where there is none to be had."""

    def __init__(self, setting: Setting, company: Company, client: Client) -> None:
        self._setting, self._company, self._client = setting, company, client
        self._session: Session | None = None
        self._until: datetime | None = None

    def current(self) -> Session:
        """The open one, or a new one where its time is over."""
        over = self._until is not None and self._setting.clock() >= self._until - EARLY
        if self._session is None or over:
            self._session = self._opened()
        return self._session

    def used(self, reply: Reply) -> None:
        """A session ends some time after its last use."""
        lasts = reply.lasts
        self._until = None if lasts is None else self._setting.clock() + timedelta(seconds=lasts)

    def forget(self) -> None:
        self._session = None

    def refusal(self, said: str) -> Unreachable:
        company = self._company
        fields = "company_id, user_id, user_password" + (", location_id" if company.location_id else "")
        return Unreachable(
            f"{company.system}: the sign-in was refused ({company.masked(said)}); look at the preset's fields {fields}"
        )

    def _opened(self) -> Session:
        company, id = self._company, new_id()
        reply = self._asked(id)
        if reply.refused is not None:
            raise self.refusal(in_words(reply.refused))
        result = reply.results.get(id)
        if result is None or not result.done or not result.records:
            raise self.refusal(in_words(result.problems) if result else "no session was given")
        self.used(reply)
        given = result.records[0]
        if not given.get("sessionid"):
            raise self.refusal("no session was given")
        return _checked(company, given["sessionid"], given.get("endpoint") or company.url)

    def _asked(self, id: str) -> Reply:
        """Nobody answering proves nothing, and costs no more than a session: it is asked for again."""
        company, body = self._company, login(self._company, id)
        for tried in range(1, TRIES + 1):
            try:
                return reply_of(self._answer(body), company)
            except BatchRefused as error:
                raise Unreachable(f"{company.system}: no session: {error}") from None
            except AnswerLost as error:
                if tried == TRIES:
                    raise Unreachable(f"{company.system}: no session: {error}") from None
            self._setting.wait(float(tried))
        raise AssertionError("the last try returns or raises")

    def _answer(self, body: bytes) -> Answer:
        try:
            return self._client.credentials(self._company.url, body, HEADERS)
        except NotSent as error:
            raise Unreachable(f"{self._company.system}: {error}") from None


def _checked(company: Company, session: str, endpoint: str) -> Session:
    """What came over https does not go out over http."""
    parts = urlsplit(endpoint)
    less_safe = urlsplit(company.url).scheme == "https" and parts.scheme != "https"
    if parts.scheme not in ("http", "https") or not parts.hostname or less_safe:
        raise Unreachable(f"{company.system}: the session came with an endpoint that cannot be used")
    return Session(session, f"{parts.scheme}://{parts.netloc}", parts.path or "/")
