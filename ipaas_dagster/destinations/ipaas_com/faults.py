"""What an error of iPaaS.com means. Its form is not documented: text with a code, JSON with one, or older text without.

The code's category decides, where there is one; else the status and the words. The text itself is never lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ipaas_dagster.destinations.remote import Answer
from ipaas_dagster.http import retry_after

LONGEST = 600
"""Characters of a raw text that a reason keeps."""
SHORT_SECONDS = 60.0
"""What a volume limit asks to wait is less than this; a monthly one says more, or nothing."""
WAIT_SECONDS = 30.0
"""After a 429 that does not say how long."""
DUPLICATES = frozenset({"BIZL-1003", "BIZL-1005"})
_CODE = re.compile(r"\b(AUTH|AUTZ|VALD|BIZL|NFND|INTL)-\d{4}\b")
_TAKEN = re.compile(r"external[\s_-]?id.*\b(unique|already|duplicate)", re.IGNORECASE | re.DOTALL)

Meaning = Literal["duplicate", "not_found", "server", "refused"]


@dataclass(frozen=True)
class Fault:
    """`code` is None in the older form. `text` is all that was answered, in one line, cut to `LONGEST`."""

    status: int
    code: str | None
    text: str

    def __str__(self) -> str:
        return self.text or f"it answered {self.status} without a word"

    @property
    def category(self) -> str:
        return (self.code or "").partition("-")[0]

    @property
    def meaning(self) -> Meaning:
        """For one record; what concerns the whole system was looked at before."""
        if self.code in DUPLICATES or (self.status in (400, 409, 422) and _TAKEN.search(self.text)):
            return "duplicate"
        if self.category == "INTL" or self.status >= 500 or self.status == 408:
            return "server"
        if self.category == "NFND" or self.status == 404:
            return "not_found"
        return "refused"

    @property
    def of_credentials(self) -> bool:
        """Missing, expired or refused; or a plan or permission is lacking."""
        return self.status in (401, 403) or self.category in ("AUTH", "AUTZ")


def fault_of(answer: Answer, secrets: Iterable[str] = ()) -> Fault:
    """`secrets` never stand in its text, should the system repeat them."""
    text = " ".join(answer.body.decode("utf-8", "replace").split())
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    code = _CODE.search(text)
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text):,} characters)"
    return Fault(answer.status, code[0] if code else None, cut)


def is_monthly(fault: Fault, headers: Mapping[str, str]) -> bool:
    """Whether a 429 is the plan's limit, which no short wait mends. The words decide; else how long it asks to wait."""
    words = fault.text.lower()
    if "month" in words:
        return True
    return "volume" not in words and (retry_after(headers) or 0.0) >= SHORT_SECONDS


def seconds_to_wait(headers: Mapping[str, str]) -> float:
    return retry_after(headers) or WAIT_SECONDS


def field_in(fault: Fault, names: Iterable[str]) -> str | None:
    """The first field that the text names, the longest name first: `email_address` before `email`."""
    for name in sorted(names, key=len, reverse=True):
        if re.search(rf"\b{re.escape(name)}\b", fault.text):
            return name
    return None
