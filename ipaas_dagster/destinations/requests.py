"""A writing request as a plan holds it: everything but what is only known when it is sent.

A hole is a marker that stands in the path or the body until then. It is made of the batch's id, so that no value of
a record can be taken for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

HoleKind = Literal["authentication", "lock_token", "created_id"]


@dataclass(frozen=True)
class Hole:
    """`authentication`: credentials; `lock_token`: an optimistic lock's token, read right before; `created_id`: the
    id of something that an earlier request of the same plan makes. `of` says whose, for people."""

    marker: str
    kind: HoleKind
    of: str


def hole(batch_id: str, kind: HoleKind, of: str, number: int = 1) -> Hole:
    """Plain letters, digits, `:` and `-`: the same text in JSON, XML, CSV and in a path."""
    return Hole(f"hole:{kind}:{batch_id}:{number}", kind, of)


@dataclass(frozen=True)
class Request:
    """`path` stands below the system's base address. `headers` are those that the body needs (content type),
    never credentials. `entries` are the ids of the entries that it carries. Methods of systems without HTTP say
    what is done (UPSERT, WRITE)."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    entries: Sequence[int] = ()
    holes: Sequence[Hole] = ()

    def filled(self, values: Mapping[str, str]) -> Request:
        """With each marker replaced by its value, which fits the place (escaped). Holes without a value stay."""
        path, body = self.path, self.body
        for marker, value in values.items():
            path = path.replace(marker, value)
            body = body.replace(marker.encode(), value.encode())
        left = [one for one in self.holes if one.marker not in values]
        return replace(self, path=path, body=body, holes=left)
