"""The X-Pagination header: JSON, or the malformed JSON that the vendor's page prints; in whatever letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FACT = re.compile(r'"?([A-Za-z_]+)"?\s*[:=]\s*"?([^",{}]*)"?')


@dataclass(frozen=True)
class Page:
    """None: the header does not say it."""

    total_count: int | None = None
    current: int | None = None
    pages: int | None = None
    has_next: bool | None = None


def read_pagination(headers: Mapping[str, str]) -> Page:
    """Facts are picked one by one, so that a wrong or missing brace loses none of them."""
    text = next((value for name, value in headers.items() if name.lower() == "x-pagination"), "")
    facts = {name.replace("_", "").lower(): value.strip() for name, value in _FACT.findall(text)}
    following = facts.get("nextpage", "").lower()
    has_next = {"yes": True, "true": True, "no": False, "false": False}.get(following)
    return Page(_number(facts, "totalcount"), _number(facts, "currentpage"), _number(facts, "totalpages"), has_next)


def _number(facts: Mapping[str, str], name: str) -> int | None:
    text = facts.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
