"""Use case 3: queue what changed for a system, and deliver what it is owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ipaas_dagster.project import Project


@dataclass(frozen=True)
class RouteCounts:
    """One hub collection on its way to one system in this run; `open` holds the states of all its entries now."""

    changes: int = 0
    queued: int = 0
    coalesced: int = 0
    same_as_delivered: int = 0
    filtered: int = 0
    not_needed: int = 0
    delivered: int = 0
    new_dead: int = 0
    states: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DeliverResult:
    """`stopped` says why the system could not be served to the end (unreachable, refused credentials); what is
    owed stays owed. `switched_off` names the missing setting of a system that is not configured."""

    system: str
    routes: Mapping[str, RouteCounts]
    calls: int = 0
    seconds: float = 0.0
    stopped: str | None = None
    switched_off: str | None = None
    notes: tuple[str, ...] = ()


def deliver(project: Project, system: str) -> DeliverResult:
    """Queue the system's changes, settle doubts, then deliver in order until nothing is deliverable now."""
    raise NotImplementedError
