"""What QuickBooks says instead of doing what was asked: `Fault`, in JSON, in the gateway's lower case, or in XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

STALE = "5010"
"""The SyncToken is not the present one."""
NOT_THERE = "610"
"""The record is gone, or one that it refers to is inactive."""
DUPLICATES = frozenset({"6240", "6140", "6210"})
"""A name or document number that another record has."""
THROTTLED = "3001"
UNAUTHORIZED = frozenset({"120", "3100", "3200", "3202"})
UNSURE = frozenset({"10000", "6001"})
"""Trouble on their side: it may have been done."""

_CODE = re.compile(rb"""<Error[^>]*\scode=["'](\d+)["']""")
_XML_MESSAGE = re.compile(rb"<Message>(.*?)</Message>", re.DOTALL)
_decode = msgspec.json.Decoder().decode


class Fault(NamedTuple):
    """`field` is the element that is at fault, where it is named."""

    code: str
    message: str
    detail: str = ""
    field: str | None = None
    type: str = ""

    @property
    def passing(self) -> bool:
        """Another attempt may go through, and this one was not carried out."""
        return self.code in (STALE, THROTTLED) or self.code in UNAUTHORIZED or self.type.lower().startswith("auth")

    @property
    def unsure(self) -> bool:
        return self.code in UNSURE or self.type.lower() in ("systemfault", "service")

    def __str__(self) -> str:
        words = self.detail if self.message.lower() in self.detail.lower() else f"{self.message}: {self.detail}"
        return f"{self.code}: {words.strip(': ')}" if self.code else words.strip(": ") or "no reason was given"


def fault_of(body: bytes) -> Fault | None:
    """Of a whole answer; None where its body holds none that can be read."""
    if body.lstrip().startswith(b"<"):
        return _from_xml(body)
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    found = document.get("Fault", document.get("fault")) if isinstance(document, dict) else None
    return as_fault(found) if isinstance(found, dict) else None


def as_fault(found: Mapping[str, Any]) -> Fault:
    """From `{"Error": [{"Message", "Detail", "code", "element"}], "type"}`; the first error is taken."""
    errors = found.get("Error", found.get("error"))
    listed = errors if isinstance(errors, list) else [errors]
    first = listed[0] if listed and isinstance(listed[0], dict) else {}
    words = {str(name).lower(): value for name, value in first.items()}
    return Fault(
        str(words.get("code") or ""),
        str(words.get("message") or ""),
        str(words.get("detail") or ""),
        str(words.get("element") or "") or None,
        str(found.get("type") or ""),
    )


def _from_xml(body: bytes) -> Fault | None:
    """Only the code and the first message: no more is needed of what the gateway answers."""
    code, message = _CODE.search(body), _XML_MESSAGE.search(body)
    if code is None:
        return None
    return Fault(code[1].decode(), message[1].decode("utf-8", "replace").strip() if message else "")
