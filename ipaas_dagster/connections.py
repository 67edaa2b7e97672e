"""Trying connections, and reading back what a destination holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ipaas_dagster.project import Project


@dataclass(frozen=True)
class Connection:
    """`says` is what answered, why it failed, or which setting is missing."""

    system: str
    state: Literal["works", "failed", "switched off"]
    says: str


def check_all(project: Project) -> list[Connection]:
    """The source first, then every destination of the worksheet. Changes nothing anywhere."""
    raise NotImplementedError


def files_fold(project: Project, system: str, collection: str) -> Iterator[Mapping[str, Any]]:
    raise NotImplementedError
