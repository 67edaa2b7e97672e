"""Looking records up by SOQL: by external id, or by Salesforce's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.destinations.remote import AnswerLost
from ipaas_dagster.destinations.salesforce.api import Api
from ipaas_dagster.destinations.salesforce.problems import in_words, problems_of

LONGEST_QUERY = 8_000
"""Characters of a query as it stands in the address; servers take about 16,000."""
_OWN_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def is_own_id(text: str) -> bool:
    """Whether it has the form of a Salesforce id; hub ids hold colons."""
    return bool(_OWN_ID.fullmatch(text))


def records(
    api: Api, object: str, columns: Sequence[str], field: str, values: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The records whose `field` is one of `values`; numbers are int or Decimal. Raises Unreachable, Throttled."""
    names = ", ".join(dict.fromkeys(columns))
    start = f"SELECT {names} FROM {object} WHERE {field} IN ("
    for some in _portions(start, [literal(value) for value in values]):
        yield from _all(api, f"{start}{','.join(some)})")


def select(api: Api, object: str, columns: Sequence[str], where: str) -> Iterator[dict[str, Any]]:
    """Every record that meets the condition, page by page."""
    yield from _all(api, f"SELECT {', '.join(dict.fromkeys(columns))} FROM {object} WHERE {where}")


def _all(api: Api, query: str) -> Iterator[dict[str, Any]]:
    path: str | None = f"{api.root}/query?q={quote(query, safe='')}"
    while path:
        page = _page(api, path)
        yield from page.get("records", ())
        path = page.get("nextRecordsUrl")


def literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def _portions(start: str, literals: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = first = len(quote(start, safe=""))
    for one in literals:
        more = len(quote(one, safe="")) + 3
        if portion and size + more > LONGEST_QUERY:
            yield portion
            portion, size = [], first
        portion.append(one)
        size += more
    if portion:
        yield portion


def _page(api: Api, path: str) -> dict[str, Any]:
    try:
        answer = api.read(path)
    except AnswerLost as error:
        raise Unreachable(str(error)) from None
    if answer.status != 200:
        raise Unreachable(f"a query was answered {answer.status}: {in_words(problems_of(answer.body), answer.status)}")
    try:
        found = _decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise Unreachable("a query's answer cannot be read")
    return found
