"""Whether a request is an event of the one who shares the secret, and of now."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime


class NotVerified(Exception):
    """Why the request is not believed."""


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime, tolerance_seconds: float
) -> str:
    """The event's id. One of the signatures must be by one of the secrets. Raises NotVerified."""
    event_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (event_id and sent and headers.get("webhook-signature")):
        raise NotVerified("webhook-id, webhook-timestamp or webhook-signature is missing")
    if not (sent.isascii() and sent.isdigit()):
        raise NotVerified("webhook-timestamp is not a whole number of seconds")
    apart = now.timestamp() - int(sent)
    if abs(apart) > tolerance_seconds:
        raise NotVerified(f"webhook-timestamp is too {'old' if apart > 0 else 'new'}")
    content = f"{event_id}.{sent}.".encode() + body
    given = [text.partition(",")[2] for text in headers["webhook-signature"].split() if text.startswith("v1,")]
    if not any(_matches(signature, secret, content) for signature in given for secret in secrets):
        raise NotVerified("no signature matches")
    return event_id


def _matches(signature: str, secret: str, content: bytes) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    try:
        given = base64.b64decode(signature, validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(given, hmac.new(key, content, hashlib.sha256).digest())
