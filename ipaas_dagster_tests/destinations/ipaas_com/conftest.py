from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.destinations.ipaas_com.world import Company


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(samples=None) as running:
        yield running


@pytest.fixture
def there(sandbox: Sandbox) -> IpaasCom:
    return sandbox.ipaas_com


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, sandbox.environment)
    yield company
    company.project.operations.dispose()
