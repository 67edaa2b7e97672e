"""What may be set of the stand-in: where documents are silent, or orgs and versions differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

UPDATE_ANSWERS = ("by_version", "200", "204")


@dataclass(frozen=True)
class Behaviour:
    """`upsert_update` is the status of an upsert that updated: by_version is 204 below 46.0 and 200 from there.

    A bulk job waits for `bulk_polls` polls and `bulk_seconds` of the sandbox's clock after its upload is
    complete, then does `bulk_rows` rows at each poll (None: all). It fails when it has done `bulk_fails_after`
    rows; the rest is unprocessed. Its results have the order of the upload only if `bulk_keeps_order`.
    `query_page` is how many records a query answers at once unless the client asks for another number.
    """

    upsert_update: str = "by_version"
    bulk_polls: int = 1
    bulk_seconds: float = 0.0
    bulk_rows: int | None = 100_000
    bulk_fails_after: int | None = None
    bulk_keeps_order: bool = False
    query_page: int = 2000

    def __post_init__(self) -> None:
        if self.upsert_update not in UPDATE_ANSWERS:
            raise ValueError(f"upsert_update is one of {', '.join(UPDATE_ANSWERS)}, not {self.upsert_update!r}")


def read_behaviour(given: Mapping[str, Any]) -> Behaviour:
    """A behaviour from JSON. Raises ValueError naming what is not understood."""
    known = [one.name for one in fields(Behaviour)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"a behaviour has no {', '.join(unknown)} (it has: {', '.join(known)})")
    return Behaviour(**given)
