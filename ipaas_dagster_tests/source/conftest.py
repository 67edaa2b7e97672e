from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.project import Project
from ipaas_dagster.settings import Settings, load
from ipaas_dagster_tests.source.world import World, serving

NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


class Ticking:
    """A clock that goes on a millisecond each time it is looked at."""

    def __init__(self, start: datetime = NOW) -> None:
        self.time = start

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def open_project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """open_project(world, **settings) -> a project in its own state folder, reading from that world."""
    with ExitStack() as stack:

        def make(world: World, *, state: str = "state", clock: Any = None, **changed: Any) -> Project:
            base_url = stack.enter_context(serving(world))
            settings: Settings = load({"IPAAS_STATE": str(tmp_path / state)}, tmp_path / "no.env")
            settings = replace(settings, base_url=base_url, token=world.token, **{"retry_seconds": 20.0, **changed})
            project = Project(settings, run_id="run-1", clock=clock or Ticking())
            stack.callback(project.operations.dispose)
            return project

        yield make
