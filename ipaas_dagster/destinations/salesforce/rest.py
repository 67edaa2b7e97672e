"""Up to 200 records in one call, answered at once: what each answer means for each record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import BatchRefused, Entry, Outcome
from ipaas_dagster.destinations.remote import Answer, AnswerLost
from ipaas_dagster.destinations.remote.client import Part
from ipaas_dagster.destinations.salesforce.api import Api
from ipaas_dagster.destinations.salesforce.pieces import Piece
from ipaas_dagster.destinations.salesforce.problems import (
    as_problems,
    deleted,
    in_words,
    is_setup,
    problems_of,
    refused,
)

Refuse = Callable[[Entry, Sequence[Any]], Outcome]


def send(api: Api, piece: Piece, part: Part) -> list[Outcome]:
    """One outcome an entry. Raises BatchRefused for a call that was refused as a whole, and what `Api` raises but
    for AnswerLost, which leaves all entries in doubt."""
    assert piece.request is not None
    try:
        answer = api.write(piece.request, part)
    except AnswerLost as error:
        return in_doubt(piece.entries, str(error))
    if answer.status >= 500:
        return in_doubt(piece.entries, in_words(problems_of(answer.body), answer.status))
    if piece.kind == "one":
        return [_one(api, piece.entries[0], answer)]
    if answer.status >= 300:
        raise _as_a_whole(api, answer)
    return _each(api, piece.entries, answer, deleted if piece.kind == "delete" else refused)


def in_doubt(entries: Sequence[Entry], reason: str) -> list[Outcome]:
    return [Outcome(entry.entry_id, "in_doubt", reason=reason) for entry in entries]


def _one(api: Api, entry: Entry, answer: Answer) -> Outcome:
    if answer.status == 204:  # what older versions say of an update
        return Outcome(entry.entry_id, "delivered", external_id=entry.external_id)
    if answer.status == 300:
        there = ", ".join(str(one).rsplit("/", 1)[-1] for one in _decoded(answer.body) or ())
        return Outcome(entry.entry_id, "rejected", reason=f"several records there have its external id: {there}")
    if answer.status < 300:
        return _read(entry, _decoded(answer.body), refused)
    problems = problems_of(answer.body)
    if any(is_setup(problem) for problem in problems) or (answer.status == 404 and not problems):
        raise api.unreachable(problems, answer.status)
    return refused(entry, problems, answer.status)


def _as_a_whole(api: Api, answer: Answer) -> Exception:
    problems = problems_of(answer.body)
    if answer.status in (403, 404) or any(is_setup(problem) for problem in problems):
        return api.unreachable(problems, answer.status)
    return BatchRefused(in_words(problems, answer.status))


def _each(api: Api, entries: Sequence[Entry], answer: Answer, refuse: Refuse) -> list[Outcome]:
    found = _decoded(answer.body)
    if not isinstance(found, list) or len(found) != len(entries):
        return in_doubt(entries, "its answer cannot be read")
    problems = [as_problems(one.get("errors")) if isinstance(one, dict) else [] for one in found]
    if all(any(map(is_setup, some)) for some in problems):
        raise api.unreachable(problems[0], answer.status)
    return [_read(entry, one, refuse) for entry, one in zip(entries, found, strict=True)]


def _read(entry: Entry, found: Any, refuse: Refuse) -> Outcome:
    if isinstance(found, dict):
        if found.get("success") is True and isinstance(found.get("id"), str):
            return Outcome(entry.entry_id, "delivered", external_id=found["id"])
        if found.get("success") is False:
            return refuse(entry, as_problems(found.get("errors")))
    return Outcome(entry.entry_id, "in_doubt", reason="its answer cannot be read")


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
