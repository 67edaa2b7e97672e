"""The asynchronous HTTP connection to the source: every GET goes through here, is repeated as the policy
says, and becomes a call of the ledger, attempt by attempt.

Behind it is a `Wire` (`address`): lines of our own, or httpx where a proxy stands between.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urljoin

from ipaas_dagster import http
from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.errors import ProtocolBroken, Refused, Unavailable
from ipaas_dagster.records import SOURCE_SYSTEM, Call, Clock, RecordCall, new_id, utc_now
from ipaas_dagster.source.address import SOURCE_ADVICE, Address, Wire
from ipaas_dagster.source.parse import BrokenBody
from ipaas_dagster.source.redaction import Report, clean

T = TypeVar("T")
Reader = Callable[[bytes, str, bool], T]
"""reader(body, content type, lenient) -> what the body means; raises BrokenBody."""

CONNECT_SECONDS, READ_SECONDS, ANSWER_SECONDS = 10.0, 60.0, 180.0
FIRST_TRIES = 5
"""A server that was never reached is given up after so many tries: more likely a wrong address than an
outage."""
SAME_BROKEN_BODY = 3
"""A body that comes broken in the same way so often is not a fault of the line; it is read leniently."""
MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Pace:
    """The clock, the sleep and the dice of retries; tests pass their own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: random.Random = field(default_factory=random.Random)


@dataclass(frozen=True)
class Answer(Generic[T]):
    """`sent_at`: when the attempt that succeeded was sent, by our clock (see Connection, `not_before`);
    `server_time` from the server's `Date`; `call_id` is that attempt's in the ledger."""

    value: T
    sent_at: datetime
    server_time: datetime | None
    call_id: str = ""


@dataclass(frozen=True)
class _Failed:
    """One attempt that may be repeated: `outcome` and `reason` for the ledger; seconds asked for, if any."""

    outcome: str
    reason: str
    retry_after: float | None = None
    body: bytes = b""
    content_type: str = ""
    sent_at: datetime | None = None
    server_time: datetime | None = None
    call_id: str = ""


