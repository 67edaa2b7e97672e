"""Where the tests' installations keep operations and hub: in files beside their state, or in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_chosen: list[Callable[[Path], str]] = []
_hubs: list[Callable[[Path], str]] = []


def operations_url(state: Path) -> str:
    """Of the installation whose state is in this folder; the same again for the same folder."""
    return _chosen[-1](state) if _chosen else f"sqlite:///{state}/operations.db"


def hub_url(state: Path) -> str:
    """Of the installation whose state is in this folder; the same again for the same folder."""
    return _hubs[-1](state) if _hubs else f"duckdb:///{state}/ipaas.duckdb"


def choose_hubs(url_of: Callable[[Path], str]) -> None:
    _hubs.append(url_of)


@contextmanager
def hubs_chosen(url_of: Callable[[Path], str]) -> Iterator[None]:
    _hubs.append(url_of)
    try:
        yield
    finally:
        _hubs.pop()


def choose(url_of: Callable[[Path], str]) -> None:
    _chosen.append(url_of)


def choose_no_more() -> None:
    _chosen.clear()
