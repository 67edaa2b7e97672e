"""What a system holds, beside what it was sent: the seam by which hub and system are compared.

Systems keep some values in another form than they are given. What their documents say of that is undone by each
destination, on both sides alike; what is common to all (numbers by value, times as moments, blanks around text,
e-mail addresses in small letters, nothing as nothing) is heeded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, Protocol, TypeVar, runtime_checkable

from ipaas_dagster.destinations.base import Entry

T = TypeVar("T")


@dataclass(frozen=True)
class Held:
    """One record as it is there. `wanted` is what it is sent, `found` what is there, by the same names; a name that is
    missing on either side is not compared."""

    external_id: str
    wanted: Mapping[str, Any]
    found: Mapping[str, Any]

    def differences(self) -> dict[str, Any]:
        """Name -> the value that was found, of each field that is there otherwise than it was sent."""
        names = (name for name in self.wanted if name in self.found)
        return {name: self.found[name] for name in names if not same(self.wanted[name], self.found[name])}


@runtime_checkable
class Compares(Protocol):
    """A destination whose records can be read back and compared."""

    compared_at_once: int
    """How many records one question should be about; memory is that of so many."""

    def held(self, entries: Sequence[Entry]) -> Mapping[int, Held]:
        """By entry id; what is not there is left out. The entries are of one collection; of one without a payload
        only whether it is there is asked. Raises Unreachable, Throttled, Paused. Writes nothing."""
        ...

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        """(hub id, id there) of every record there that carries our key or mark, page by page. Nothing where records
        carry none."""
        ...


def same(wanted: Any, found: Any) -> bool:
    """Whether what was found is what was wanted, in whichever form; of an object only what is wanted of it counts."""
    if isinstance(wanted, Mapping):
        inside = found if isinstance(found, Mapping) else {}
        return all(same(value, inside.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list | tuple):
        listed = found if isinstance(found, list | tuple) else ()
        return len(wanted) == len(listed) and all(map(same, wanted, listed))
    mine, theirs = _plain(wanted), _plain(found)
    return bool(mine == theirs) or _same_number(mine, theirs) or _same_moment(mine, theirs)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        return (text.lower() if "@" in text or text.lower() in ("true", "false") else text) or None
    if isinstance(value, bool):
        return str(value).lower()
    return None if value in ({}, [], ()) else value


def _same_number(mine: Any, theirs: Any) -> bool:
    """Texts are numbers only beside a number: `007` is not `7`."""
    if not any(isinstance(value, int | float | Decimal) for value in (mine, theirs)):
        return False
    try:
        return Decimal(str(mine)) == Decimal(str(theirs))
    except InvalidOperation:
        return False


def _same_moment(mine: Any, theirs: Any) -> bool:
    """To the millisecond, which is as fine as any system tells."""
    if not any(isinstance(value, datetime) for value in (mine, theirs)):
        return False
    moments = [_moment(value) for value in (mine, theirs)]
    return None not in moments and moments[0] == moments[1]


def _moment(value: Any) -> int | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(moment, datetime):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)


def in_chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
