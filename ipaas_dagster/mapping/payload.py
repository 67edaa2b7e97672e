"""The stored form of a rendered record: canonical JSON, so that equal records have equal bytes.

Names sorted at every level, UTF-8, no spaces; times as ISO 8601 in UTC, decimals as text, references as the
hub id of the record they point to. Types come back from the template's targets, so the bytes need not tell
them.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Rendered(NamedTuple):
    """`payload` has typed values by target field; `references` are (hub collection, hub id) of every record
    whose id in the system must be known before this one can be sent there."""

    payload: dict[str, Any]
    references: tuple[tuple[str, str], ...]


def payload_bytes(rendered: Rendered) -> bytes:
    return _encode(rendered.payload)


def payload_hash(payload: bytes) -> str:
    """SHA-256, hex; what a link keeps of the last confirmed delivery."""
    return hashlib.sha256(payload).hexdigest()


def payload_fields(payload: bytes) -> dict[str, Any]:
    """The stored fields as JSON values; `Route.read_payload` gives them their types."""
    return _decode(payload)
