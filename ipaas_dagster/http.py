"""One policy for HTTP answers, whatever client sends: what an answer means, and how long to wait before the
next.

Pure functions, so that the asynchronous reader of the source and the synchronous clients of destinations
share them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import msgspec

from ipaas_dagster.errors import Refused

BASE_SECONDS, LONGEST_SECONDS = 0.2, 30.0
ERROR_ATTRIBUTES = ("type", "charge", "code", "decline_code", "doc_url", "message", "param", "source")
"""What the source's document promises in an error body; kept as they are, also from under `error`."""

ADVICE: Mapping[int, str] = {
    400: "the request is not valid for this server; see its message",
    401: "the credentials were not accepted; set them anew",
    402: "the account behind these credentials is not paid for; settle it with the vendor",
    403: "these credentials may not read this; ask for the permission",
    404: "it is not there; check the base URL and the id",
    405: "this address does not take this method; check the base URL",
    406: "the server does not give JSON here; check the base URL",
    410: "it was removed for good",
    422: "the server understood the request and cannot act on it; see its message",
}
_TOO_EARLY_OR_SLOW = frozenset({408, 425, 429, 503})

Meaning = Literal["ok", "redirected", "refused", "busy", "failing"]


@dataclass(frozen=True)
class Verdict:
    """What an answer means. `busy` and `failing` are worth another try (`retry_after`: seconds asked for, if
    any), `refused` is final, `redirected` names `location`. `attributes` are the vendor's, of an error
    body."""

    meaning: Meaning
    retry_after: float | None = None
    location: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


def classify(status: int, headers: Mapping[str, str], body: bytes = b"") -> Verdict:
    """`headers` by lower-case name. Every status has a meaning, also those that no document names."""
    if 200 <= status < 300:
        return Verdict("ok")
    if 300 <= status < 400:
        location = headers.get("location")
        return Verdict("redirected" if location else "failing", location=location)
    attributes = error_attributes(body)
    if status in _TOO_EARLY_OR_SLOW:
        return Verdict("busy", retry_after=retry_after(headers), attributes=attributes)
    if 400 <= status < 500:
        return Verdict("refused", attributes=attributes)
    return Verdict("failing", retry_after=retry_after(headers), attributes=attributes)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait: `Retry-After` as a number, or as a time measured against the server's own `Date`."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text)) if float(text) < float("inf") else None
    except ValueError:
        until, server = http_date(text), http_date(headers.get("date"))
    if until is None:
        return None
    return max(0.0, (until - (server or now or datetime.now(UTC))).total_seconds())


def delay(attempt: int, retry_after: float | None, rng: random.Random) -> float:
    """Seconds before the try after `attempt` (from 1): what the server asked for, never less, plus a little
    so that several clients do not come back in step; else exponential with full jitter, at most 30 s."""
    backoff: float = rng.uniform(0, min(LONGEST_SECONDS, BASE_SECONDS * 2.0 ** min(attempt, 20)))
    if retry_after is None:
        return backoff
    return retry_after + min(backoff, 1.0)


def http_date(text: str | None) -> datetime | None:
    """An HTTP date as aware UTC; None where there is none or it cannot be read."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def error_attributes(body: bytes) -> dict[str, Any]:
    """The documented attributes of an error body, at its top or nested under `error`; nothing where it has
    none."""
    try:
        found = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    if not isinstance(found, dict):
        return {}
    nested = found.get("error")
    if isinstance(nested, str):
        found = {"message": nested, **found}
    elif isinstance(nested, dict):
        found = {**found, **nested}
    return {name: found[name] for name in ERROR_ATTRIBUTES if found.get(name) is not None}


def refusal(
    status: int,
    attributes: Mapping[str, Any],
    *,
    system: str,
    method: str,
    path: str,
    advice: Mapping[int, str] = ADVICE,
) -> Refused:
    """The error of a final answer: what was asked, what the server says, what to do."""
    what_to_do = advice.get(status) or ADVICE.get(status) or "see the server's message"
    says = " ".join(str(attributes[name])[:300] for name in ("type", "code", "message", "param") if name in attributes)
    message = f"{system} refused {method} {path} with {status}: {what_to_do}"
    return Refused(
        f"{message} (it says: {says})" if says else message,
        system=system,
        status=status,
        method=method,
        path=path,
        attributes=attributes,
    )
