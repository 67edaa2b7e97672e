"""One call to a system over HTTP, written into the ledger: its intent before it goes out, its outcome after.

What went wrong is told apart by what it means for a write: proven not to have arrived (`NotSent`), or perhaps done
(`AnswerLost`). Nothing is repeated here but a call that was refused for an expired token: it was not carried out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.remote.limits import Limit, Limiter
from ipaas_dagster.destinations.remote.session import NoSession, Session
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.records import Call, new_id

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS, READ_SECONDS = 10.0, 120.0

Filling = Mapping[str, str]
Purpose = Literal["write", "read", "credentials"]


class NotSent(Exception):
    """Nothing arrived: no connection. The message says where and why, without secrets."""


class AnswerLost(Exception):
    """It may have arrived and been carried out; no answer that could be read."""


@dataclass(frozen=True)
class Answer:
    """`headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Part:
    """Of which sending a call is a part; of none where it only reads."""

    sending_id: str | None = None
    attempt: int = 1


class Client:
    """Calls below `base_url`. One connection is kept open; it is not shared between threads."""

    def __init__(
        self,
        setting: Setting,
        base_url: str,
        *,
        session: Session | None = None,
        limits: Sequence[Limit] = (),
        read_seconds: float = READ_SECONDS,
        expired: Callable[[Answer], bool] = lambda answer: answer.status == 401,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base_url = _checked(setting, base_url)
        self._setting, self._read_seconds, self._expired = setting, read_seconds, expired
        self._session = session or NoSession()
        self._limiter = Limiter(limits, setting.wait, monotonic)

    def write(self, request: Request, part: Part = Part(), *, fill: Filling | None = None, kind: str = "") -> Answer:
        """Send a writing request. `fill` gives its holes their values; those of credentials stay empty in the
        ledger. Raises NotSent, AnswerLost, Throttled, and Unreachable from the session."""
        return self._call("write", request, part, fill or {}, kind)

    def read(self, method: str, path: str, body: bytes = b"", headers: Filling | None = None, kind: str = "") -> Answer:
        """Ask something; the same errors, of which none means that anything was changed."""
        return self._call("read", Request(method, path, body, headers or {}), Part(), {}, kind)

    def read_request(self, request: Request, *, fill: Filling | None = None, kind: str = "") -> Answer:
        """`read` for a system whose questions have holes for credentials in their body."""
        return self._call("read", request, Part(), fill or {}, kind)

    def credentials(self, url: str, body: bytes, headers: Filling, *, method: str = "POST") -> Answer:
        """Ask for a token at an absolute `url`: neither body nor answer is written down, and no session is used."""
        request = Request(method, url, body, headers)
        return self._once("credentials", request, Part(), {}, {})

    def close(self) -> None:
        if "_http" in self.__dict__:
            self._http.close()

    def _call(self, purpose: Purpose, request: Request, part: Part, fill: Filling, kind: str) -> Answer:
        answer = self._within_limits(purpose, request, part, fill, kind)
        if not self._expired(answer):
            return answer
        self._session.forget()
        return self._within_limits(purpose, request, part, fill, kind)

    def _within_limits(self, purpose: Purpose, request: Request, part: Part, fill: Filling, kind: str) -> Answer:
        authorization = self._session.headers()
        self._limiter.take(kind)
        try:
            return self._once(purpose, request, part, fill, authorization)
        finally:
            self._limiter.answered(kind)

    def _once(
        self, purpose: Purpose, request: Request, part: Part, fill: Filling, authorization: Mapping[str, str]
    ) -> Answer:
        sent = request.filled(fill)
        call = self._intent(purpose, request.filled(_but_credentials(request, fill)), part, len(sent.body))
        if purpose == "write":
            self._setting.record_call(call)
        started = time.monotonic()
        try:
            answer = self._exchange(sent, authorization)
        except (NotSent, AnswerLost) as error:
            outcome = "not_sent" if isinstance(error, NotSent) else "in_doubt"
            took = (time.monotonic() - started) * 1000
            self._setting.record_call(replace(call, outcome=outcome, reason=str(error), duration_ms=took))
            raise
        took = (time.monotonic() - started) * 1000
        self._setting.record_call(_answered(call, purpose, answer, took))
        return answer

    def _exchange(self, request: Request, authorization: Mapping[str, str]) -> Answer:
        import httpx

        url = request.path if "://" in request.path else self.base_url + request.path
        headers = {**request.headers, **authorization}
        where = f"{request.method} {urlsplit(url).netloc}"
        problem: NotSent | AnswerLost
        try:
            crash_point("remote.sending")
            got = self._http.request(request.method, url, content=request.body or None, headers=headers)
            crash_point("remote.answered")
            return Answer(got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            problem = NotSent(f"{where}: no connection ({_words(error)})")
        except httpx.HTTPError as error:
            problem = AnswerLost(f"{where}: no answer ({_words(error)})")
        raise problem  # outside the handler: httpx's own holds the request with its credentials

    @cached_property
    def _http(self) -> httpx.Client:
        import ssl

        import httpx

        ca_file = self._setting.fields.get("ca_file")
        try:
            verify: Any = ssl.create_default_context(cafile=ca_file) if ca_file else True
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"{self._setting.system}: ca_file {ca_file!r} cannot be read: {error}") from None
        timeout = httpx.Timeout(self._read_seconds, connect=CONNECT_SECONDS)
        return httpx.Client(timeout=timeout, verify=verify, trust_env=False, follow_redirects=False)

    def _intent(self, purpose: Purpose, request: Request, part: Part, size: int) -> Call:
        kept = purpose == "write"
        return Call(
            call_id=new_id(),
            system=self._setting.system,
            direction="write" if kept else "read",
            method=request.method,
            path=_shown_path(request.path),
            started_at=self._setting.clock(),
            attempt=part.attempt,
            bytes_out=size,
            outcome="intent",
            request_digest="" if purpose == "credentials" else sha256(request.body).hexdigest(),
            request_body=request.body if kept else None,
            sending_id=part.sending_id,
        )


def _answered(call: Call, purpose: Purpose, answer: Answer, took: float) -> Call:
    open_ = purpose != "credentials"
    return replace(
        call,
        outcome="ok" if answer.status < 400 else "refused",
        status=answer.status,
        duration_ms=took,
        bytes_in=len(answer.body),
        response_digest=sha256(answer.body).hexdigest() if open_ else "",
        response_body=answer.body if purpose == "write" else None,
    )


def _but_credentials(request: Request, fill: Filling) -> dict[str, str]:
    secret = {hole.marker for hole in request.holes if hole.kind == "authentication"}
    return {marker: value for marker, value in fill.items() if marker not in secret}


def _shown_path(path: str) -> str:
    """Without host and query's values: nothing secret stands in either by design, and by mistake it is not kept."""
    parts = urlsplit(path)
    return parts.path if "://" in path else path


def _words(error: Exception) -> str:
    """The class and the first line of what the transport says; addresses of hosts, never headers."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _checked(setting: Setting, base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{setting.system}: url {base_url!r} is not an address such as https://host")
    if parts.username or parts.password:
        raise SettingsError(f"{setting.system}: its url holds credentials; give them as preset fields of their own")
    return base_url.rstrip("/")
