from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox


def client_of(sandbox: Sandbox) -> httpx.Client:
    """A plain client of the sandbox's Instagaze; the caller closes it."""
    return httpx.Client(
        base_url=sandbox.base_url, headers={"Authorization": f"Bearer {sandbox.token}"}, trust_env=False
    )


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The documented records and fifty generated accounts with the rest in proportion."""
    with running_sandbox(accounts=50) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox) as client:
        yield client
