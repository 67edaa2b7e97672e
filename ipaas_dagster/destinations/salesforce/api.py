"""One call to an org, and what concerns every call: the session, the limits, overload, a set-up that is missing."""

from __future__ import annotations

from urllib.parse import quote

from ipaas_dagster.destinations.base import Setting, Throttled, Unreachable
from ipaas_dagster.destinations.remote import Answer, Client, NotSent, TokenSession
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.remote.session import Token
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.destinations.salesforce.login import sign_in
from ipaas_dagster.destinations.salesforce.preset import Org
from ipaas_dagster.destinations.salesforce.problems import Problem, in_words, problems_of
from ipaas_dagster.destinations.salesforce.usage import PAUSE_SECONDS, Usage
from ipaas_dagster.http import retry_after

BUSY_SECONDS = 30.0
"""What is waited where an overloaded server does not say for how long."""
_SHUT = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED", "INVALID_SESSION_ID"})


class Api:
    """Raises Unreachable, Throttled (nothing was carried out) and AnswerLost. Every other answer is the caller's."""

    def __init__(self, setting: Setting, org: Org) -> None:
        self._setting, self._org = setting, org
        self.usage = Usage(setting, org)
        self._client = Client(setting, org.url, session=TokenSession(self._fetch, setting.clock))

    @property
    def where(self) -> str:
        """The address that calls go to; after the first one it is the one that the org itself names."""
        return self._client.base_url

    def path(self, *parts: str) -> str:
        """Below the API version; each part is one segment, whatever stands in it."""
        return "/".join([self.root, *(quote(part, safe=":") for part in parts)])

    @property
    def root(self) -> str:
        return f"/services/data/v{self._org.api_version}"

    def write(self, request: Request, part: Part, fill: dict[str, str] | None = None) -> Answer:
        self.usage.check()
        try:
            answer = self._client.write(request, part, fill=fill)
        except NotSent as error:
            raise Unreachable(f"{self._org.system}: {error}") from None
        return self._looked_at(answer)

    def read(self, path: str) -> Answer:
        self.usage.check()
        try:
            answer = self._client.read("GET", path)
        except NotSent as error:
            raise Unreachable(f"{self._org.system}: {error}") from None
        return self._looked_at(answer)

    def unreachable(self, problems: list[Problem], status: int) -> Unreachable:
        """For a set-up that does not fit: no record is to blame, and `ipaas check` says all of it."""
        return Unreachable(f"{self._org.system}: {in_words(problems, status)} (`ipaas check` says what is missing)")

    def close(self) -> None:
        self.usage.keep()
        self._client.close()

    def _fetch(self) -> Token:
        signed_in = sign_in(self._client, self._org, self._setting.clock())
        self._client.base_url = signed_in.instance_url
        return Token(signed_in.token)

    def _looked_at(self, answer: Answer) -> Answer:
        self.usage.watch(answer.headers)
        if answer.status == 300 or answer.status < 300 or answer.status in (400, 404):
            return answer
        problems = problems_of(answer.body)
        codes = {problem.code for problem in problems}
        if answer.status == 403 and "REQUEST_LIMIT_EXCEEDED" in codes:
            raise Throttled(PAUSE_SECONDS, f"{in_words(problems)} ({self.usage.shown})")
        if answer.status in (429, 503):
            seconds = retry_after(answer.headers)
            raise Throttled(BUSY_SECONDS if seconds is None else seconds, in_words(problems, answer.status))
        if answer.status == 401 or (answer.status == 403 and codes & _SHUT):
            raise Unreachable(
                f"{self._org.system}: the session was not accepted, not even a new one ({in_words(problems)}); "
                f"check the user's right to use the API, and the preset's fields {self._org.credential_fields}"
            )
        if 300 < answer.status < 400:
            raise Unreachable(f"{self._org.system}: it redirects; use the org's My Domain URL as url")
        return answer
