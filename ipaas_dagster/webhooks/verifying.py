"""Whether a webhook comes from who shares the secret, and now."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime

from ipaas_dagster.webhooks.convention import Convention, Encoding

LONGEST_ID = 200
MOST_SIGNATURES = 10
"""A sender has one or two; each costs a comparison."""


class NotGenuine(Exception):
    """It is not signed by us both, or too old. The words go to the sender, and tell no secret."""


def verify(convention: Convention, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The webhook's id (empty where the convention has none in its headers). `headers` by lower-case name.

    Every signature given is compared with that of every secret, each in constant time. Raises NotGenuine.
    """
    event_id = _header(headers, convention.id_header)
    if convention.id_header and not 0 < len(event_id) <= LONGEST_ID:
        raise NotGenuine(f"the header {convention.id_header} is missing or too long")
    sent = _header(headers, convention.timestamp_header) if convention.has_time else ""
    if convention.has_time:
        _check_time(convention, sent, now)
    parts = {"id": event_id.encode(), "timestamp": sent.encode(), "body": body}
    signed = b".".join(parts[name] for name in convention.signed.split("."))
    expected = [hmac.digest(key, signed, "sha256") for key in convention.keys]
    given = _signatures(convention, _header(headers, convention.signature_header))
    if not any([hmac.compare_digest(one, good) for one in given for good in expected]):
        raise NotGenuine("its signature is not that of this body and secret")
    return event_id


def _check_time(convention: Convention, sent: str, now: datetime) -> None:
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise NotGenuine(f"the header {convention.timestamp_header} does not hold Unix seconds")
    if abs(now.timestamp() - int(sent)) > convention.tolerance_seconds:
        raise NotGenuine("it was sent too long ago, or our clocks differ")


def _signatures(convention: Convention, text: str) -> list[bytes]:
    """Those of the version that we know; a sender that replaces its secret gives several."""
    prefix = convention.signature_prefix
    given = text.split()[:MOST_SIGNATURES] if prefix else [text.strip()]
    found = [one.removeprefix(prefix) for one in given if one.startswith(prefix)]
    return [decoded for one in found if (decoded := _decoded(one, convention.encoding))]


def _decoded(text: str, encoding: Encoding) -> bytes:
    """Empty where it is none."""
    try:
        return b64decode(text, validate=True) if encoding == "base64" else bytes.fromhex(text)
    except (ValueError, binascii.Error):
        return b""


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "") if name else ""
