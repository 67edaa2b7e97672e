"""One request and its answer, and what a stand-in has to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.journal import Journal

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `path` has neither empty nor dot segments: doubled and trailing slashes are gone.

    `headers` has lower-case names. `query` keeps the order and repeats of what was sent. `scheme` is http or https.
    """

    method: str
    path: tuple[str, ...]
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""
    scheme: str = "http"
    below: str = ""
    """What stands before the path where a stand-in is reached below an address of its own: /org_b."""

    @property
    def origin(self) -> str:
        """Where the client found the stand-in, as it has to be told: http://host:port, and what it is below."""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}{self.below}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


class StandIn(Protocol):
    """What the server needs of a stand-in. It is called from several threads: http, https, and a test's."""

    @property
    def name(self) -> str: ...

    @property
    def faults(self) -> Faults: ...

    @property
    def journal(self) -> Journal: ...

    def serves(self, path: tuple[str, ...]) -> bool:
        """Whether requests to this path are its own."""
        ...

    def answer(self, call: Call) -> Answer: ...

    def failure(self, status: int) -> Answer:
        """An error answer of that status, with the body that this system documents."""
        ...

    def environment(self, origin: str) -> dict[str, str]:
        """The variables that point the product at this stand-in; origin is http://host:port."""
        ...

    def truth(self, collection: str) -> list[dict[str, Any]]:
        """The records there are now, as stored. Raises KeyError for a collection that it does not have."""
        ...

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """Do what a test asks for behind a client's back. Raises ValueError or KeyError for unknown words."""
        ...
