from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster_tests.destinations.quickbooks.world import Company

NO_LIMITS = {"requests_per_second": None, "requests_per_minute": None, "batches_per_minute": None}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(samples=None, quickbooks=QuickBooks(**NO_LIMITS)) as running:
        yield running


@pytest.fixture
def quickbooks(sandbox: Sandbox) -> QuickBooks:
    return sandbox.quickbooks


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, sandbox.environment)
    yield company
    company.project.operations.dispose()
