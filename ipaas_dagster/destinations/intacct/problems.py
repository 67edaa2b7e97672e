"""What Intacct says instead of doing what was asked: errorno, description, description2, correction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ipaas_dagster.destinations.intacct.markup import Element
from ipaas_dagster.destinations.intacct.preset import Company

SIGN_IN = frozenset({"XL03000006", "XMLGW_JPP0002"})
THROTTLED = "GW-0010"
NOT_AS_IT_SHOULD_BE = frozenset({"XL03000003", "XL03000004", "GW-0011"})
"""The request itself: a record in it may be the reason."""
NOT_UNIQUE = "BL34000061"

_TAKEN = re.compile(r"already exists|must be unique|duplicate", re.IGNORECASE)
_ABSENT = re.compile(r"non-existing|cannot find|does not exist|could not be found|is reversed", re.IGNORECASE)
_SUPPORT = re.compile(r"\s*\[Support ID: [^\]]*\]")
_EMPTY_WORDS = re.compile(r"^(Could not \w+ [\w ]+ record!|Currently, we can't \w+ the transaction\.)")


class Problem(NamedTuple):
    """One <error>; the vendor writes its text into any of them, even into errorno."""

    errorno: str
    text: str = ""
    correction: str = ""

    def __str__(self) -> str:
        text = _SUPPORT.sub("", " ".join(part for part in (self.text, self.correction) if part))
        return f"{self.errorno}: {text}" if self.errorno and text else text or self.errorno


def problems_of(message: Element | None) -> tuple[Problem, ...]:
    """Those of an <errormessage>."""
    if message is None:
        return ()
    return tuple(_problem(error) for error in message.iterfind("error"))


def _problem(error: Element) -> Problem:
    texts = [(error.findtext(name) or "").strip() for name in ("description", "description2")]
    errorno, correction = ((error.findtext(name) or "").strip() for name in ("errorno", "correction"))
    return Problem(errorno, " ".join(text for text in texts if text), correction)


def in_words(problems: Sequence[Problem]) -> str:
    """Without those that only say that it failed, and without secrets' help: `errorno: text` of each."""
    telling = [one for one in problems if not _EMPTY_WORDS.match(one.text)] or list(problems)
    return "; ".join(dict.fromkeys(str(one) for one in telling)) or "no reason was given"


def is_repeated(company: Company, problems: Sequence[Problem]) -> bool:
    """The function was done before under its control id. Which error says so is not documented: by errorno where the
    preset names it, else by its text."""
    return any(
        one.errorno in company.repeated_errorno or company.repeated_text.search(f"{one.errorno} {one.text}")
        for one in problems
    )


def is_taken(problems: Sequence[Problem]) -> bool:
    """The key, or the number, is another record's."""
    return any(one.errorno == NOT_UNIQUE or _TAKEN.search(one.text) for one in problems)


def is_absent(problems: Sequence[Problem]) -> bool:
    """What was to be changed or deleted is not there any more."""
    return any(_ABSENT.search(f"{one.errorno} {one.text}") for one in problems)
