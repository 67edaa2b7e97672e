"""Signatures by the Standard Webhooks convention: HMAC-SHA256 over `id.timestamp.body`.

The id is the event's, the same for every attempt; the time is the attempt's, so that an old request that somebody
recorded is refused. While a secret is replaced, an event bears a signature by each.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, by the convention."""


@dataclass(frozen=True)
class Keys:
    """The first one is the one that stays."""

    keys: tuple[bytes, ...] = field(repr=False)

    def headers(self, event_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
        """What proves where a body comes from, and when it was sent. `event_id` has no full stop."""
        seconds = str(int(at.timestamp()))
        signed = b".".join((event_id.encode(), seconds.encode(), body))
        return {
            "webhook-id": event_id,
            "webhook-timestamp": seconds,
            "webhook-signature": " ".join(_signature(key, signed) for key in self.keys),
        }


def read_key(secret: str) -> bytes:
    """The key of a `whsec_...`. Raises ValueError saying what is wrong with it, without repeating it."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"must be {PREFIX} and the key in base64, as the receiver shows it")
    text = secret.removeprefix(PREFIX)
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"must be {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64")
    return key


def _signature(key: bytes, signed: bytes) -> str:
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
