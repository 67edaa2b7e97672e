"""The traces of the records that the report names: in short, bounded in number, in lines and in time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipaas_dagster.trace import Trace, find, trace

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

MOST, EVENTS, SECONDS = 30, 40, 30.0


@dataclass(frozen=True)
class Story:
    """What happened to one record, the newest `EVENTS` of it; `left_out` earlier ones are told by `ipaas trace`.
    Nothing that the record holds is in it but what a reason quotes."""

    hub_id: str
    collection: str
    state: str
    version: int | None
    events: tuple[tuple[datetime, str, str], ...]
    left_out: int


def read_stories(project: Project, hub_ids: Iterable[str]) -> dict[str, Story]:
    """By hub id, in the order given. Who asks for more than there is time for gets the first ones."""
    found: dict[str, Story] = {}
    until = time.monotonic() + SECONDS
    for hub_id in dict.fromkeys(hub_ids):
        if len(found) >= MOST or time.monotonic() > until:
            break
        told = trace(project, find(project, hub_id))
        if told.found:
            found[hub_id] = _story(told)
    return found


def _story(told: Trace) -> Story:
    newest = told.events[-EVENTS:]
    events = tuple((event.at, event.where, event.text) for event in newest)
    left_out = len(told.events) - len(newest)
    return Story(told.hub_id, told.collection, told.hub.state, told.hub.version, events, left_out)
