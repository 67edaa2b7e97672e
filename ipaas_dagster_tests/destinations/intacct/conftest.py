from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.destinations.intacct.world import Company


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(samples=None) as running:
        yield running


@pytest.fixture
def intacct(sandbox: Sandbox) -> Intacct:
    return sandbox.intacct


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, sandbox.environment)
    yield company
    company.project.operations.dispose()
