"""What a list was asked for: created, modified, limit, offset, order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ipaas_dagster.sandbox.instagaze.answers import Problem
from ipaas_dagster.sandbox.instagaze.shelf import Wanted

NAMES = ("created", "modified", "limit", "offset", "order")
LARGEST = 2**53


@dataclass(frozen=True)
class Paging:
    """How many records a page has if nobody says, and at most."""

    default: int = 100
    maximum: int = 100


@dataclass(frozen=True)
class Asked:
    wanted: Wanted
    limit: int
    offset: int


def read_filters(query: Sequence[tuple[str, str]], properties: Collection[str], paging: Paging) -> Asked:
    """The filters of a list. Raises Problem 400 naming the parameter that cannot be read."""
    given = dict(query)
    order, descending = _order(given.get("order"), properties)
    wanted = Wanted(order, descending, _time(given, "modified"), _time(given, "created"))
    limit = _whole(given, "limit")
    chosen = paging.default if limit is None else limit
    return Asked(wanted, min(chosen, paging.maximum), _whole(given, "offset") or 0)


def refuse_unknown(query: Sequence[tuple[str, str]], known: Collection[str]) -> None:
    for name, _value in query:
        if name not in known:
            raise Problem(400, f"There is no filter {name!r} here.", name)


def _whole(given: dict[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST):
        raise Problem(400, f"{name} must be an integer from 0 up, not {text!r}.", name)
    return int(text)


def _time(given: dict[str, str], name: str) -> int | None:
    """An integer Unix timestamp, as milliseconds."""
    seconds = _whole(given, name)
    return None if seconds is None else seconds * 1000


def _order(text: str | None, properties: Collection[str]) -> tuple[str, bool]:
    """`modified ASC`, `id DESC`, or a property alone (ascending). Without an order: by id."""
    words = (text or "id").split()
    direction = words[1].upper() if len(words) == 2 else "ASC"
    if len(words) not in (1, 2) or direction not in ("ASC", "DESC") or words[0] not in properties:
        raise Problem(400, f"order must be a property and ASC or DESC, not {text!r}.", "order")
    return words[0], direction == "DESC"
