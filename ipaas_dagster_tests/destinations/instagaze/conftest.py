from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.destinations.instagaze.other import OtherPortal, other_portal
from ipaas_dagster_tests.destinations.instagaze.world import Copy


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def other() -> Iterator[OtherPortal]:
    with other_portal() as running:
        yield running


@pytest.fixture
def copy(other: OtherPortal, tmp_path: Path) -> Iterator[Copy]:
    """Into the portal of another hand."""
    world = Copy(tmp_path, other.environment)
    yield world
    world.project.operations.dispose()
