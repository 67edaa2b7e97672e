"""The query language: `select ... from Customer where DisplayName in ('O\\'Neil') startposition 1 maxresults 1000`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

PAGE = 1000
"""The most records of one answer."""
LONGEST = 3_000
"""Characters of the values of one query as an address carries them; longer addresses are cut by servers on the way."""


def literal(text: str) -> str:
    """Between quotes; a quote or backslash of its own is escaped."""
    inside = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inside}'"


def one_of(field: str, values: Sequence[str]) -> str:
    """There is no `or`; this is how several values are asked for."""
    return f"{field} in ({', '.join(literal(value) for value in values)})"


def select(fields: str, entity: str, *conditions: str, start: int = 1) -> str:
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select {fields} from {entity}{where} startposition {start} maxresults {PAGE}"


def in_pieces(values: Sequence[str]) -> Iterator[list[str]]:
    """The values of as many queries as it takes to keep their addresses short."""
    piece: list[str] = []
    length = 0
    for value in values:
        cost = len(quote(literal(value), safe="")) + 6
        if piece and length + cost > LONGEST:
            yield piece
            piece, length = [], 0
        piece.append(value)
        length += cost
    if piece:
        yield piece