class Connection:
    """Use as an async context manager. `record` is given every attempt as a Call, without credentials.
    `not_before`: no answer counts as observed earlier, whatever our clock says."""

    def __init__(
        self,
        base_url: str,
        token: str | None,
        *,
        retry_seconds: float = 300.0,
        connections: int = 8,
        record: RecordCall = lambda call: None,
        run_id: str = "",
        clock: Clock = utc_now,
        not_before: datetime | None = None,
        pace: Pace | None = None,
        wire: Wire | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.address = Address(base_url, token, environment or {})
        self.requests = 0
        self._limit, self._record, self._run_id, self._clock = retry_seconds, record, run_id, clock
        self._pace = pace or Pace()
        self._wire = wire or self.address.wire(connections, CONNECT_SECONDS, READ_SECONDS)
        self._free = asyncio.Semaphore(connections)
        self._earliest = not_before
        self._not_before = 0.0
        self._reached = self._useful = False

    def now(self) -> datetime:
        """The present, as an observation counts it."""
        return self._observed(self._clock())

    def _observed(self, at: datetime) -> datetime:
        return at if self._earliest is None else max(at, self._earliest)

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.aclose()

    async def get(self, path: str, query: Mapping[str, object], read: Reader[T]) -> Answer[T]:
        """Raises Refused at once; Unavailable after `retry_seconds` of tries."""
        target = path.strip("/") + (f"?{urlencode(query)}" if query else "")
        deadline = self._pace.monotonic() + self._limit
        broken: dict[bytes, int] = {}
        attempt = web_pages = 0
        while True:
            attempt += 1
            await self._wait_for_turn()
            got = await self._attempt(target, attempt, read)
            if isinstance(got, Answer):
                self._useful = True
                return got
            if got.body and (lenient := self._leniently(got, broken, read)) is not None:
                return lenient
            web_pages += got.body.lstrip()[:1] == b"<"
            await self._pause(got, attempt, web_pages, deadline, target)

    async def _wait_for_turn(self) -> None:
        """All requests wait when the server asked one of them to."""
        wait = self._not_before - self._pace.monotonic()
        if wait > 0:
            await self._pace.sleep(wait)

    async def _pause(self, failed: _Failed, attempt: int, web_pages: int, deadline: float, target: str) -> None:
        wait = http.delay(attempt, failed.retry_after, self._pace.rng)
        now = self._pace.monotonic()
        where = f"GET {target} at {self.address.shown}"
        if not self._reached and attempt >= FIRST_TRIES:
            raise self._unavailable(
                f"the source cannot be reached: {failed.reason} ({where}, {attempt} tries); "
                "check INSTAGAZE_BASE_URL, the network, and that the server runs",
                target,
            )
        if not self._useful and web_pages >= FIRST_TRIES:
            raise self._unavailable(
                f"the source answers with a web page, not with JSON ({where}, {attempt} tries); "
                "check INSTAGAZE_BASE_URL",
                target,
            )
        if now + wait > deadline:
            raise self._unavailable(
                f"the source did not give a usable answer within {self._limit:g} s: {failed.reason} "
                f"({where}, {attempt} tries); run again later, or raise IPAAS_RETRY_SECONDS",
                target,
            )
        if failed.retry_after is not None:
            self._not_before = max(self._not_before, now + failed.retry_after)
        await self._pace.sleep(wait)

    def _unavailable(self, message: str, target: str) -> Unavailable:
        return Unavailable(self.address.scrub(message), system=SOURCE_SYSTEM, method="GET", path=target)

    def _leniently(self, failed: _Failed, broken: dict[bytes, int], read: Reader[T]) -> Answer[T] | None:
        digest = hashlib.sha256(failed.body).digest()
        broken[digest] = broken.get(digest, 0) + 1
        if broken[digest] < SAME_BROKEN_BODY or failed.sent_at is None:
            return None
        try:
            value = read(failed.body, failed.content_type, True)
        except BrokenBody:
            return None
        return Answer(value, failed.sent_at, failed.server_time, failed.call_id)

    async def _attempt(self, target: str, attempt: int, read: Reader[T]) -> Answer[T] | _Failed:
        self.requests += 1
        call_id, sent_at, started = new_id(), self._clock(), self._pace.monotonic()
        status, size, digest = None, 0, ""
        outcome, reason = "unreachable", ""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status, headers, body = await self._send(target)
            self._reached, size, digest = True, len(body), hashlib.sha256(body).hexdigest()
            got = replace(self._judge(target, status, headers, body, self._observed(sent_at), read), call_id=call_id)
            outcome, reason = ("ok", "") if isinstance(got, Answer) else (got.outcome, got.reason)
            return got
        except asyncio.CancelledError:
            outcome, reason = "cancelled", "nobody waited for the answer any more"
            raise
        except Refused as error:
            outcome, reason = "refused", str(error)
            raise
        except ProtocolBroken as error:
            outcome, reason = "broken", str(error)
            raise
        except self._wire.faults as error:
            self._reached = self._reached or not self._wire.is_unreached(error)
            outcome, reason = "unreachable", self.address.describe(error)
            return _Failed(outcome, reason)
        finally:
            milliseconds = (self._pace.monotonic() - started) * 1000
            self._record(
                Call(
                    call_id=call_id,
                    system=SOURCE_SYSTEM,
                    direction="read",
                    method="GET",
                    path=self.address.shown_path(target),
                    started_at=sent_at,
                    status=status,
                    attempt=attempt,
                    duration_ms=milliseconds,
                    bytes_in=size,
                    response_digest=digest,
                    outcome=outcome,
                    reason=self.address.scrub(reason)[:500],
                    run_id=self._run_id,
                )
            )

    async def _send(self, target: str) -> tuple[int, Mapping[str, str], bytes]:
        """One exchange; redirects are followed on the same host only, so that the token goes nowhere else."""
        url = self.address.url(target)
        for _ in range(MOST_REDIRECTS):
            crash_point("source.asking")
            async with self._free:
                status, headers, body = await self._wire.get(url, self.address.headers)
            await asyncio.sleep(
                0
            )  # whoever waits for a connection asks before this answer is read, which takes a while
            crash_point("source.answered")
            location = headers.get("location")
            if not (300 <= status < 400 and location):
                return status, headers, body
            url = self.address.follow(url, urljoin(url, location))
        raise ProtocolBroken(
            f"the source redirects in a circle from {self.address.shown_path(target)}; check INSTAGAZE_BASE_URL",
            system=SOURCE_SYSTEM,
            method="GET",
            path=target,
        )

    def _judge(
        self,
        target: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        sent_at: datetime,
        read: Reader[T],
    ) -> Answer[T] | _Failed:
        verdict = http.classify(status, headers, body)
        server_time = http.http_date(headers.get("date"))
        content_type = headers.get("content-type") or ""
        if verdict.meaning == "refused":
            attributes: dict[str, Any] = self.address.scrub_all(clean(dict(verdict.attributes), Report()))
            raise http.refusal(
                status,
                attributes,
                system=SOURCE_SYSTEM,
                method="GET",
                path=self.address.shown_path(target),
                advice=SOURCE_ADVICE,
            )
        if verdict.meaning != "ok":
            says = self.address.scrub_all(clean(dict(verdict.attributes), Report())).get("message", "")
            return _Failed(verdict.meaning, f"status {status} {says}".strip(), verdict.retry_after)
        try:
            return Answer(read(body, content_type, False), sent_at, server_time)
        except BrokenBody as error:
            return _Failed(
                "broken",
                f"a broken body ({error})",
                body=body,
                content_type=content_type,
                sent_at=sent_at,
                server_time=server_time,
            )
