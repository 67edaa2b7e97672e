"""How a person chooses failures by what they say: part of the text, `*` for anything, small letters and large alike."""

from __future__ import annotations

import re


def like(said: str) -> str:
    """The pattern for SQL's LIKE, with a backslash before what is meant as it is; both sides in small letters."""
    escaped = re.sub(r"([\\%_])", r"\\\1", said.lower())
    return f"%{escaped.replace('*', '%')}%"


def matches(said: str, text: str) -> bool:
    """The same in memory."""
    parts = [re.escape(part) for part in said.lower().split("*")]
    return re.search(".*".join(parts), text.lower(), re.DOTALL) is not None
