"""What an error of Salesforce means: both of its spellings, and what a repeat would change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from ipaas_dagster.destinations.base import Entry, Outcome

PASSING = frozenset(
    {
        *("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"),
        *("REQUEST_LIMIT_EXCEEDED", "TOO_MANY_APEX_REQUESTS", "CONCURRENT_PER_ORG_LONG_TXN", "TXN_ROLLED_BACK"),
        *("ALL_OR_NONE_OPERATION_ROLLED_BACK", "UNKNOWN_EXCEPTION", "ENTITY_IS_LOCKED", "STORAGE_LIMIT_EXCEEDED"),
        *("API_CURRENTLY_DISABLED", "TRANSACTION_HALTED", "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE"),
    }
)
"""Trouble of the moment: another attempt may go through. Everything else is final for the record."""
UNKNOWN_PARENT = frozenset({"INVALID_CROSS_REFERENCE_KEY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"})
GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})
"""What a delete is answered where there is nothing left to delete."""
SEVERAL = "DUPLICATE_EXTERNAL_ID"
_FOREIGN_KEY = "Foreign key external ID"
_TEXT = re.compile(r"(?P<code>[A-Z][A-Z0-9_]+):(?P<message>.*?)(?::(?P<fields>[\w, .]*))?\s*(?:--)?\s*", re.DOTALL)


class Problem(NamedTuple):
    code: str
    message: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.code else self.message


def problems_of(body: bytes) -> list[Problem]:
    """Of an error answer; empty where the body is none that is known."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return as_problems(found.get("errors", [found]) if isinstance(found, dict) else found)


def as_problems(found: Any) -> list[Problem]:
    """From `[{"errorCode", "message"}]` or `[{"statusCode", "message", "fields"}]`."""
    listed = found if isinstance(found, list) else []
    return [_problem(one) for one in listed if isinstance(one, dict)]


def _problem(one: dict[str, Any]) -> Problem:
    fields = one.get("fields")
    names = tuple(str(name) for name in fields) if isinstance(fields, list) else ()
    code = one.get("errorCode") or one.get("statusCode") or ""
    return Problem(str(code), str(one.get("message") or "no words"), names)


def from_text(text: str) -> Problem:
    """From a bulk job's `sf__Error`: `CODE:message:fields --`."""
    if match := _TEXT.fullmatch(text):
        names = tuple(name.strip() for name in (match["fields"] or "").split(",") if name.strip())
        return Problem(match["code"], match["message"].strip() or "no words", names)
    return Problem("", text or "no words")


def in_words(problems: Sequence[Problem], status: int | None = None) -> str:
    said = "; ".join(str(one) for one in problems)
    return said or f"it answered {status} without a reason that can be read"


def is_setup(problem: Problem) -> bool:
    """Whether the org lacks what the template names: no record's fault, and the same for all of them."""
    if problem.code in ("INVALID_TYPE", "INVALIDENTITY"):
        return True
    if problem.code == "NOT_FOUND":
        return "external ID field" in problem.message or "requested resource" in problem.message
    return problem.code == "INVALID_FIELD" and "No such column" in problem.message


def refused(entry: Entry, problems: Sequence[Problem], status: int | None = None) -> Outcome:
    """One record was refused: for good, or for now."""
    kind: Literal["rejected", "retry"] = "retry" if problems and all(_passes(one) for one in problems) else "rejected"
    named = next((name for one in problems for name in one.fields), None)
    return Outcome(entry.entry_id, kind, reason=in_words(problems, status), field=named)


def deleted(entry: Entry, problems: Sequence[Problem]) -> Outcome:
    """A delete was refused: nothing there is as good as done."""
    if problems and all(one.code in GONE for one in problems):
        return Outcome(entry.entry_id, "delivered", external_id=entry.external_id)
    return refused(entry, problems)


def _passes(problem: Problem) -> bool:
    """A parent that is not there yet may come."""
    if problem.code == "INVALID_FIELD":
        return _FOREIGN_KEY.lower() in problem.message.lower()
    return problem.code in PASSING or problem.code in UNKNOWN_PARENT
