from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _on_each_engine(each_store: str) -> None:
    """Everything about the outbox holds on SQLite and on PostgreSQL."""
