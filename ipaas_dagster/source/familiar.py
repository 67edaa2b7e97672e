"""Pages of a familiar shape: every name in them was judged harmless before, so that only their texts are searched.

Searching a page of 100 records for names of secrets takes seventeen passes, and asking each record how deep it is
nested one more each. A reader that accepts nothing but known names at known places answers both in one pass, at a
ninth of the cost. What it does not accept is searched as ever, and its names are learnt if they are harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ipaas_dagster.source.redaction import rule_of

GIVE_UP = 40
"""Pages with names that were not known; a source whose names are data is never familiar."""
MOST_NAMES = 2_000

_HARMLESS = ("text", "exact")
_ESCAPED_NAME = re.compile(rb"\\\"(?:\s|\\+[nrt])*:")
_QUOTED_NAME = re.compile(rb"'(?:\s|\\+[nrt])*:")
"""The end of a name inside a text, and its colon: of JSON, or of a program's own notation."""
_UNREADABLE = re.compile(r"[\\\"\x00-\x1f\ud800-\udfff]")
"""In a name of which no reader can be made."""
_SCALAR = str | int | float | bool | None


class _Place:
    """What was seen at one place of a record: `names` of an object there, `inside` of a list there."""

    __slots__ = ("inside", "names")

    def __init__(self) -> None:
        self.names: dict[str, _Place] | None = None
        self.inside: _Place | None = None

    def add(self, value: Any) -> int:
        """Note what `value` is made of; how many names are new. Raises _Harmful."""
        if isinstance(value, dict):
            return self._add_names(value)
        if isinstance(value, list):
            self.inside = self.inside or _Place()
            return sum(self.inside.add(item) for item in value)
        return 0

    def _add_names(self, value: dict[str, Any]) -> int:
        self.names = {} if self.names is None else self.names
        new = 0
        for name, item in value.items():
            place = self.names.get(name)
            if place is None:
                if rule_of(name) not in _HARMLESS or _UNREADABLE.search(name):
                    raise _Harmful
                place, new = self.names.setdefault(name, _Place()), new + 1
            new += place.add(item)
        return new

    def type(self) -> Any:
        """The type of exactly this, and of scalars everywhere."""
        kind: Any = _SCALAR
        if self.inside is not None:
            kind = kind | _list_of(self.inside.type())
        if self.names is not None:
            fields = [(f"f{at}", place.type(), None) for at, place in enumerate(self.names.values())]
            spelt = {f"f{at}": name for at, name in enumerate(self.names)}
            kind = kind | msgspec.defstruct("Known", fields, forbid_unknown_fields=True, gc=False, rename=spelt)
        return kind


def _list_of(kind: Any) -> Any:
    return list.__class_getitem__(kind)


class _Harmful(Exception):
    """A name that says that it holds a secret, or that no reader could look for: such a page is always searched."""


class Familiar:
    """What is known of one collection's records."""

    def __init__(self) -> None:
        self._record, self._names, self._learnt = _Place(), 0, 0
        self._decode: Callable[[bytes], Any] | None = None

    def knows(self, page: bytes) -> bool:
        """Whether each name of this page of records (an envelope or a bare list) is known to be harmless, and nothing
        is nested deeper than where it was seen. False says nothing."""
        if self._decode is None:
            return False
        try:
            self._decode(page)
        except (msgspec.MsgspecError, RecursionError):
            return False
        return True

    def learn(self, records: Iterable[bytes]) -> None:
        """Take in the shape of records, from which secrets are removed."""
        if self._learnt >= GIVE_UP or self._names >= MOST_NAMES:
            return
        self._learnt += 1
        try:
            new = sum(self._record.add(msgspec.json.decode(record)) for record in records)
        except (_Harmful, msgspec.MsgspecError, RecursionError):
            self._decode, self._learnt = None, GIVE_UP
            return
        self._names += new
        listed = _list_of(self._record.type())
        fields: list[Any] = [("results", listed), ("count", _SCALAR, None)]
        envelope = msgspec.defstruct("Envelope", fields, forbid_unknown_fields=True)
        self._decode = msgspec.json.Decoder(envelope | listed).decode


def may_hold_names(text: bytes) -> bool:
    """Whether the texts of a record, or of a page of them, may themselves hold names and values. Not asked of what has
    letters written as escapes: anything may hide in these."""
    return (b"\\" in text and _ESCAPED_NAME.search(text) is not None) or (
        b"'" in text and _QUOTED_NAME.search(text) is not None
    )
