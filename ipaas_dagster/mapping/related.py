"""What rendering asks of the hub beyond the records it is given: their children, and records found by a value.

Passed to `Route.render_many`, which asks once per call and kind of question, for all of its records together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol


class Related(Protocol):
    """The hub answers these; live records only."""

    def children(self, collection: str, parents: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        """Records of a child collection by the hub ids of their parents, in the order of their numbers in the
        parent (else of their hub ids)."""
        ...

    def holders(self, collection: str, column: str, values: Sequence[Any]) -> Iterable[tuple[Any, str]]:
        """(value, hub id) of each record whose `column` holds exactly one of `values`, in hub id order."""
        ...


class Nothing:
    """For routes that need no other records."""

    def children(self, collection: str, parents: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        raise LookupError(f"rendering needs the {collection} nested in these records, and was given no hub to ask")

    def holders(self, collection: str, column: str, values: Sequence[Any]) -> Iterable[tuple[Any, str]]:
        raise LookupError(f"rendering needs to find {collection} by {column}, and was given no hub to ask")


NOTHING: Related = Nothing()
